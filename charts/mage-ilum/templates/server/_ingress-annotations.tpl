{{/*
What Mage's page needs of an ingress controller: WebSockets and event streams that may be silent for an hour, uploads up to the
100 MB that Mage takes, and, with several web servers, one of them for each browser, since a notebook's kernel is in one pod.
Two controllers are called nginx and two are called haproxy; each reads its own annotations.
*/}}
{{- define "mage-ilum.ingressAnnotations" -}}
{{- $several := include "mage-ilum.severalWebServers" . }}
{{- if eq .Values.mageai.ingress.controller "nginx" }}
nginx.ingress.kubernetes.io/proxy-read-timeout: "3600"
nginx.ingress.kubernetes.io/proxy-send-timeout: "3600"
nginx.ingress.kubernetes.io/proxy-body-size: 100m
nginx.org/proxy-read-timeout: 3600s
nginx.org/proxy-send-timeout: 3600s
nginx.org/client-max-body-size: 100m
nginx.org/websocket-services: {{ include "mage-ilum.fullname" . }}
{{- if $several }}
nginx.ingress.kubernetes.io/affinity: cookie
nginx.org/lb-method: ip_hash
{{- end }}
{{- else if eq .Values.mageai.ingress.controller "haproxy" }}
haproxy.org/timeout-server: 1h
haproxy-ingress.github.io/timeout-server: 1h
haproxy-ingress.github.io/timeout-tunnel: 1h
{{- if $several }}
haproxy.org/cookie-persistence: mage
haproxy-ingress.github.io/affinity: cookie
{{- end }}
{{- end }}
{{- end -}}

{{/* Traefik goes to pods itself, past the Service's session affinity, and reads what it is told of that on the Service. */}}
{{- define "mage-ilum.serviceAnnotations" -}}
{{- with .Values.mageai.ingress }}
{{- if and .enabled (eq .controller "traefik") (include "mage-ilum.severalWebServers" $) }}
traefik.ingress.kubernetes.io/service.sticky.cookie: "true"
{{- end }}
{{- end }}
{{- end -}}

{{- define "mage-ilum.severalWebServers" -}}
{{- if and .Values.mageai.standaloneScheduler (gt (int .Values.mageai.webServer.replicaCount) 1) -}}
true
{{- end -}}
{{- end -}}
