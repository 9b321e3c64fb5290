{{- define "gateway.name" -}}
{{- printf "%s-gateway" .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "gateway.selector" -}}
app.kubernetes.io/name: gateway
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "gateway.labels" -}}
{{ include "gateway.selector" . }}
app.kubernetes.io/part-of: lutra
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/* The names under which clients in the cluster reach the service. */}}
{{- define "gateway.hosts" -}}
{{- $name := include "gateway.name" . -}}
{{- $own := list $name (printf "%s.%s" $name .Release.Namespace) (printf "%s.%s.svc.cluster.local" $name .Release.Namespace) -}}
{{- concat $own .Values.allowedHosts | toJson -}}
{{- end -}}

{{/* The names of the keys: the first one seals. */}}
{{- define "gateway.keys" -}}
{{- concat (list .Values.keys.current) .Values.keys.others | toJson -}}
{{- end -}}

{{/* The configuration, in which the settings of the chart take precedence. */}}
{{- define "gateway.config" -}}
{{- $keys := list -}}
{{- range $index, $key := include "gateway.keys" . | fromJsonArray -}}
{{- $keys = append $keys (dict "id" $key "secret" (printf "${LUTRA_KEY_%d}" $index)) -}}
{{- end -}}
{{- $listen := dict "host" "0.0.0.0" "port" 3000 "allowedHosts" (include "gateway.hosts" . | fromJsonArray) -}}
{{- $own := dict "listen" $listen "admin" (dict "host" "0.0.0.0" "port" 9464) "keys" $keys "lameDuckMs" (int .Values.lameDuckMs) "drainMs" (int .Values.drainMs) -}}
{{- mergeOverwrite (deepCopy .Values.config) $own | toYaml -}}
{{- end -}}
