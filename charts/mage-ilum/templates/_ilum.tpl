{{/*
What else of Ilum blocks use, as environment variables: the address of each way that is on, and the credentials of its Secret.
*/}}
{{- define "mage-ilum.ilumEnv" -}}
{{- with .Values.ilum }}
{{- if .sql.enabled }}
- name: ILUM_SQL_URL
  value: {{ .sql.url | default (printf "hive://%s:10009/default" (include "mage-ilum.ilumHost" (dict "root" $ "way" .sql "service" "ilum-sql-thrift-binary"))) | quote }}
{{- include "mage-ilum.ilumCredentials" (dict "secret" .sql.existingSecret "keys" (list "ILUM_SQL_PASSWORD") "key" .sql.existingSecretKey) }}
{{- end }}
{{- if .livy.enabled }}
- name: ILUM_LIVY_URL
  value: {{ .livy.url | default (printf "http://%s:8998" (include "mage-ilum.ilumHost" (dict "root" $ "way" .livy "service" "ilum-livy-proxy"))) | quote }}
{{- include "mage-ilum.ilumCredentials" (dict "secret" .livy.existingSecret "keys" (list "ILUM_LIVY_TOKEN" "ILUM_LIVY_USER" "ILUM_LIVY_PASSWORD")) }}
{{- end }}
{{- if .core.enabled }}
- name: ILUM_API_URL
  value: {{ .core.url | default (printf "http://%s:9888/api/v1" (include "mage-ilum.ilumHost" (dict "root" $ "way" .core "service" "ilum-core"))) | quote }}
{{- include "mage-ilum.ilumCredentials" (dict "secret" .core.existingSecret "keys" (list "ILUM_API_TOKEN" "ILUM_API_USER" "ILUM_API_PASSWORD")) }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The full name of one of Ilum's Services; `way` is ilum.sql, ilum.livy or ilum.core. */}}
{{- define "mage-ilum.ilumHost" -}}
{{- with .root.Values.ilum -}}
{{ $.service }}.{{ $.way.namespace | default .namespace }}.svc.{{ .clusterDomain }}
{{- end -}}
{{- end -}}

{{/* Variables named as the Secret's keys, or one from `key`; each may be missing there, since a token replaces user and password. */}}
{{- define "mage-ilum.ilumCredentials" -}}
{{- if .secret }}
{{- range .keys }}
- name: {{ . }}
  valueFrom:
    secretKeyRef:
      name: {{ $.secret }}
      key: {{ $.key | default . | quote }}
      optional: true
{{- end }}
{{- end }}
{{- end -}}
