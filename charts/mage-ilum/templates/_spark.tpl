{{/* Where Spark Connect is. */}}

{{/* The namespace of the Spark driver pods, and of the Service that the chart makes for one of them. */}}
{{- define "mage-ilum.sparkNamespace" -}}
{{- .Values.ilum.server.namespace | default .Values.ilum.namespace -}}
{{- end -}}

{{/* The name or address of the Spark Connect server. */}}
{{- define "mage-ilum.sparkHost" -}}
{{- with .Values.ilum -}}
{{- .server.host | default (printf "%s.%s.svc.%s" .service.name (include "mage-ilum.sparkNamespace" $) .clusterDomain) -}}
{{- end -}}
{{- end -}}

{{/*
The namespace of the Service that a host names, as Mage's pods read it; empty where it is no Service's name.

    {{ include "mage-ilum.namespaceOfHost" (dict "root" $ "host" "spark-connect.ilum.svc") }}
*/}}
{{- define "mage-ilum.namespaceOfHost" -}}
{{- $labels := splitList "." .host -}}
{{- if regexMatch "^[0-9.]+$|:" .host -}}
{{- else if eq (len $labels) 1 -}}
{{ .root.Release.Namespace }}
{{- else if or (eq (len $labels) 2) (eq (index $labels 2) "svc") -}}
{{ index $labels 1 }}
{{- end -}}
{{- end -}}

{{- define "mage-ilum.hostOfUrl" -}}
{{- regexReplaceAll "^[a-z]+://([^@/]*@)?(\\[[^]]*\\]|[^:/?]*).*$" . "${2}" -}}
{{- end -}}

{{/* The environment variables that blocks, helm test and the drift check know the server by: its address, and the CA that it is trusted by. */}}
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
