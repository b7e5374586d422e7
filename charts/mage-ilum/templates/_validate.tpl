{{/* What no schema can say: refuses an install that could not work, with a sentence that says what to set. */}}
{{- define "mage-ilum.validate" -}}
{{- $mage := .Values.mageai -}}
{{- $ilum := .Values.ilum -}}
{{- if not (or $mage.image.repository $ilum.module) -}}
  {{- fail "\n\nmageai.image.repository is empty: say which image to run. `deploykit image --spark X.Y.Z` builds one and prints it." -}}
{{- end -}}
{{- if and $mage.image.repository (not (or $mage.image.tag $mage.image.digest)) -}}
  {{- fail "\n\nmageai.image.tag and mageai.image.digest are empty: name the exact image that `deploykit image` printed." -}}
{{- end -}}
{{- if and (eq $mage.image.tag "latest") (not $mage.image.digest) -}}
  {{- fail "\n\nmageai.image.tag is `latest`, which drifts away from the Spark that the server runs: name a fixed tag or a digest." -}}
{{- end -}}
{{- if not (or $ilum.server.host $ilum.server.existingSecret $ilum.service.create) -}}
  {{- fail "\n\nilum.server.host is empty: say where Spark Connect answers, such as spark-connect-server.ilum.svc.cluster.local, or set ilum.service.create. `deploykit values --namespace ilum` finds it." -}}
{{- end -}}
{{- if and $ilum.service.create (not $ilum.service.selector) -}}
  {{- fail "\n\nilum.service.selector is empty: say which labels the one Spark Connect driver carries, such as {spark-role: driver, spark-app-name: spark-connect}." -}}
{{- end -}}
{{- if and $ilum.service.create (hasKey $ilum.service.selector "spark-app-name") (not (hasKey $ilum.service.selector "spark-role")) -}}
  {{- fail "\n\nilum.service.selector selects by spark-app-name without spark-role: the executors carry that name too, and nothing listens on their port 15002. Add `spark-role: driver`." -}}
{{- end -}}
{{- range $mage.extraEnvs -}}
{{- if eq .name "SPARK_REMOTE" -}}
  {{- fail "\n\nmageai.extraEnvs sets SPARK_REMOTE: Mage would open a session for every block, and hang every block when the server is away. Blocks read ILUM_SPARK_CONNECT_URL instead." -}}
{{- end -}}
{{- end -}}
{{- if and .Values.executor.enabled (not .Values.executor.dedicatedNamespace) -}}
  {{- fail "\n\nexecutor.enabled needs executor.dedicatedNamespace=true: Mage's right to create Jobs lets it use any ServiceAccount of this namespace, so declare that the namespace is Mage's own." -}}
{{- end -}}
{{- if and .Values.executor.enabled .Values.networkPolicy.enabled (not .Values.networkPolicy.apiServer.cidrs) -}}
  {{- fail "\n\nnetworkPolicy.apiServer.cidrs is empty: the executor starts worker pods through the API server, and the policies would cut it off. `deploykit values --executor --namespace ilum` finds its addresses." -}}
{{- end -}}
{{- if and $mage.database.existingSecret .Values.networkPolicy.enabled (not (or .Values.networkPolicy.database.to .Values.networkPolicy.extraEgress)) -}}
  {{- fail "\n\nnetworkPolicy.database.to is empty: say where the database of mageai.database is, or the policies cut Mage off from it." -}}
{{- end -}}
{{- end -}}
