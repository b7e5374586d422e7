{{/*
ilum-api trusts the plain header X-Ilum-Authenticated and may do anything in the cluster: who reaches its pod (:8080, label
app.kubernetes.io/name=api, in Ilum's namespace) is administrator.

Does an egress rule lead there? Says by what, or nothing:

    {{ include "mage-ilum.leadsToIlumApi" (dict "root" $ "to" $rule.to "ports" $rule.ports) }}

The rule is one of a policy in the release's namespace. Selectors that ask for labels this chart does not know of (a namespace by
its team, pods by their version) are given the benefit of the doubt, except where they name that pod.
*/}}
{{- define "mage-ilum.leadsToIlumApi" -}}
{{- if include "mage-ilum.includes8080" .ports -}}
{{- $namespace := dict "kubernetes.io/metadata.name" .root.Values.ilum.namespace -}}
{{- $pod := dict "app.kubernetes.io/name" "api" -}}
{{- $said := list -}}
{{- if not .to -}}
  {{- $said = append $said "it names no peer, so it means every address" -}}
{{- end -}}
{{- range .to -}}
  {{- if .ipBlock -}}
    {{- $pods := regexMatch "/[0-7]$" .ipBlock.cidr -}}
    {{- range .ipBlock.except -}}
      {{- /* No pod has a link-local address. */ -}}
      {{- $pods = and $pods (regexMatch "^(169[.]254[.]|fe80:)" .) -}}
    {{- end -}}
    {{- if $pods -}}
      {{- $said = append $said (printf "ipBlock %s excepts no network that pods are in" .ipBlock.cidr) -}}
    {{- end -}}
  {{- else -}}
    {{- $there := (eq $.root.Release.Namespace $.root.Values.ilum.namespace) | ternary "yes" "no" -}}
    {{- if kindIs "map" .namespaceSelector -}}
      {{- $there = include "mage-ilum.selects" (dict "selector" .namespaceSelector "labels" $namespace) -}}
    {{- end -}}
    {{- $selector := deepCopy (.podSelector | default dict) -}}
    {{- with $selector.matchLabels -}}
      {{- /* Every pod of Ilum's release has these. */ -}}
      {{- $_ := set $selector "matchLabels" (omit . "app.kubernetes.io/instance" "app.kubernetes.io/part-of" "app.kubernetes.io/managed-by") -}}
    {{- end -}}
    {{- $selected := include "mage-ilum.selects" (dict "selector" $selector "labels" $pod) -}}
    {{- $byName := eq (dig "matchLabels" "app.kubernetes.io/name" "" $selector) "api" -}}
    {{- if and $byName (ne $there "no") -}}
      {{- $said = append $said "podSelector app.kubernetes.io/name: api is that pod's label" -}}
    {{- else if and (eq $selected "yes") (eq $there "yes") -}}
      {{- $said = append $said "it selects every pod of Ilum's namespace" -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- first (append $said "") -}}
{{- end -}}
{{- end -}}

{{/* Whether a rule's ports include TCP 8080; a port by name may be any number. Called with the list, which may be absent. */}}
{{- define "mage-ilum.includes8080" -}}
{{- if not . -}}
true
{{- end -}}
{{- range . -}}
{{- if eq (.protocol | default "TCP") "TCP" -}}
{{- if or (not .port) (kindIs "string" .port) -}}
true
{{- else if and (le (int .port) 8080) (ge (int (.endPort | default .port)) 8080) -}}
true
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
