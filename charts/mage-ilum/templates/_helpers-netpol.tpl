{{/*
Egress rules by the name of what is reached. A policy's template lists the names, so that it reads as what it allows:

    egress:
      # mage server --> DNS, spark driver, what blocks use
      {{- include "mage-ilum.egress" (dict "root" $ "to" (list "dns" "spark" "blocks")) | nindent 4 }}

`root` is the chart's top-level context. `to` may hold:
  dns        the cluster's DNS, by the presets in networkPolicy.dns
  spark      the Spark Connect drivers' pod port, or ilum.server.cidrs
  apiServer  the Kubernetes API server, with the executor
  blocks     what Mage and its blocks use, each once it is switched on: database, redis, objectStore, sql, livy, core,
             internet, eksPodIdentity, gkeWorkloadIdentity, extra
A name whose values are empty adds no rule, and so allows nothing.
*/}}
{{- define "mage-ilum.egress" -}}
{{- $rules := "" -}}
{{- range .to -}}
{{- $rules = print $rules (include (printf "mage-ilum.egress.%s" .) $.root) -}}
{{- end -}}
{{- trim $rules -}}
{{- end -}}

{{- define "mage-ilum.egress.blocks" -}}
{{- range list "database" "redis" "objectStore" "sql" "livy" "core" "internet" "eksPodIdentity" "gkeWorkloadIdentity" "extra" -}}
{{- include (printf "mage-ilum.egress.%s" .) $ -}}
{{- end -}}
{{- end -}}

{{/* One rule: to pods of another namespace, on the ports that they listen on. `arrow` says to whom. */}}
{{- define "mage-ilum.egress.pods" }}
{{- $peer := dict "namespaceSelector" (dict "matchLabels" (dict "kubernetes.io/metadata.name" .namespace)) "podSelector" (dict "matchLabels" .podSelector) }}
{{- include "mage-ilum.egress.peers" (merge (dict "to" (list $peer)) .) }}
{{- end -}}

{{/* One rule: to the peers in `to`, or none where that is empty. */}}
{{- define "mage-ilum.egress.peers" }}
{{- if .to }}
# --> {{ .arrow }} :{{ join ", " .ports }}
- to:
    {{- toYaml .to | nindent 4 }}
  ports:
    {{- range $port := .ports }}
    {{- range $.protocols | default (list "TCP") }}
    - {protocol: {{ . }}, port: {{ $port }}}
    {{- end }}
    {{- end }}
{{- end }}
{{- end -}}

{{/* The peers that a list of addresses stands for. */}}
{{- define "mage-ilum.ipBlocks" -}}
{{- range . }}
- ipBlock: {cidr: {{ . | quote }}}
{{- end }}
{{- end -}}

{{/* Who may call Mage's page: the `ingress:` of the pods that serve it. */}}
{{- define "mage-ilum.pageIngress" -}}
{{- with .Values.networkPolicy.ingress -}}
{{- if or .ilumUI .controller.namespace .cidrs .from -}}
ingress:
  - from:
      {{- if .ilumUI }}
      # ilum-ui --> mage :6789
      - namespaceSelector:
          matchLabels:
            kubernetes.io/metadata.name: {{ $.Values.ilum.namespace }}
        podSelector:
          matchLabels:
            app: ilum-ui
      {{- end }}
      {{- with .controller }}
      {{- if .namespace }}
      # ingress controller --> mage :6789
      - namespaceSelector:
          matchLabels:
            kubernetes.io/metadata.name: {{ .namespace }}
        {{- with .podSelector }}
        podSelector:
          matchLabels:
            {{- toYaml . | nindent 12 }}
        {{- end }}
      {{- end }}
      {{- end }}
      {{- with .cidrs }}
      # nodes, load balancers --> mage :6789
      {{- range . }}
      - ipBlock:
          cidr: {{ . }}
      {{- end }}
      {{- end }}
      {{- with .from }}
      # networkPolicy.ingress.from --> mage :6789
      {{- toYaml . | nindent 6 }}
      {{- end }}
    ports:
      - {protocol: TCP, port: 6789}
{{- else -}}
ingress: []
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
The pods of Mage's server, and of a scheduler apart: this chart's, or those of Ilum's own module, which Mage's chart tells apart by
that one label.
*/}}
{{- define "mage-ilum.serverPods" -}}
{{- if include "mage-ilum.isModule" . -}}
app.kubernetes.io/name: mageai
{{- else -}}
{{ include "mage-ilum.selectorLabels" (dict "root" . "component" "server") }}
{{- end -}}
{{- end -}}

{{- define "mage-ilum.schedulerPods" -}}
{{- if include "mage-ilum.isModule" . -}}
app.kubernetes.io/name: mageai-scheduler
{{- else -}}
{{ include "mage-ilum.selectorLabels" (dict "root" . "component" "scheduler") }}
{{- end -}}
{{- end -}}
{{- define "mage-ilum.modulePods" -}}
matchExpressions:
  - {key: app.kubernetes.io/name, operator: In, values: [mageai, mageai-scheduler]}
{{- end -}}

{{/* Whether there are worker pods that a policy can select. Nothing but its namespace tells Mage's Job from another's. */}}
{{- define "mage-ilum.hasWorkers" -}}
{{- if or .Values.executor.enabled (and (include "mage-ilum.isModule" .) .Values.executor.dedicatedNamespace) -}}
true
{{- end -}}
{{- end -}}

{{/*
Every pod of a Job, not only those with the labels of K8S_CONFIG_FILE: a project's own `metadata` in `k8s_executor_config`
replaces those labels. The drift check and helm test have policies of their own, which allow less.
*/}}
{{- define "mage-ilum.workerPods" -}}
matchExpressions:
  - {key: batch.kubernetes.io/job-name, operator: Exists}
  - {key: app.kubernetes.io/component, operator: NotIn, values: [drift-check, test]}
{{- end -}}
