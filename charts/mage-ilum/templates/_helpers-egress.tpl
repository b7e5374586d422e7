{{/* One named template for each word that mage-ilum.egress knows; docs/network.md has a row for each of the values they read. */}}
{{- define "mage-ilum.egress.dns" -}}
{{- $protocols := list "UDP" "TCP" -}}
{{- with .Values.networkPolicy.dns }}
{{- if .kubeDNS }}
{{- include "mage-ilum.egress.pods" (dict "arrow" "kube-dns" "protocols" $protocols "ports" (list 53)
      "namespace" "kube-system" "podSelector" (dict "k8s-app" "kube-dns")) }}
{{- end }}
{{- if .nodeLocalDNS }}
{{- /* By address or, where the network leads to its pods before policies are applied, by these. */}}
{{- $pods := dict "namespaceSelector" (dict "matchLabels" (dict "kubernetes.io/metadata.name" "kube-system")) "podSelector" (dict "matchLabels" (dict "k8s-app" "node-local-dns")) }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "NodeLocal DNSCache on each node" "protocols" $protocols "ports" (list 53)
      "to" (list (dict "ipBlock" (dict "cidr" "169.254.20.10/32")) $pods)) }}
{{- end }}
{{- if .openshift }}
{{- include "mage-ilum.egress.pods" (dict "arrow" "OpenShift's DNS, behind its Service's port 53" "protocols" $protocols "ports" (list 5353)
      "namespace" "openshift-dns" "podSelector" (dict "dns.operator.openshift.io/daemonset-dns" "default")) }}
{{- end }}
{{- if .gkeCloudDNS }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "Cloud DNS of GKE, at the metadata address, whose port 80 stays closed" "protocols" $protocols "ports" (list 53)
      "to" (list (dict "ipBlock" (dict "cidr" "169.254.169.254/32")))) }}
{{- end }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "networkPolicy.dns.custom" "protocols" $protocols "ports" (list .custom.port) "to" .custom.to) }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.spark" -}}
{{- with .Values.ilum.server }}
{{- if .cidrs }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "Spark Connect outside the cluster" "ports" (list .port)
      "to" (include "mage-ilum.ipBlocks" .cidrs | fromYamlArray)) }}
{{- else }}
{{- include "mage-ilum.egress.pods" (dict "arrow" "spark driver" "namespace" (include "mage-ilum.sparkNamespace" $) "podSelector" .podSelector "ports" (list .podPort)) }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.apiServer" -}}
{{- with .Values.networkPolicy.apiServer }}
{{- if $.Values.executor.enabled }}
{{- $to := include "mage-ilum.ipBlocks" .cidrs | fromYamlArray }}
{{- if .anyAddress }}
{{- /* Wherever it is, but for link-local addresses and those of cloud metadata. */}}
{{- $to = concat $to (list
      (dict "ipBlock" (dict "cidr" "0.0.0.0/0" "except" (list "168.63.129.16/32" "169.254.0.0/16")))
      (dict "ipBlock" (dict "cidr" "::/0" "except" (list "fd00:ec2::/32" "fd20:ce::/32" "fe80::/10")))) }}
{{- end }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "Kubernetes API server, to start worker pods" "ports" .ports "to" $to) }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.database" -}}
{{- with .Values.networkPolicy.database }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "database" "to" .to "ports" (list .port)) }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.redis" -}}
{{- with .Values.networkPolicy.redis }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "Redis" "to" .to "ports" (list .port)) }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.objectStore" -}}
{{- with .Values.networkPolicy.objectStore }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "object store" "to" .to "ports" (list .port)) }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.sql" -}}
{{- include "mage-ilum.egress.ilum" (dict "root" . "arrow" "Ilum SQL" "of" .Values.ilum.sql) }}
{{- end -}}
{{- define "mage-ilum.egress.livy" -}}
{{- include "mage-ilum.egress.ilum" (dict "root" . "arrow" "Ilum's Livy proxy" "of" .Values.ilum.livy) }}
{{- end -}}
{{- define "mage-ilum.egress.core" -}}
{{- include "mage-ilum.egress.ilum" (dict "root" . "arrow" "ilum-core" "of" .Values.ilum.core) }}
{{- end -}}
{{- define "mage-ilum.egress.ilum" -}}
{{- if .of.enabled }}
{{- $namespace := .of.namespace | default .root.Values.ilum.namespace }}
{{- include "mage-ilum.egress.pods" (dict "arrow" .arrow "namespace" $namespace "podSelector" .of.podSelector "ports" (list .of.podPort)) }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.internet" -}}
{{- with .Values.networkPolicy.internet }}
{{- if .enabled }}
{{- $except := dict "4" list "6" (list "fc00::/7" "fe80::/10") }}
{{- range .except }}
{{- $family := contains ":" . | ternary "6" "4" }}
{{- $_ := set $except $family (append (get $except $family) . | uniq) }}
{{- end }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "the internet: any address but private networks, link-local ones and cloud metadata among them" "ports" .ports
      "to" (list
        (dict "ipBlock" (merge (dict "cidr" "0.0.0.0/0") (get $except "4" | empty | ternary (dict) (dict "except" (get $except "4")))))
        (dict "ipBlock" (dict "cidr" "::/0" "except" (get $except "6"))))) }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.eksPodIdentity" -}}
{{- if .Values.networkPolicy.eksPodIdentity }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "EKS Pod Identity, which hands out the role of this pod alone" "ports" (list 80)
      "to" (include "mage-ilum.ipBlocks" (list "169.254.170.23/32" "fd00:ec2::23/128") | fromYamlArray)) }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.gkeWorkloadIdentity" -}}
{{- if .Values.networkPolicy.gkeWorkloadIdentity }}
{{- $arrow := "GKE's metadata server, which hands out the identity of this pod alone" }}
{{- include "mage-ilum.egress.peers" (dict "arrow" $arrow "ports" (list 80) "to" (include "mage-ilum.ipBlocks" (list "169.254.169.254/32") | fromYamlArray)) }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "the same, as nodes without Dataplane V2 rewrite it" "ports" (list 988)
      "to" (include "mage-ilum.ipBlocks" (list "169.254.169.252/32") | fromYamlArray)) }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.extra" -}}
{{- with .Values.networkPolicy.extraEgress }}
# --> networkPolicy.extraEgress
{{ toYaml . }}
{{- end }}
{{- end -}}
