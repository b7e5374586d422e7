{{/* One pod, or two halves of which each may have replicas. */}}
{{- define "mage-ilum.validateSplit" -}}
{{- with .Values.mageai -}}
{{- $replicas := max .scheduler.replicaCount .webServer.replicaCount -}}
{{- $more := gt (int .scheduler.replicaCount) 1 | ternary "mageai.scheduler.replicaCount" "mageai.webServer.replicaCount" -}}
{{- if not .standaloneScheduler -}}
  {{- if gt $replicas 1 -}}
    {{- fail (printf "\n\n%s is more than 1, but one pod is scheduler and web server both, and two would run everything twice: set mageai.standaloneScheduler=true." $more) -}}
  {{- end -}}
{{- else -}}
  {{- if not .database.existingSecret -}}
    {{- fail "\n\nmageai.standaloneScheduler needs mageai.database.existingSecret: scheduler and web server would lock each other out of one SQLite file. Name a Secret with MAGE_DATABASE_CONNECTION_URL=postgresql+psycopg2://..." -}}
  {{- end -}}
  {{- if not .persistence.enabled -}}
    {{- fail "\n\nmageai.standaloneScheduler needs mageai.persistence.enabled=true: without a volume, the web server writes pipelines where the scheduler does not see them." -}}
  {{- end -}}
  {{- if not (or .persistence.existingClaim (has "ReadWriteMany" .persistence.accessModes)) -}}
    {{- fail "\n\nmageai.persistence.accessModes needs ReadWriteMany for mageai.standaloneScheduler: both pods write to the volume, and they may be on two nodes. Set it to [ReadWriteMany], with a storage class that can (mageai.persistence.storageClassName)." -}}
  {{- end -}}
  {{- if and (gt $replicas 1) (not .redis.existingSecret) -}}
    {{- fail (printf "\n\n%s is more than 1 and mageai.redis.existingSecret is empty: replicas take turns by Redis, and without it run everything twice. Name a Secret with REDIS_URL=redis://..." $more) -}}
  {{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Kubernetes refuses the same, in the middle of an upgrade and without a way out. */}}
{{- define "mage-ilum.validateVolume" -}}
{{- with .Values.mageai.persistence -}}
{{- if and .enabled (not .existingClaim) -}}
  {{- $there := lookup "v1" "PersistentVolumeClaim" $.Release.Namespace (include "mage-ilum.claimName" $) -}}
  {{- if and $there (ne (sortAlpha .accessModes | join ", ") (sortAlpha $there.spec.accessModes | join ", ")) -}}
    {{- fail (printf "\n\nmageai.persistence.accessModes is [%s], but the volume %s is there already with [%s], which never changes: copy it to a claim of your own, and name that in mageai.persistence.existingClaim." (join ", " .accessModes) $there.metadata.name (join ", " $there.spec.accessModes)) -}}
  {{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The ways to Mage's page. */}}
{{- define "mage-ilum.validatePage" -}}
{{- with .Values.mageai -}}
{{- $open := .ingress.enabled | ternary "mageai.ingress.enabled" (ne .service.type "ClusterIP" | ternary (printf "mageai.service.type=%s" .service.type) "") -}}
{{- if and $open (not .requireUserAuthentication) -}}
  {{- fail (printf "\n\nmageai.requireUserAuthentication=false and %s exclude each other: whoever reaches the page would have a shell in Mage's pod. Set mageai.requireUserAuthentication=true, or open the page by `deploykit open` alone." $open) -}}
{{- end -}}
{{- if and .service.loadBalancerSourceRanges (ne .service.type "LoadBalancer") -}}
  {{- fail (printf "\n\nmageai.service.loadBalancerSourceRanges means nothing with mageai.service.type=%s: set that to LoadBalancer, or leave the ranges out." .service.type) -}}
{{- end -}}
{{- if and .ingress.enabled (not .ingress.hosts) -}}
  {{- fail "\n\nmageai.ingress.hosts is empty: say under which host names the ingress serves Mage, such as [mage.example.com]." -}}
{{- end -}}
{{- if and .metrics.serviceMonitor.enabled (not .metrics.enabled) -}}
  {{- fail "\n\nmageai.metrics.serviceMonitor.enabled needs mageai.metrics.enabled=true: without it Mage has no /metrics to read." -}}
{{- end -}}
{{- end -}}
{{- end -}}
