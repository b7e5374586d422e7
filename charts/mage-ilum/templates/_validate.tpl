{{/* What no schema can say: refuses an install that could not work, or that opens too much, with a sentence that says what to set. */}}
{{- define "mage-ilum.validate" -}}
{{- include "mage-ilum.validateImage" . -}}
{{- include "mage-ilum.validateSpark" . -}}
{{- include "mage-ilum.validateIlum" . -}}
{{- include "mage-ilum.validateEnv" . -}}
{{- if include "mage-ilum.isModule" . -}}
  {{- include "mage-ilum.validateModule" . -}}
{{- else -}}
  {{- include "mage-ilum.validateSplit" . -}}
  {{- include "mage-ilum.validateVolume" . -}}
  {{- include "mage-ilum.validatePage" . -}}
  {{- include "mage-ilum.validateAccount" . -}}
{{- end -}}
{{- include "mage-ilum.validateExecutor" . -}}
{{- include "mage-ilum.validateNetpol" . -}}
{{- include "mage-ilum.validateSecret" . -}}
{{- end -}}

{{- define "mage-ilum.validateImage" -}}
{{- with .Values.mageai.image -}}
{{- if and (not .repository) (not (include "mage-ilum.isModule" $)) -}}
  {{- fail "\n\nmageai.image.repository is empty: say which image to run. `deploykit image --spark X.Y.Z` builds one and prints it." -}}
{{- end -}}
{{- if and (not .repository) $.Values.driftCheck.enabled -}}
  {{- fail "\n\nmageai.image.repository is empty, and driftCheck.enabled compares the client in that image with the server: name the image that Ilum's module runs." -}}
{{- end -}}
{{- if and .repository (not (or .tag .digest)) -}}
  {{- fail "\n\nmageai.image.tag and mageai.image.digest are empty: name the exact image that `deploykit image` printed." -}}
{{- end -}}
{{- /* As deploykit's own image_reference.py has it. */ -}}
{{- $moving := "(?i)^((canary|dev|develop|edge|head|main|master|nightly|snapshot|stable|trunk)|(.*[-_.])?latest([-_.].*)?)$" -}}
{{- if and (regexMatch $moving (.tag | default "")) (not .digest) -}}
  {{- fail (printf "\n\nmageai.image.tag is `%s`, a tag that moves, and drifts away from the Spark that the server runs: name a fixed tag or a digest." .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Two renderings would give two JWT_SECRETs. */}}
{{- define "mage-ilum.validateSecret" -}}
{{- if not (or (include "mage-ilum.isModule" .) .Values.mageai.existingSecret .Values.mageai.generateSecretWithoutCluster (include "mage-ilum.hasCluster" .)) -}}
  {{- fail "\n\nmageai.existingSecret is empty and this renderer has no cluster in which to look up the Secret of an earlier rendering: JWT_SECRET and DEFAULT_OWNER_PASSWORD would change each time. Name a Secret of your own with these keys (Argo CD, `helm template | kubectl apply`), or set mageai.generateSecretWithoutCluster=true for a rendering that is only read." -}}
{{- end -}}
{{- end -}}

{{/*
Whether `lookup` asks a cluster; empty where it has none. Three questions, that asking for more rights comes last:
the Secret itself; what Kubernetes puts into every namespace; and, where --create-namespace is yet to make the namespace,
one that is always there.
*/}}
{{- define "mage-ilum.hasCluster" -}}
{{- if lookup "v1" "Secret" .Release.Namespace (include "mage-ilum.secretName" .) -}}
true
{{- else if lookup "v1" "ConfigMap" .Release.Namespace "kube-root-ca.crt" -}}
true
{{- else if lookup "v1" "Namespace" "" "kube-system" -}}
true
{{- end -}}
{{- end -}}
