{{/* The file that Mage reads by K8S_CONFIG_FILE. Mage reads it once, so a change of it starts Mage anew. */}}
{{- define "mage-ilum.executorFile" -}}
{{- with .Values.executor -}}
metadata:
  labels:
    {{- include "mage-ilum.podLabels" (dict "root" $ "component" "worker") | nindent 4 }}
  {{- with .podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
container:
  image_pull_policy: {{ $.Values.mageai.image.pullPolicy }}
# Arguments of the Kubernetes client's V1Container, with the API's own names inside. Mage has no key for the pod's security
# context, so all that restricted Pod Security asks for is the container's.
container_config:
  name: mage
  resources:
    {{- toYaml .resources | nindent 4 }}
  security_context:
    {{- $pod := omit $.Values.mageai.podSecurityContext "fsGroup" "fsGroupChangePolicy" "supplementalGroups" "supplementalGroupsPolicy" "sysctls" }}
    {{- toYaml (merge (dict) $.Values.mageai.securityContext $pod) | nindent 4 }}
pod:
  service_account_name: {{ include "mage-ilum.workerServiceAccountName" $ }}
  {{- with include "mage-ilum.workerAffinity" $ }}
  affinity:
    {{- . | nindent 4 }}
  {{- end }}
job:
  # Given, or Kubernetes retries six times what Mage already retries.
  backoff_limit: 0
  ttl_seconds_after_finished: {{ int64 .ttlSecondsAfterFinished }}
  {{- with .activeDeadlineSeconds }}
  active_deadline_seconds: {{ int64 . }}
  {{- end }}
{{- end }}
{{- end -}}
