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
{{- if and .Values.executor.enabled (not $mage.persistence.enabled) -}}
  {{- fail "\n\nexecutor.enabled needs mageai.persistence.enabled=true: worker pods read the project from the volume and leave their results on it, and without one each pod has an empty folder of its own." -}}
{{- end -}}
{{- if and $ilum.server.existingSecret .Values.networkPolicy.enabled (not (or $ilum.server.host $ilum.server.cidrs $ilum.server.namespace $ilum.service.create)) -}}
  {{- fail "\n\nilum.server.existingSecret holds the address of Spark, which policies cannot read: say where it leads, in ilum.server.namespace (Spark runs in this cluster) or in ilum.server.cidrs (it runs elsewhere)." -}}
{{- end -}}
{{- $service := regexFind "^[^.]+[.][^.]+[.]svc([.]|$)" $ilum.server.host -}}
{{- if and $service .Values.networkPolicy.enabled (not $ilum.server.cidrs) (ne (splitList "." $service | rest | first) (include "mage-ilum.sparkNamespace" .)) -}}
  {{- fail (printf "\n\nilum.server.host is a Service of another namespace than the policies let Mage through to, which is %s: set ilum.server.namespace to the Service's." (include "mage-ilum.sparkNamespace" .)) -}}
{{- end -}}
{{- if not (or $ilum.module $mage.existingSecret $mage.generateSecretWithoutCluster (include "mage-ilum.hasCluster" .)) -}}
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
