{{/*
A Deployment of Mage: everything in one pod (`server`), or its two halves (`scheduler`, `web`).

    {{ include "mage-ilum.deployment" (dict "root" $ "component" "web" "settings" .Values.mageai.webServer) }}

`settings` has replicaCount and resources.
*/}}
{{- define "mage-ilum.deployment" -}}
{{- $root := .root }}
{{- $mage := .root.Values.mageai }}
{{- $name := include "mage-ilum.fullname" .root }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ eq .component "server" | ternary $name (printf "%s-%s" $name .component) }}
  labels:
    {{- include "mage-ilum.labels" . | nindent 4 }}
  {{- with $mage.deploymentAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  replicas: {{ int64 .settings.replicaCount }}
  # Kubernetes gives up on a start that takes longer.
  progressDeadlineSeconds: {{ add $mage.startupSeconds 420 }}
  strategy:
    {{- if or (eq .component "web") (gt (int .settings.replicaCount) 1) }}
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
    {{- else }}
    # Two schedulers at once would run everything twice, and a volume may be on one node only: the old pod goes first.
    type: Recreate
    {{- end }}
  selector:
    matchLabels:
      {{- include "mage-ilum.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "mage-ilum.podLabels" . | nindent 8 }}
      annotations:
        kubectl.kubernetes.io/default-container: mage
        {{- if and $root.Values.executor.enabled (ne .component "web") }}
        # Mage reads its settings once: start it anew when they change.
        checksum/executor: {{ include "mage-ilum.executorFile" $root | fromYaml | toJson | sha256sum }}
        {{- end }}
        {{- with $mage.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- include "mage-ilum.podSpec" . | trim | nindent 6 }}
{{- end -}}
