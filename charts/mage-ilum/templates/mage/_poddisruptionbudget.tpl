{{/* Nothing where there is one pod, which could then never be moved; called as mage-ilum.deployment is. */}}
{{- define "mage-ilum.podDisruptionBudget" -}}
{{- with .root.Values.mageai.podDisruptionBudget }}
{{- if and .enabled (gt (int $.settings.replicaCount) 1) }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "mage-ilum.fullname" $.root }}-{{ $.component }}
  labels:
    {{- include "mage-ilum.labels" $ | nindent 4 }}
spec:
  maxUnavailable: {{ .maxUnavailable }}
  # A pod that does not come up keeps no node from being drained.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "mage-ilum.selectorLabels" $ | nindent 6 }}
{{- end }}
{{- end }}
{{- end -}}
