{{/*
A pod that asks the Spark Connect server something once, with the image, the address and the policies that blocks have.

    {{ include "mage-ilum.checkPod" (dict "root" $ "arguments" (list "--drift") "resources" .resources) }}

`arguments` are those of `python3 -m mage_ilum.check`. What it says last is its termination message too.
*/}}
{{- define "mage-ilum.checkPod" -}}
{{- $root := .root }}
{{- with .root.Values.mageai }}
restartPolicy: Never
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .podSecurityContext | nindent 2 }}
containers:
  - name: spark-connect
    image: {{ include "mage-ilum.image" $root | quote }}
    imagePullPolicy: {{ .image.pullPolicy }}
    command: {{ concat (list "python3" "-m" "mage_ilum.check") $.arguments | toJson }}
    terminationMessagePolicy: FallbackToLogsOnError
    env:
      {{- include "mage-ilum.sparkEnv" $root | nindent 6 }}
      - name: HOME
        value: /home/mage
      {{- with .extraEnvs }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- with .extraEnvFrom }}
    envFrom:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    resources:
      {{- toYaml $.resources | nindent 6 }}
    securityContext:
      {{- toYaml .securityContext | nindent 6 }}
    volumeMounts:
      - name: scratch
        mountPath: /home/mage
      - name: scratch
        mountPath: /tmp
      {{- with include "mage-ilum.sparkVolumeMounts" $root | trim }}
      {{- . | nindent 6 }}
      {{- end }}
volumes:
  - name: scratch
    emptyDir: {{ include "mage-ilum.scratch" $root }}
  {{- with include "mage-ilum.sparkVolumes" $root | trim }}
  {{- . | nindent 2 }}
  {{- end }}
{{- range $key := list "nodeSelector" "tolerations" }}
{{- with index $root.Values.mageai $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- /* What it says of pods is about Mage's own, and might leave this one no node. */}}
{{- with .affinity.nodeAffinity }}
affinity:
  nodeAffinity:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}
{{- end -}}
