{{/*
Does a label selector select an object of which these labels are known? `yes`, `no`, or `maybe` where it asks for labels
that are not known.

    {{ include "mage-ilum.selects" (dict "selector" $policy.spec.podSelector "labels" (dict "spark-role" "driver")) }}
*/}}
{{- define "mage-ilum.selects" -}}
{{- $labels := .labels -}}
{{- $no := false -}}
{{- $maybe := false -}}
{{- range $key, $value := (.selector | default dict).matchLabels -}}
  {{- if not (hasKey $labels $key) -}}
    {{- $maybe = true -}}
  {{- else if ne (get $labels $key) (toString $value) -}}
    {{- $no = true -}}
  {{- end -}}
{{- end -}}
{{- range (.selector | default dict).matchExpressions -}}
  {{- if not (hasKey $labels .key) -}}
    {{- $maybe = true -}}
  {{- else if eq .operator "In" -}}
    {{- $no = or $no (not (has (get $labels .key) .values)) -}}
  {{- else if eq .operator "NotIn" -}}
    {{- $no = or $no (has (get $labels .key) .values) -}}
  {{- else if eq .operator "DoesNotExist" -}}
    {{- $no = true -}}
  {{- end -}}
{{- end -}}
{{- $no | ternary "no" ($maybe | ternary "maybe" "yes") -}}
{{- end -}}
