{{/* The name of everything in the release; short enough for what Kubernetes and Mage put behind it. */}}
{{- define "mage-ilum.fullname" -}}
{{- $default := contains "mage" .Release.Name | ternary .Release.Name (printf "%s-mage" .Release.Name) -}}
{{- .Values.fullnameOverride | default $default | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/*
Labels that select the pods of one component; they never change.

    {{ include "mage-ilum.selectorLabels" (dict "root" $ "component" "server") }}

Components of which there are pods: server, or scheduler and web (mageai.standaloneScheduler); worker (the Kubernetes
executor's), test (helm test), drift-check. `root` is the chart's top-level context.
*/}}
{{- define "mage-ilum.selectorLabels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/*
Labels of every pod: no version, or each version of the chart would start Mage anew and end the blocks that run in it. The user's own
take none of these away; called as selectorLabels is.
*/}}
{{- define "mage-ilum.podLabels" -}}
{{ merge (include "mage-ilum.selectorLabels" . | fromYaml) .root.Values.mageai.podLabels | toYaml }}
{{- end -}}

{{/* Labels of every object, the user's own last; called as selectorLabels is. */}}
{{- define "mage-ilum.labels" -}}
{{ include "mage-ilum.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- range $key, $value := .root.Values.commonLabels }}
{{- if not (regexMatch "^(app[.]kubernetes[.]io/(name|instance|component|version|managed-by)|helm[.]sh/chart)$" $key) }}
{{ $key }}: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Whether Ilum's own module runs Mage, and this release is what goes beside it. With --reuse-values the key `enabled` may be missing. */}}
{{- define "mage-ilum.isModule" -}}
{{- if or .Values.ilum.module (eq (toString .Values.mageai.enabled) "false") -}}
true
{{- end -}}
{{- end -}}

{{/* Whether Mage runs as two pods. */}}
{{- define "mage-ilum.isSplit" -}}
{{- if and .Values.mageai.standaloneScheduler (not (include "mage-ilum.isModule" .)) -}}
true
{{- end -}}
{{- end -}}

{{/* The component whose pods serve Mage's page, and the one whose pod starts the executor's Jobs. */}}
{{- define "mage-ilum.pageComponent" -}}
{{- .Values.mageai.standaloneScheduler | ternary "web" "server" -}}
{{- end -}}
{{- define "mage-ilum.schedulingComponent" -}}
{{- .Values.mageai.standaloneScheduler | ternary "scheduler" "server" -}}
{{- end -}}

{{/* The image reference; a digest says which image, a tag beside it is for people. */}}
{{- define "mage-ilum.image" -}}
{{- with .Values.mageai.image -}}
{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end -}}
{{- end -}}

{{/* Names of objects that a user may bring. */}}
{{- define "mage-ilum.secretName" -}}
{{- .Values.mageai.existingSecret | default (include "mage-ilum.fullname" .) -}}
{{- end -}}
{{/* The keys of that Secret; the one that the chart makes has always the same. */}}
{{- define "mage-ilum.secretKeys" -}}
{{- if .Values.mageai.existingSecret -}}
{{ toYaml .Values.mageai.existingSecretKeys }}
{{- else -}}
{jwtSecret: JWT_SECRET, ownerPassword: DEFAULT_OWNER_PASSWORD}
{{- end -}}
{{- end -}}
{{- define "mage-ilum.claimName" -}}
{{- .Values.mageai.persistence.existingClaim | default (include "mage-ilum.fullname" .) -}}
{{- end -}}

{{/* Whether the volume may be on several nodes: by the values or, where a cluster shows it, by the claim that the user brings. */}}
{{- define "mage-ilum.isOnManyNodes" -}}
{{- with .Values.mageai.persistence -}}
{{- $modes := .accessModes -}}
{{- if and .existingClaim (not (has "ReadWriteMany" $modes)) -}}
  {{- with lookup "v1" "PersistentVolumeClaim" $.Release.Namespace .existingClaim -}}
    {{- $modes = .spec.accessModes -}}
  {{- end -}}
{{- end -}}
{{- if has "ReadWriteMany" $modes -}}
true
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "mage-ilum.serviceAccountName" -}}
{{- .Values.mageai.serviceAccount.name | default (include "mage-ilum.fullname" .) -}}
{{- end -}}
{{- define "mage-ilum.makesServiceAccount" -}}
{{- with .Values.mageai.serviceAccount -}}
{{- $create := .create | toString -}}
{{- if not (or (eq $create "false") (and .name (ne $create "true")) (include "mage-ilum.isModule" $)) -}}
true
{{- end -}}
{{- end -}}
{{- end -}}
{{- define "mage-ilum.workerServiceAccountName" -}}
{{- .Values.executor.serviceAccountName | default (printf "%s-worker" (include "mage-ilum.fullname" .)) -}}
{{- end -}}

{{/* The path before every path of Mage's; empty, or with a slash in front. */}}
{{- define "mage-ilum.basePath" -}}
{{- with .Values.mageai.basePath }}/{{ . }}{{ end }}
{{- end -}}

{{/* What an emptyDir that is thrown away with its pod may hold. */}}
{{- define "mage-ilum.scratch" -}}
{ {{- with .Values.mageai.scratchSizeLimit }}sizeLimit: {{ toYaml . }}{{ end -}} }
{{- end -}}
