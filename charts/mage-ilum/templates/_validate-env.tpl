{{/* Environment variables of the user's own: nothing that the chart sets, and nothing secret in clear. */}}
{{- define "mage-ilum.validateEnv" -}}
{{- $ours := dict "INSTANCE_TYPE" true "MAGE_BASE_PATH" true -}}
{{- range include "mage-ilum.mageEnv" (dict "root" . "component" (include "mage-ilum.schedulingComponent" .)) | fromYamlArray -}}
  {{- $_ := set $ours .name true -}}
{{- end -}}
{{- range .Values.mageai.extraEnvs -}}
{{- if eq .name "SPARK_REMOTE" -}}
  {{- fail "\n\nmageai.extraEnvs sets SPARK_REMOTE: Mage would open a session for every block, and hang every block when the server is away. Blocks read ILUM_SPARK_CONNECT_URL instead." -}}
{{- end -}}
{{- if hasKey $ours .name -}}
  {{- fail (printf "\n\nmageai.extraEnvs sets %s, which the chart sets itself, with what follows from it: %s instead." .name (include "mage-ilum.keyOfVariable" .name)) -}}
{{- end -}}
{{- end -}}
{{- include "mage-ilum.validateEnv.clear" (dict "key" "mageai.extraEnvs" "env" .Values.mageai.extraEnvs) -}}
{{- range $key := list "extraContainers" "extraInitContainers" -}}
{{- range $number, $container := get $.Values.mageai $key -}}
{{- include "mage-ilum.validateEnv.clear" (dict "key" (printf "mageai.%s[%d].env" $key $number) "env" $container.env) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Refuses a variable of `env`, the value of `key`, that is secret and written out. */}}
{{- define "mage-ilum.validateEnv.clear" -}}
{{- range .env -}}
{{- /* The words are those of mage_ilum/http/settings.py. */ -}}
{{- $words := "passw(or)?d|passphrase|pwd|token|credentials?|connection_?string|(^|[^a-z])(pass|sas)|(api|access|account|private|encryption|shared|signing)_?key" -}}
{{- /* What a secret is not, but where it is kept and the like. */ -}}
{{- $about := "ARN|BACKEND|DIR|ENDPOINT|FILE|NAME|PATH|PROJECT|PROVIDER|REGION|SCOPE|TIME" -}}
{{- $named := and (regexMatch (printf "(?i)(%s)$|secret" $words) .name) (not (regexMatch (printf "(?i)(_(%s)|PUBLIC_?KEY)$" $about) .name)) -}}
{{- $inside := regexMatch "(?i)://[^/@\\s]*:[^/@\\s]+@|(password|accountkey|token)=[^\\s;&$]" (toString .value) -}}
{{- if and .value (or $named $inside) -}}
  {{- fail (printf "\n\n%s gives %s in clear, readable in `helm get values` and in the pod: put it into a Secret and name that, {name: %s, valueFrom: {secretKeyRef: {name: ..., key: ...}}}. If it is none in spite of its name, put it into a ConfigMap and name that, by configMapKeyRef." $.key .name .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What to do in place of setting a variable by hand. */}}
{{- define "mage-ilum.keyOfVariable" -}}
{{- $keys := dict
  "DEFAULT_EXECUTOR_TYPE" "executor.default"
  "DEFAULT_OWNER_PASSWORD" "mageai.existingSecret"
  "ENABLE_PROMETHEUS" "mageai.metrics.enabled"
  "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH" "ilum.server.caSecret or ilum.server.caConfigMap"
  "ILUM_API_URL" "ilum.core.url"
  "ILUM_LIVY_URL" "ilum.livy.url"
  "ILUM_SPARK_CONNECT_URL" "ilum.server.host and ilum.server.port"
  "ILUM_SQL_URL" "ilum.sql.url"
  "INSTANCE_TYPE" "mageai.standaloneScheduler"
  "JWT_SECRET" "mageai.existingSecret"
  "MAGE_BASE_PATH" "mageai.basePath"
  "MAGE_DATABASE_CONNECTION_URL" "mageai.database.existingSecret"
  "REDIS_URL" "mageai.redis.existingSecret"
  "REQUIRE_USER_AUTHENTICATION" "mageai.requireUserAuthentication"
  "USER_CODE_PATH" "mageai.project" -}}
{{- with get $keys . }}set {{ . }}{{ else }}leave it out{{ end -}}
{{- end -}}
