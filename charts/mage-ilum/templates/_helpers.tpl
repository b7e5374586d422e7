{{/* The name of everything in the release; short enough for what Kubernetes and Mage put behind it. */}}
{{- define "mage-ilum.fullname" -}}
{{- $default := contains "mage" .Release.Name | ternary .Release.Name (printf "%s-mage" .Release.Name) -}}
{{- .Values.fullnameOverride | default $default | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/*
Labels that select the pods of one component; they never change.

    {{ include "mage-ilum.selectorLabels" (dict "root" $ "component" "server") }}

Components: server, worker (the Kubernetes executor's pods), test (helm test). `root` is the chart's top-level context.
*/}}
{{- define "mage-ilum.selectorLabels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Labels of every object; called as selectorLabels is. */}}
{{- define "mage-ilum.labels" -}}
{{ include "mage-ilum.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The image reference; a digest says which image, a tag beside it is for people. */}}
{{- define "mage-ilum.image" -}}
{{- with .Values.mageai.image -}}
{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end -}}
{{- end -}}

{{/* The namespace of the Spark driver pods. */}}
{{- define "mage-ilum.sparkNamespace" -}}
{{- .Values.ilum.server.namespace | default .Values.ilum.namespace -}}
{{- end -}}
{{- define "mage-ilum.sparkServiceNamespace" -}}
{{- .Values.ilum.service.namespace | default (include "mage-ilum.sparkNamespace" .) -}}
{{- end -}}

{{/* The name or address of the Spark Connect server. */}}
{{- define "mage-ilum.sparkHost" -}}
{{- with .Values.ilum -}}
{{- .server.host | default (printf "%s.%s.svc.%s" .service.name (include "mage-ilum.sparkServiceNamespace" $) .clusterDomain) -}}
{{- end -}}
{{- end -}}

{{/* The environment variables that blocks and helm test know the server by: its address, and the CA that it is trusted by. */}}
{{- define "mage-ilum.sparkEnv" -}}
- name: ILUM_SPARK_CONNECT_URL
{{- with .Values.ilum.server.existingSecret }}
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: ILUM_SPARK_CONNECT_URL
{{- else }}
  {{- $host := include "mage-ilum.sparkHost" . }}
  value: {{ printf "sc://%s:%v" (contains ":" $host | ternary (printf "[%s]" $host) $host) .Values.ilum.server.port | quote }}
{{- end }}
{{- with .Values.ilum.server.caSecret }}
{{- if .name }}
- name: GRPC_DEFAULT_SSL_ROOTS_FILE_PATH
  value: {{ printf "/etc/spark-connect-ca/%s" .key | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The CA's certificates, where that variable says they are: a mount and a volume of each pod that has the variables above. */}}
{{- define "mage-ilum.sparkVolumeMounts" -}}
{{- if .Values.ilum.server.caSecret.name }}
- name: spark-connect-ca
  mountPath: /etc/spark-connect-ca
  readOnly: true
{{- end }}
{{- end -}}
{{- define "mage-ilum.sparkVolumes" -}}
{{- with .Values.ilum.server.caSecret }}
{{- if .name }}
- name: spark-connect-ca
  secret:
    secretName: {{ .name }}
    # Nothing but the certificates, should their private key be in that Secret too.
    items:
      - {key: {{ .key | quote }}, path: {{ .key | quote }}}
{{- end }}
{{- end }}
{{- end -}}

{{/* Names of objects that a user may bring. */}}
{{- define "mage-ilum.secretName" -}}
{{- .Values.mageai.existingSecret | default (include "mage-ilum.fullname" .) -}}
{{- end -}}
{{- define "mage-ilum.claimName" -}}
{{- .Values.mageai.persistence.existingClaim | default (include "mage-ilum.fullname" .) -}}
{{- end -}}
{{- define "mage-ilum.serviceAccountName" -}}
{{- .Values.mageai.serviceAccount.name | default (include "mage-ilum.fullname" .) -}}
{{- end -}}
{{- define "mage-ilum.workerServiceAccountName" -}}
{{- .Values.executor.serviceAccountName | default (printf "%s-worker" (include "mage-ilum.fullname" .)) -}}
{{- end -}}

{{/* The path that Mage answers on when it is up; it needs no login and moves with the base path. */}}
{{- define "mage-ilum.statusPath" -}}
{{- with .Values.mageai.basePath }}/{{ . }}{{ end }}/api/status
{{- end -}}
