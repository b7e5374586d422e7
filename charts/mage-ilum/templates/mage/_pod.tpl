{{/* The pod of one component of Mage; called as mage-ilum.deployment is. */}}
{{- define "mage-ilum.podSpec" -}}
{{- $root := .root }}
{{- $mage := .root.Values.mageai }}
{{- $executor := and .root.Values.executor.enabled (ne .component "web") }}
serviceAccountName: {{ include "mage-ilum.serviceAccountName" $root }}
# Only the executor calls the API server.
automountServiceAccountToken: {{ $executor }}
# A Service called `mage` would otherwise put MAGE_* variables of its own into the environment.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ int64 $mage.terminationGracePeriodSeconds }}
{{- with $mage.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $mage.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml $mage.podSecurityContext | nindent 2 }}
{{- with $mage.extraInitContainers }}
initContainers:
  {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: mage
    image: {{ include "mage-ilum.image" $root | quote }}
    imagePullPolicy: {{ $mage.image.pullPolicy }}
    ports:
      - name: http
        containerPort: 6789
    # Mage copies env, envFrom and the volume mounts to the worker pods of its Kubernetes executor.
    env:
      {{- include "mage-ilum.mageEnv" . | nindent 6 }}
      {{- with $mage.extraEnvs }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- with $mage.extraEnvFrom }}
    envFrom:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- if eq .component "web" }}
    lifecycle:
      preStop:
        exec:
          # Until nobody sends requests here any more: a stopped Mage answers none.
          command: [sleep, {{ int64 $mage.webServer.preStopSeconds | quote }}]
    {{- end }}
    startupProbe:
      # It needs no login, and moves with the base path.
      httpGet: &status
        path: {{ include "mage-ilum.basePath" $root }}/api/status
        port: http
      periodSeconds: 2
      timeoutSeconds: 2
      failureThreshold: {{ div $mage.startupSeconds 2 }}
    readinessProbe:
      httpGet: *status
      {{- toYaml $mage.readinessProbe | nindent 6 }}
    livenessProbe:
      httpGet: *status
      {{- toYaml $mage.livenessProbe | nindent 6 }}
    resources:
      {{- toYaml (.settings.resources | default $mage.resources) | nindent 6 }}
    securityContext:
      {{- toYaml $mage.securityContext | nindent 6 }}
    volumeMounts:
      - name: home-src
        mountPath: /home/src
      - name: home
        mountPath: /home/mage
      - name: tmp
        mountPath: /tmp
      {{- with include "mage-ilum.sparkVolumeMounts" $root | trim }}
      {{- . | nindent 6 }}
      {{- end }}
      {{- if $executor }}
      - name: executor
        mountPath: /etc/mage-ilum
        readOnly: true
      {{- end }}
      {{- with $mage.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
  {{- with $mage.extraContainers }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
volumes:
  - name: home-src
    {{- if $mage.persistence.enabled }}
    persistentVolumeClaim:
      claimName: {{ include "mage-ilum.claimName" $root }}
    {{- else }}
    emptyDir: {sizeLimit: {{ toYaml $mage.persistence.size }}}
    {{- end }}
  - name: home
    emptyDir: {{ include "mage-ilum.scratch" $root }}
  - name: tmp
    emptyDir: {{ include "mage-ilum.scratch" $root }}
  {{- with include "mage-ilum.sparkVolumes" $root | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- if $executor }}
  - name: executor
    configMap:
      name: {{ include "mage-ilum.fullname" $root }}-executor
  {{- end }}
  {{- with $mage.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" }}
{{- with index $mage $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with $mage.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  {{- $own := dict "labelSelector" (dict "matchLabels" (include "mage-ilum.selectorLabels" $ | fromYaml)) }}
  {{- list (hasKey . "labelSelector" | ternary . (merge $own (omit . "labelSelector"))) | toYaml | nindent 2 }}
  {{- end }}
{{- end }}
{{- end -}}
