{{/* The environment of one component of Mage, without mageai.extraEnvs; called as mage-ilum.deployment is. */}}
{{- define "mage-ilum.mageEnv" -}}
{{- $root := .root }}
{{- $component := .component }}
{{- $executor := .root.Values.executor }}
{{- with .root.Values.mageai }}
{{- include "mage-ilum.sparkEnv" $root }}
{{- with include "mage-ilum.ilumEnv" $root | trim }}
{{ . }}
{{- end }}
# The image's start script creates the project here, once, and keeps its block templates up to date.
- name: USER_CODE_PATH
  value: /home/src/{{ .project }}
- name: MAGE_DATA_DIR
  value: /home/src/mage_data
- name: HOME
  value: /home/mage
- name: REQUIRE_USER_AUTHENTICATION
  value: {{ .requireUserAuthentication | quote }}
- name: DISABLE_AUTO_BROWSER_OPEN
  value: "true"
{{- if ne $component "server" }}
- name: INSTANCE_TYPE
  value: {{ eq $component "web" | ternary "web_server" "scheduler" }}
{{- end }}
{{- with .basePath }}
- name: MAGE_BASE_PATH
  value: {{ . | quote }}
{{- end }}
{{- if .metrics.enabled }}
- name: ENABLE_PROMETHEUS
  value: "1"
{{- end }}
- name: KUBE_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- if and $executor.enabled (ne $component "web") }}
- name: K8S_CONFIG_FILE
  value: /etc/mage-ilum/executor.yaml
# The first part of each Job's name: two releases in one namespace must not take each other's Jobs for their own.
- name: MAGE_CLUSTER_UUID
  value: {{ include "mage-ilum.fullname" $root }}
- name: MAGE_CONTAINER_NAME
  value: mage
{{- if $executor.default }}
- name: DEFAULT_EXECUTOR_TYPE
  value: k8s
{{- end }}
{{- end }}
{{- $secret := include "mage-ilum.secretName" $root }}
{{- $keys := include "mage-ilum.secretKeys" $root | fromYaml }}
{{- range list
      (dict "variable" "JWT_SECRET" "secret" $secret "key" $keys.jwtSecret)
      (dict "variable" "DEFAULT_OWNER_PASSWORD" "secret" $secret "key" $keys.ownerPassword)
      (dict "variable" "MAGE_DATABASE_CONNECTION_URL" "secret" .database.existingSecret "key" .database.existingSecretKey)
      (dict "variable" "REDIS_URL" "secret" .redis.existingSecret "key" .redis.existingSecretKey) }}
{{- if .secret }}
- name: {{ .variable }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
