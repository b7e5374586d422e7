{{/* NetworkPolicies that would cut Mage off, or open what has to stay closed: refused, with a sentence that says what to set. */}}
{{- define "mage-ilum.validateNetpol" -}}
{{- include "mage-ilum.validateNetpol.driver" . -}}
{{- if .Values.networkPolicy.enabled -}}
{{- include "mage-ilum.validateNetpol.ways" . -}}
{{- include "mage-ilum.validateNetpol.namespace" . -}}
{{- include "mage-ilum.validateNetpol.ilumApi" . -}}
{{- end -}}
{{- end -}}

{{/* What Mage is told to use has to be reachable. */}}
{{- define "mage-ilum.validateNetpol.ways" -}}
{{- $policy := .Values.networkPolicy -}}
{{- $ilum := .Values.ilum -}}
{{- $api := $policy.apiServer -}}
{{- if and .Values.executor.enabled (not (or $api.cidrs $api.anyAddress $api.cilium)) -}}
  {{- fail "\n\nnetworkPolicy.apiServer.cidrs is empty: the executor starts worker pods through the API server, and the policies would cut it off. `deploykit values --executor --namespace ilum` finds its addresses; where they move, set networkPolicy.apiServer.anyAddress, with Cilium networkPolicy.apiServer.cilium." -}}
{{- end -}}
{{- if and $api.cidrs $api.anyAddress -}}
  {{- fail "\n\nnetworkPolicy.apiServer.cidrs and networkPolicy.apiServer.anyAddress exclude each other: any address includes those. Leave one out." -}}
{{- end -}}
{{- if and $policy.database.none (or $policy.database.to .Values.mageai.database.existingSecret) -}}
  {{- fail (printf "\n\nnetworkPolicy.database.none and %s exclude each other: leave one out." (empty $policy.database.to | ternary "mageai.database.existingSecret" "networkPolicy.database.to")) -}}
{{- end -}}
{{- if and .Values.mageai.database.existingSecret (not (or $policy.database.to $policy.extraEgress)) -}}
  {{- fail "\n\nnetworkPolicy.database.to is empty: say where the database of mageai.database is, or the policies cut Mage off from it." -}}
{{- end -}}
{{- if and (include "mage-ilum.isModule" .) (not (or $policy.database.to $policy.database.none $policy.extraEgress)) -}}
  {{- fail "\n\nnetworkPolicy.database.to is empty: Ilum gives the Mage of its own module a PostgreSQL, and from its next start the policies would keep Mage from it. `deploykit values --module --namespace ilum` finds it; its pods are [{podSelector: {matchLabels: {app.kubernetes.io/name: postgresql}}}] as a rule. Where Mage has SQLite, set networkPolicy.database.none=true." -}}
{{- end -}}
{{- if and .Values.mageai.redis.existingSecret (not (or $policy.redis.to $policy.extraEgress)) -}}
  {{- fail "\n\nnetworkPolicy.redis.to is empty: say where the Redis of mageai.redis is, or the policies cut Mage off from it." -}}
{{- end -}}
{{- if and $ilum.server.existingSecret (not (or $ilum.server.host $ilum.server.cidrs $ilum.server.namespace $ilum.service.create)) -}}
  {{- fail "\n\nilum.server.existingSecret holds the address of Spark, which policies cannot read: say where it leads, in ilum.server.namespace (Spark runs in this cluster) or in ilum.server.cidrs (it runs elsewhere)." -}}
{{- end -}}
{{- if not $ilum.server.cidrs -}}
  {{- if regexMatch "^[0-9.]+$|:" $ilum.server.host -}}
    {{- fail "\n\nilum.server.host is an address, which no policy lets Mage through to: set ilum.server.cidrs to it, such as [192.0.2.7/32]; for a pod of this cluster, name its Service in ilum.server.host instead." -}}
  {{- end -}}
  {{- include "mage-ilum.validateNetpol.service" (dict "root" . "key" "ilum.server.host" "set" "ilum.server.namespace" "else" "ilum.server.cidrs" "host" $ilum.server.host "namespace" (include "mage-ilum.sparkNamespace" .)) -}}
{{- end -}}
{{- range $name := list "sql" "livy" "core" -}}
  {{- $of := get $ilum $name -}}
  {{- if and $of.enabled $of.url -}}
    {{- $host := include "mage-ilum.hostOfUrl" $of.url -}}
    {{- include "mage-ilum.validateNetpol.service" (dict "root" $ "key" (printf "ilum.%s.url" $name) "set" (printf "ilum.%s.namespace" $name) "else" "networkPolicy.extraEgress" "host" $host "namespace" ($of.namespace | default $ilum.namespace)) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* The name of a Service says which namespace it leads to. */}}
{{- define "mage-ilum.validateNetpol.service" -}}
{{- $namespace := include "mage-ilum.namespaceOfHost" . -}}
{{- $short := and (not (contains ".svc" .host)) .root.Values.networkPolicy.extraEgress -}}
{{- if and .host $namespace (ne $namespace .namespace) (not $short) -}}
  {{- fail (printf "\n\n%s is a Service of another namespace than the policies let Mage through to, which is %s: set %s to the Service's, %s. A host that is none wants %s." .key .namespace .set $namespace .else) -}}
{{- end -}}
{{- end -}}

{{/* A policy for a whole namespace belongs into one that is Mage's own. */}}
{{- define "mage-ilum.validateNetpol.namespace" -}}
{{- if has .Release.Namespace (list .Values.ilum.namespace (include "mage-ilum.sparkNamespace" .)) -}}
{{- if .Values.networkPolicy.defaultDenyEgress -}}
  {{- fail (printf "\n\nnetworkPolicy.defaultDenyEgress would cut off every pod of namespace %s, Ilum's and Spark's too: leave it off, or install Mage in a namespace of its own." .Release.Namespace) -}}
{{- end -}}
{{- if .Values.executor.dedicatedNamespace -}}
  {{- fail (printf "\n\nexecutor.dedicatedNamespace says that namespace %s is Mage's own, but Ilum or Spark runs there: the policy of worker pods would isolate their Jobs. Leave it off, or install Mage in a namespace of its own." .Release.Namespace) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Nothing opens ilum-api. */}}
{{- define "mage-ilum.validateNetpol.ilumApi" -}}
{{- $policy := .Values.networkPolicy -}}
{{- $rules := list (dict "key" "networkPolicy.dns.custom.to" "to" $policy.dns.custom.to "ports" (list (dict "port" $policy.dns.custom.port))) -}}
{{- range $name := list "database" "redis" "objectStore" -}}
  {{- $of := get $policy $name -}}
  {{- $rules = append $rules (dict "key" (printf "networkPolicy.%s.to" $name) "to" $of.to "ports" (list (dict "port" $of.port))) -}}
{{- end -}}
{{- range $name := list "server" "sql" "livy" "core" -}}
  {{- $of := get $.Values.ilum $name -}}
  {{- $on := eq $name "server" | ternary (not $of.cidrs) $of.enabled -}}
  {{- $namespace := dict "matchLabels" (dict "kubernetes.io/metadata.name" ($of.namespace | default $.Values.ilum.namespace)) -}}
  {{- $peer := dict "namespaceSelector" $namespace "podSelector" (dict "matchLabels" $of.podSelector) -}}
  {{- $rules = append $rules (dict "key" (printf "ilum.%s.podSelector" $name) "to" ($on | ternary (list $peer) list) "ports" (list (dict "port" $of.podPort))) -}}
{{- end -}}
{{- range $number, $rule := $policy.extraEgress -}}
  {{- $rules = append $rules (dict "key" (printf "networkPolicy.extraEgress[%d]" $number) "to" $rule.to "ports" $rule.ports) -}}
{{- end -}}
{{- $api := $policy.apiServer -}}
{{- range list (dict "key" "ilum.server.cidrs" "cidrs" $.Values.ilum.server.cidrs "ports" (list $.Values.ilum.server.port)) (dict "key" "networkPolicy.apiServer.cidrs" "cidrs" $api.cidrs "ports" $api.ports) -}}
  {{- $peers := include "mage-ilum.ipBlocks" .cidrs | fromYamlArray -}}
  {{- $ports := list -}}
  {{- range .ports -}}{{- $ports = append $ports (dict "port" .) -}}{{- end -}}
  {{- $rules = append $rules (dict "key" .key "to" $peers "ports" $ports) -}}
{{- end -}}
{{- $wide := list (dict "key" "networkPolicy.internet" "on" $policy.internet.enabled "ports" $policy.internet.ports "except" $policy.internet.except) -}}
{{- $wide = append $wide (dict "key" "networkPolicy.apiServer.anyAddress" "on" $policy.apiServer.anyAddress "ports" $policy.apiServer.ports) -}}
{{- range $wide -}}
  {{- $ports := list -}}
  {{- range .ports -}}{{- $ports = append $ports (dict "port" .) -}}{{- end -}}
  {{- $peer := dict "ipBlock" (dict "cidr" "0.0.0.0/0" "except" .except) -}}
  {{- $rules = append $rules (dict "key" .key "to" (.on | ternary (list $peer) list) "ports" $ports) -}}
{{- end -}}
{{- range $rules -}}
  {{- $key := .key -}}
  {{- if .to -}}
  {{- with include "mage-ilum.leadsToIlumApi" (dict "root" $ "to" .to "ports" .ports) -}}
    {{- fail (printf "\n\n%s opens ilum-api, which takes whoever reaches it for an administrator: %s. Name the pods that you mean, by namespaceSelector with kubernetes.io/metadata.name and by podSelector; except private networks from an ipBlock; or leave port 8080 out." $key .) -}}
  {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/*
The first ingress policy that selects a driver denies all that it does not list. So ours may only select what another policy
isolates already: each of our labels' pods has to be one of that policy's.
*/}}
{{- define "mage-ilum.validateNetpol.driver" -}}
{{- $server := .Values.ilum.server -}}
{{- if $server.ingressPolicy.create -}}
{{- if $server.cidrs -}}
  {{- fail "\n\nilum.server.ingressPolicy.create and ilum.server.cidrs exclude each other: a server outside this cluster has no pods that a policy could select. Leave one out." -}}
{{- end -}}
{{- if include "mage-ilum.hasCluster" . -}}
  {{- $namespace := include "mage-ilum.sparkNamespace" . -}}
  {{- $isolated := false -}}
  {{- range (lookup "networking.k8s.io/v1" "NetworkPolicy" $namespace "").items -}}
    {{- $ours := eq $.Chart.Name (dig "metadata" "labels" "app.kubernetes.io/name" "" .) -}}
    {{- $selects := include "mage-ilum.selects" (dict "selector" .spec.podSelector "labels" $server.podSelector) -}}
    {{- $isolated = or $isolated (and (not $ours) (has "Ingress" (.spec.policyTypes | default (list "Ingress"))) (eq $selects "yes")) -}}
  {{- end -}}
  {{- if not $isolated -}}
    {{- fail (printf "\n\nilum.server.ingressPolicy.create: no other NetworkPolicy of namespace %s isolates the pods of ilum.server.podSelector, and ours would be the first to: it would cut the driver off from its own executors (7078, 7079) and its page (4040), and queries would hang. Leave it off: Mage is let in already. If a policy selects the driver by other labels, add these to ilum.server.podSelector." $namespace) -}}
  {{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
