{{/*
Egress rules by the name of what is reached. A policy's template lists the names, so that it reads as what it allows:

    egress:
      # mage server --> DNS, spark driver :15002
      {{- include "mage-ilum.egress" (dict "root" $ "to" (list "dns" "spark")) | nindent 4 }}

`root` is the chart's top-level context. `to` may hold:
  dns        the cluster's DNS, by the presets in networkPolicy.dns
  spark      the Spark Connect drivers' pod port, or ilum.server.cidrs
  apiServer  the Kubernetes API server (only the executor needs it)
  database   the database of mageai.database
  extra      networkPolicy.extraEgress
A name whose values are empty adds no rule, and so allows nothing.
*/}}
{{- define "mage-ilum.egress" -}}
{{- $rules := "" -}}
{{- range .to -}}
{{- $rules = print $rules (include (printf "mage-ilum.egress.%s" .) $.root) -}}
{{- end -}}
{{- trim $rules -}}
{{- end -}}

{{- define "mage-ilum.egress.dns" -}}
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
# --> NodeLocal DNSCache :53, at its link-local address on each node
- to:
    - ipBlock:
        cidr: 169.254.20.10/32
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
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
# --> spark driver :{{ .podPort }}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ include "mage-ilum.sparkNamespace" $ }}
      podSelector:
        matchLabels:
          {{- toYaml .podSelector | nindent 10 }}
  ports:
    - {protocol: TCP, port: {{ .podPort }}}
{{- end }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.apiServer" -}}
{{- with .Values.networkPolicy.apiServer }}
{{- if and $.Values.executor.enabled .cidrs }}
# --> Kubernetes API server, to start worker pods
- to:
    {{- range .cidrs }}
    - ipBlock:
        cidr: {{ . }}
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
{{- if .to }}
# --> database :{{ .port }}
- to:
    {{- toYaml .to | nindent 4 }}
  ports:
    - {protocol: TCP, port: {{ .port }}}
{{- end }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.egress.extra" -}}
{{- with .Values.networkPolicy.extraEgress }}
# --> networkPolicy.extraEgress
{{ toYaml . }}
{{- end }}
{{- end -}}
