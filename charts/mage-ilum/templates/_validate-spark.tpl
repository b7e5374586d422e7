{{/* Where Spark Connect is. */}}
{{- define "mage-ilum.validateSpark" -}}
{{- with .Values.ilum -}}
{{- if not (or .server.host .server.existingSecret .service.create) -}}
  {{- fail "\n\nilum.server.host is empty: say where Spark Connect answers, such as spark-connect-server.ilum.svc.cluster.local, or set ilum.service.create. `deploykit values --namespace ilum` finds it." -}}
{{- end -}}
{{- if and .server.caSecret.name .server.caConfigMap.name -}}
  {{- fail "\n\nilum.server.caSecret and ilum.server.caConfigMap exclude each other: gRPC reads one file. Put all certificates that it is to trust into one of them." -}}
{{- end -}}
{{- $namespace := include "mage-ilum.sparkNamespace" $ -}}
{{- if ne (.service.namespace | default $namespace) $namespace -}}
  {{- fail (printf "\n\nilum.service.namespace is %s, but the driver pods are in %s, and a Service selects pods of its own namespace alone: leave it empty, and say in ilum.server.namespace where Spark runs." .service.namespace $namespace) -}}
{{- end -}}
{{- if and .service.create (not .service.selector) -}}
  {{- fail "\n\nilum.service.selector is empty: say which labels the one Spark Connect driver carries, such as {spark-role: driver, spark-app-name: spark-connect}." -}}
{{- end -}}
{{- if and .service.create (hasKey .service.selector "spark-app-name") (not (hasKey .service.selector "spark-role")) -}}
  {{- fail "\n\nilum.service.selector selects by spark-app-name without spark-role: the executors carry that name too, and nothing listens on their port 15002. Add `spark-role: driver`." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What else of Ilum blocks use: an address without the switch would reach nothing. */}}
{{- define "mage-ilum.validateIlum" -}}
{{- range $way := list "sql" "livy" "core" -}}
{{- with index $.Values.ilum $way -}}
{{- if and (not .enabled) (or .url .existingSecret) -}}
  {{- fail (printf "\n\nilum.%s.%s is set, but ilum.%s.enabled is false: blocks would not see it and policies would not let them through. Set ilum.%s.enabled=true, or leave it out." $way (empty .url | ternary "existingSecret" "url") $way $way) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Ilum's own module runs Mage: what would change Mage's pods says nothing there. */}}
{{- define "mage-ilum.validateModule" -}}
{{- $mage := .Values.mageai -}}
{{- $by := .Values.ilum.module | ternary "ilum.module=true" "mageai.enabled=false" -}}
{{- $ours := dict
  "mageai.standaloneScheduler" $mage.standaloneScheduler
  "mageai.ingress.enabled" $mage.ingress.enabled
  "mageai.httpRoute.enabled" $mage.httpRoute.enabled
  "mageai.metrics.enabled" $mage.metrics.enabled
  "mageai.metrics.serviceMonitor.enabled" $mage.metrics.serviceMonitor.enabled
  "mageai.existingSecret" $mage.existingSecret
  "mageai.database.existingSecret" $mage.database.existingSecret
  "mageai.redis.existingSecret" $mage.redis.existingSecret
  "mageai.persistence.existingClaim" $mage.persistence.existingClaim
  "executor.default" .Values.executor.default -}}
{{- range $key, $value := $ours -}}
{{- if $value -}}
  {{- fail (printf "\n\n%s means nothing with %s, where Ilum's own module runs Mage: set it in the values of Ilum's release, or leave %s out." $key $by $by) -}}
{{- end -}}
{{- end -}}
{{- end -}}
