{{/* One named template for each word that mage-ilum.egress knows; docs/network.md has a row for each of the values they read. */}}
{{- define "mage-ilum.egress.dns" -}}
{{- $protocols := list "UDP" "TCP" -}}
{{- with .Values.networkPolicy.dns }}
{{- if .kubeDNS }}
# --> kube-dns :53
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
      podSelector:
        matchLabels:
          k8s-app: kube-dns
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end }}
{{- if .nodeLocalDNS }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "NodeLocal DNSCache on each node" "protocols" $protocols "port" 53
      "to" (list (dict "ipBlock" (dict "cidr" "169.254.20.10/32")))) }}
{{- end }}
{{- if .openshift }}
# --> OpenShift's DNS :5353, the pod port behind its Service's port 53
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: openshift-dns
      podSelector:
        matchLabels:
          dns.operator.openshift.io/daemonset-dns: default
  ports:
    - {protocol: UDP, port: 5353}
    - {protocol: TCP, port: 5353}
{{- end }}
{{- if .gkeCloudDNS }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "Cloud DNS of GKE, at the metadata address, whose port 80 stays closed" "protocols" $protocols "port" 53
      "to" (list (dict "ipBlock" (dict "cidr" "169.254.169.254/32")))) }}
{{- end }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "networkPolicy.dns.custom" "protocols" $protocols "port" .custom.port "to" .custom.to) }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.spark" -}}
{{- with .Values.ilum.server }}
{{- if .cidrs }}
# --> Spark Connect outside the cluster :{{ .port }}
- to:
    {{- range .cidrs }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
  ports:
    - {protocol: TCP, port: {{ .port }}}
{{- else }}
{{- include "mage-ilum.egress.pods" (dict "arrow" "spark driver" "namespace" (include "mage-ilum.sparkNamespace" $) "podSelector" .podSelector "port" .podPort) }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.apiServer" -}}
{{- with .Values.networkPolicy.apiServer }}
{{- if and $.Values.executor.enabled (or .cidrs .anyAddress) }}
# --> Kubernetes API server, to start worker pods
- to:
    {{- range .cidrs }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
    {{- if .anyAddress }}
    # Wherever it is, but for link-local addresses and those of cloud metadata.
    - ipBlock:
        cidr: 0.0.0.0/0
        except: [169.254.0.0/16]
    - ipBlock:
        cidr: ::/0
        except: [fd00:ec2::/32, fd20:ce::/32, fe80::/10]
    {{- end }}
  ports:
    {{- range .ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.database" -}}
{{- with .Values.networkPolicy.database }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "database" "to" .to "port" .port) }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.redis" -}}
{{- with .Values.networkPolicy.redis }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "Redis" "to" .to "port" .port) }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.objectStore" -}}
{{- with .Values.networkPolicy.objectStore }}
{{- include "mage-ilum.egress.peers" (dict "arrow" "object store" "to" .to "port" .port) }}
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
{{- include "mage-ilum.egress.pods" (dict "arrow" .arrow "namespace" $namespace "podSelector" .of.podSelector "port" .of.podPort) }}
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
# --> the internet: any address but private networks, link-local ones and cloud metadata among them
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
        {{- with get $except "4" }}
        except: {{ toJson . }}
        {{- end }}
    - ipBlock:
        cidr: ::/0
        except: {{ get $except "6" | toJson }}
  ports:
    {{- range .ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.eksPodIdentity" -}}
{{- if .Values.networkPolicy.eksPodIdentity }}
# --> EKS Pod Identity :80, which hands out the role of this pod alone
- to:
    - ipBlock:
        cidr: 169.254.170.23/32
    - ipBlock:
        cidr: fd00:ec2::23/128
  ports:
    - {protocol: TCP, port: 80}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.extra" -}}
{{- with .Values.networkPolicy.extraEgress }}
# --> networkPolicy.extraEgress
{{ toYaml . }}
{{- end }}
{{- end -}}
