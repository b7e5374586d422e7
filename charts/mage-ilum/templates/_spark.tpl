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
      key: {{ $.Values.ilum.server.existingSecretKey | quote }}
{{- else }}
  {{- $host := include "mage-ilum.sparkHost" . }}
  value: {{ printf "sc://%s:%v" (contains ":" $host | ternary (printf "[%s]" $host) $host) .Values.ilum.server.port | quote }}
{{- end }}
{{- with include "mage-ilum.caKey" . }}
- name: GRPC_DEFAULT_SSL_ROOTS_FILE_PATH
  value: {{ printf "/etc/spark-connect-ca/%s" . | quote }}
{{- end }}
{{- end -}}

{{/* The key under which the Secret or the ConfigMap that is named has the CA's certificates; empty where none is. */}}
{{- define "mage-ilum.caKey" -}}
{{- with .Values.ilum.server -}}
{{- if .caSecret.name -}}{{ .caSecret.key }}{{- else if .caConfigMap.name -}}{{ .caConfigMap.key }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* The CA's certificates, where that variable says they are: a mount and a volume of each pod that has the variables above. */}}
{{- define "mage-ilum.sparkVolumeMounts" -}}
{{- if include "mage-ilum.caKey" . }}
- name: spark-connect-ca
  mountPath: /etc/spark-connect-ca
  readOnly: true
{{- end }}
{{- end -}}
{{- define "mage-ilum.sparkVolumes" -}}
{{- with include "mage-ilum.caKey" . }}
- name: spark-connect-ca
  {{- if $.Values.ilum.server.caSecret.name }}
  secret:
    secretName: {{ $.Values.ilum.server.caSecret.name }}
    # Nothing but the certificates, should their private key be in that Secret too.
  {{- else }}
  configMap:
    name: {{ $.Values.ilum.server.caConfigMap.name }}
  {{- end }}
    items:
      - {key: {{ . | quote }}, path: {{ . | quote }}}
{{- end }}
{{- end -}}
