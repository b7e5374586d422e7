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
    {{- with include "mage-ilum.podNetworkIn" .ipBlock -}}
      {{- $said = append $said . -}}
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

{{/*
Says which network that pods may be in an ipBlock holds without excepting it, or nothing. Only wide blocks are looked at: one of
private addresses that is smaller than /16 (IPv6: /56), the network of a whole cluster, is believed to hold no pods.
*/}}
{{- define "mage-ilum.podNetworkIn" -}}
{{- $block := . -}}
{{- $said := list -}}
{{- if contains ":" .cidr -}}
  {{- $wide := regexMatch "^[fF][cCdD].*/([0-9]|[1-4][0-9]|5[0-6])$|/[0-7]$" .cidr -}}
  {{- if and $wide (not (has "fc00::/7" .except)) -}}
    {{- $said = append $said "fc00::/7" -}}
  {{- end -}}
{{- else -}}
  {{- $bits := include "mage-ilum.networkBits" .cidr -}}
  {{- range $network := list "10.0.0.0/8" "100.64.0.0/10" "172.16.0.0/12" "192.168.0.0/16" -}}
    {{- $theirs := include "mage-ilum.networkBits" . -}}
    {{- $inside := hasPrefix $theirs $bits -}}
    {{- if or (hasPrefix $bits $theirs) (and $inside (le (len $bits) 16)) -}}
      {{- $both := $inside | ternary $bits $theirs -}}
      {{- $excepted := false -}}
      {{- range $block.except -}}
        {{- $excepted = or $excepted (and (not (contains ":" .)) (hasPrefix (include "mage-ilum.networkBits" .) $both)) -}}
      {{- end -}}
      {{- if not $excepted -}}
        {{- $said = append $said $network -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- with $said -}}
ipBlock {{ $block.cidr }} does not except {{ join ", " . }}, where pods may be
{{- end -}}
{{- end -}}

{{/* The bits of an IPv4 network's prefix, in zeros and ones: a network is in another whose bits its own begin with. */}}
{{- define "mage-ilum.networkBits" -}}
{{- $bits := "" -}}
{{- range splitList "." (regexReplaceAll "/.*" . "") -}}
  {{- $bits = printf "%s%08b" $bits (int .) -}}
{{- end -}}
{{- trunc (int (regexReplaceAll ".*/" . "")) $bits -}}
{{- end -}}
