{{/* The Kubernetes executor. In Ilum's own module it is Ilum's to set up, but for the namespace and the policies. */}}
{{- define "mage-ilum.validateExecutor" -}}
{{- $volume := .Values.mageai.persistence -}}
{{- if .Values.executor.enabled -}}
{{- if not .Values.executor.dedicatedNamespace -}}
  {{- fail "\n\nexecutor.enabled needs executor.dedicatedNamespace=true: Mage's right to create Jobs lets it use any ServiceAccount of this namespace, so declare that the namespace is Mage's own." -}}
{{- end -}}
{{- if not (include "mage-ilum.isModule" .) -}}
  {{- if not .Values.mageai.database.existingSecret -}}
    {{- fail "\n\nexecutor.enabled needs mageai.database.existingSecret: worker pods and Mage would lock each other out of one SQLite file. Name a Secret with MAGE_DATABASE_CONNECTION_URL=postgresql+psycopg2://..." -}}
  {{- end -}}
  {{- if not $volume.enabled -}}
    {{- fail "\n\nexecutor.enabled needs mageai.persistence.enabled=true: worker pods read the project from the volume and leave their results on it, and without one each pod has an empty folder of its own." -}}
  {{- end -}}
  {{- if has "ReadWriteOncePod" $volume.accessModes -}}
    {{- fail "\n\nmageai.persistence.accessModes holds ReadWriteOncePod, which keeps worker pods off the volume that executor.enabled makes them use: set [ReadWriteMany], or [ReadWriteOnce] to keep them on Mage's node." -}}
  {{- end -}}
  {{- if eq .Values.executor.serviceAccountName (include "mage-ilum.serviceAccountName" .) -}}
    {{- fail "\n\nexecutor.serviceAccountName is Mage's own ServiceAccount, which may create Jobs: worker pods need no right at all. Leave it empty, or name another." -}}
  {{- end -}}
  {{- if and .Values.executor.serviceAccountName .Values.executor.serviceAccountAnnotations -}}
    {{- fail "\n\nexecutor.serviceAccountAnnotations and executor.serviceAccountName exclude each other: annotate the ServiceAccount that you bring yourself, or leave its name out to have one made." -}}
  {{- end -}}
  {{- include "mage-ilum.validateWorkerAffinity" . -}}
  {{- if not (or (include "mage-ilum.isOnManyNodes" .) (include "mage-ilum.workersFollowMage" .)) -}}
    {{- fail "\n\nexecutor.affinity leads worker pods to no node in particular, and the volume is ReadWriteOnce: one on another node than Mage's would wait for it for ever. Add a preferred podAffinity with topologyKey kubernetes.io/hostname to Mage's pods (app.kubernetes.io/component: server), leave executor.affinity empty, or set mageai.persistence.accessModes=[ReadWriteMany]." -}}
  {{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether worker pods are asked onto the node of the pod that starts them; by default they are. */}}
{{- define "mage-ilum.workersFollowMage" -}}
{{- $affinity := .Values.executor.affinity -}}
{{- $mage := include "mage-ilum.podLabels" (dict "root" . "component" (include "mage-ilum.schedulingComponent" .)) | fromYaml -}}
{{- if not $affinity -}}
true
{{- end -}}
{{- range dig "podAffinity" "preferredDuringSchedulingIgnoredDuringExecution" list $affinity -}}
{{- with .podAffinityTerm -}}
{{- if and (hasKey . "labelSelector") (eq .topologyKey "kubernetes.io/hostname") -}}
{{- if eq "yes" (include "mage-ilum.selects" (dict "selector" .labelSelector "labels" $mage)) -}}
true
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Mage 0.9.80 reads a part of what Kubernetes knows, and stumbles over the rest, or drops it. */}}
{{- define "mage-ilum.validateWorkerAffinity" -}}
{{- $preferred := "preferredDuringSchedulingIgnoredDuringExecution" -}}
{{- $required := "requiredDuringSchedulingIgnoredDuringExecution" -}}
{{- $cannot := "\n\nexecutor.affinity.%s has %s, which Mage cannot read: %s." -}}
{{- range $kind := list "podAffinity" "podAntiAffinity" -}}
  {{- with get $.Values.executor.affinity $kind -}}
    {{- if hasKey . $required -}}
      {{- fail (printf $cannot $kind $required (printf "use %s, with weight 100" $preferred)) -}}
    {{- end -}}
    {{- range dig $preferred list . -}}
      {{- range $key, $_ := omit (.podAffinityTerm | default dict) "labelSelector" "topologyKey" -}}
        {{- fail (printf $cannot $kind $key "a term may have labelSelector and topologyKey") -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- with .Values.executor.affinity.nodeAffinity -}}
  {{- if or (hasKey . $preferred) (not (dig $required "nodeSelectorTerms" list .)) -}}
    {{- fail (printf $cannot "nodeAffinity" "no required terms, or preferred ones" (printf "use %s alone" $required)) -}}
  {{- end -}}
  {{- range (get . $required).nodeSelectorTerms -}}
    {{- range $key, $_ := omit . "matchExpressions" -}}
      {{- fail (printf $cannot "nodeAffinity" $key "a term may have matchExpressions") -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}
