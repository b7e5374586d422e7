{{/*
The affinity of worker pods as Mage reads it, which is not as Kubernetes does: the term of a preference has its weight beside it.
Where the volume is on one node, the default is that node; only as a preference, since Mage cannot read the required form.
*/}}
{{- define "mage-ilum.workerAffinity" -}}
{{- $preferred := "preferredDuringSchedulingIgnoredDuringExecution" -}}
{{- $affinity := deepCopy .Values.executor.affinity -}}
{{- if not (or $affinity (include "mage-ilum.isOnManyNodes" .)) -}}
  {{- $server := include "mage-ilum.selectorLabels" (dict "root" . "component" (include "mage-ilum.schedulingComponent" .)) | fromYaml -}}
  {{- $term := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" $server) -}}
  {{- $affinity = dict "podAffinity" (dict $preferred (list (dict "weight" 100 "podAffinityTerm" $term))) -}}
{{- end -}}
{{- range $kind := list "podAffinity" "podAntiAffinity" -}}
  {{- with get $affinity $kind -}}
    {{- $terms := list -}}
    {{- range dig $preferred list . -}}
      {{- $terms = append $terms (merge (dict "weight" .weight) .podAffinityTerm) -}}
    {{- end -}}
    {{- $_ := set $affinity $kind (dict $preferred $terms) -}}
  {{- end -}}
{{- end -}}
{{- with $affinity -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}
