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
  {{- if lt (int .terminationGracePeriodSeconds) (add 5 .webServer.preStopSeconds | int) -}}
    {{- fail (printf "\n\nmageai.webServer.preStopSeconds is %d and mageai.terminationGracePeriodSeconds %d, of which it is a part: Mage needs 5 seconds of it to stop. Make the second at least 5 more than the first." (int .webServer.preStopSeconds) (int .terminationGracePeriodSeconds)) -}}
  {{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "mage-ilum.validateAccount" -}}
{{- with .Values.mageai.serviceAccount -}}
{{- if and (eq (toString .create) "false") (not .name) -}}
  {{- fail "\n\nmageai.serviceAccount.create=false needs mageai.serviceAccount.name: name the ServiceAccount that is there already, or leave `create` out to have one made." -}}
{{- end -}}
{{- if and .annotations (not (include "mage-ilum.makesServiceAccount" $)) -}}
  {{- fail (printf "\n\nmageai.serviceAccount.annotations are of a ServiceAccount that is made, and %s is brought: annotate it where it is made, or set mageai.serviceAccount.create=true to have it made under that name." .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Kubernetes refuses the same, in the middle of an upgrade and without a way out. */}}
{{- define "mage-ilum.validateVolume" -}}
{{- with .Values.mageai.persistence -}}
{{- if and .enabled (not .existingClaim) -}}
  {{- with lookup "v1" "PersistentVolumeClaim" $.Release.Namespace (include "mage-ilum.claimName" $) -}}
    {{- include "mage-ilum.validateVolume.fits" (dict "persistence" $.Values.mageai.persistence "claim" .) -}}
  {{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "mage-ilum.validateVolume.fits" -}}
{{- $claim := .claim -}}
{{- $there := $claim.spec -}}
{{- $cannot := "\n\nmageai.persistence.%s is %s, but the volume %s is there already with %s, %s." -}}
{{- $never := "which never changes: copy it to a claim of your own, and name that in mageai.persistence.existingClaim" -}}
{{- with .persistence -}}
{{- if ne (sortAlpha .accessModes | join ", ") (sortAlpha $there.accessModes | join ", ") -}}
  {{- fail (printf $cannot "accessModes" (printf "[%s]" (join ", " .accessModes)) $claim.metadata.name (printf "[%s]" (join ", " $there.accessModes)) $never) -}}
{{- end -}}
{{- if and .storageClassName (ne .storageClassName $there.storageClassName) -}}
  {{- fail (printf $cannot "storageClassName" .storageClassName $claim.metadata.name $there.storageClassName $never) -}}
{{- end -}}
{{- $size := $there.resources.requests.storage -}}
{{- if lt (include "mage-ilum.bytes" .size | float64) (include "mage-ilum.bytes" $size | float64) -}}
  {{- fail (printf $cannot "size" (toYaml .size) $claim.metadata.name $size (printf "and no volume shrinks: set it to %s" $size)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A quantity of Kubernetes as a plain number. */}}
{{- define "mage-ilum.bytes" -}}
{{- $value := toYaml . | regexFind "[0-9.]+" | float64 -}}
{{- $unit := toYaml . | regexFind "[kKMGTPE]i?" -}}
{{- $factor := hasSuffix "i" $unit | ternary 1024.0 1000.0 -}}
{{- range until (int (get (dict "k" 1 "K" 1 "M" 2 "G" 3 "T" 4 "P" 5 "E" 6) (trunc 1 $unit))) -}}
  {{- $value = mulf $value $factor -}}
{{- end -}}
{{- printf "%f" $value -}}
{{- end -}}

{{/* The ways to Mage's page. */}}
{{- define "mage-ilum.validatePage" -}}
{{- with .Values.mageai -}}
{{- $open := ne .service.type "ClusterIP" | ternary (printf "mageai.service.type=%s" .service.type) "" -}}
{{- range $way := list "httpRoute" "ingress" -}}
  {{- $open = (get $.Values.mageai $way).enabled | ternary (printf "mageai.%s.enabled" $way) $open -}}
{{- end -}}
{{- if and $open (not .requireUserAuthentication) -}}
  {{- fail (printf "\n\nmageai.requireUserAuthentication=false and %s exclude each other: whoever reaches the page would have a shell in Mage's pod. Set mageai.requireUserAuthentication=true, or open the page by `deploykit open` alone." $open) -}}
{{- end -}}
{{- $types := dict "loadBalancerSourceRanges" (list "LoadBalancer") "loadBalancerClass" (list "LoadBalancer") "externalTrafficPolicy" (list "LoadBalancer" "NodePort") "nodePort" (list "LoadBalancer" "NodePort") -}}
{{- range $key, $fitting := $types -}}
  {{- if and (get $.Values.mageai.service $key) (not (has $.Values.mageai.service.type $fitting)) -}}
    {{- fail (printf "\n\nmageai.service.%s means nothing with mageai.service.type=%s: set that to %s, or leave %s out." $key $.Values.mageai.service.type (join " or " $fitting) $key) -}}
  {{- end -}}
{{- end -}}
{{- if and .httpRoute.enabled (not .httpRoute.parentRefs) -}}
  {{- fail "\n\nmageai.httpRoute.parentRefs is empty: say which Gateway leads to Mage, such as [{name: public, namespace: gateways}]." -}}
{{- end -}}
{{- if and .ingress.enabled (not .ingress.hosts) -}}
  {{- fail "\n\nmageai.ingress.hosts is empty: say under which host names the ingress serves Mage, such as [mage.example.com]." -}}
{{- end -}}
{{- if and .metrics.serviceMonitor.enabled (not .metrics.enabled) -}}
  {{- fail "\n\nmageai.metrics.serviceMonitor.enabled needs mageai.metrics.enabled=true: without it Mage has no /metrics to read." -}}
{{- end -}}
{{- end -}}
{{- end -}}
