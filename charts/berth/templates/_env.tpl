{{/* Variables of the operator: Section__Key as in its options. */}}
{{- define "berth.env" -}}
- name: POD_IP
  valueFrom:
    fieldRef:
      fieldPath: status.podIP
- name: Identity
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: Operator__Namespace
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: Operator__Workers
  value: {{ .Values.workers | quote }}
{{- range $i, $namespace := .Values.watchNamespaces }}
- name: Operator__WatchNamespaces__{{ $i }}
  value: {{ $namespace | quote }}
{{- end }}
- name: Http__Address
  value: {{ printf "0.0.0.0:%d" (int .Values.httpPort) | quote }}
- name: Http__Views
  value: "false"
- name: View__Address
  value: {{ ternary (printf "0.0.0.0:%d" (int .Values.view.port)) "" (eq (include "berth.views" .) "true") | quote }}
- name: View__Advertise
  value: {{ printf "$(POD_IP):%d" (int .Values.view.port) | quote }}
- name: View__Service
  value: {{ printf "%s-view" (include "berth.fullname" .) | quote }}
- name: Gateway__Address
  value: {{ printf "0.0.0.0:%d" (int .Values.gateway.port) | quote }}
- name: Gateway__Advertise
  value: {{ .Values.gateway.advertise | default (printf "$(POD_IP):%d" (int .Values.gateway.port)) | quote }}
- name: Gateway__Addresses
  value: {{ .Values.gateway.addresses | default (printf "%s-gateway.%s.svc:%d" (include "berth.fullname" .) .Release.Namespace (int .Values.gateway.port)) | quote }}
- name: Gateway__MaxConnections
  value: {{ .Values.gateway.maxConnections | int | quote }}
- name: Gateway__CertificateSecret
  value: {{ .Values.gateway.tls.secretName | quote }}
- name: Gateway__MakeCertificate
  value: {{ and .Values.gateway.tls.make (not .Values.gateway.tls.certManager.enabled) | quote }}
- name: Images__Agent
  value: {{ include "berth.image" (dict "image" .Values.agentImage "root" .) | quote }}
{{- with .Values.agentImage.pullPolicy }}
- name: Images__PullPolicy
  value: {{ . }}
{{- end }}
- name: Images__AgentResources
  value: {{ .Values.agentImage.resources | default dict | toJson | quote }}
- name: Lease__Name
  value: {{ .Values.lease.name | quote }}
- name: Lease__Duration
  value: {{ .Values.lease.duration | quote }}
- name: Lease__RenewDeadline
  value: {{ .Values.lease.renewDeadline | quote }}
- name: Lease__RetryPeriod
  value: {{ .Values.lease.retryPeriod | quote }}
- name: Postgres__CapacityBytes
  value: {{ .Values.postgres.capacityBytes | int64 | quote }}
- name: Postgres__EncryptionKeysSecret
  value: {{ .Values.postgres.encryptionKeysSecret | quote }}
{{- range $key, $value := .Values.retention }}
- name: Retention__{{ title $key }}
  value: {{ $value | quote }}
{{- end }}
- name: Postgres__ConnectionString
  valueFrom:
    secretKeyRef:
      name: {{ include "berth.postgresSecret" . }}
      key: {{ ternary "connectionString" .Values.postgres.existingSecret.key .Values.postgres.bundled.enabled }}
{{- range $i, $rule := .Values.notifications.rules }}
{{- $at := printf "Notifications__Rules__%d__" $i }}
- name: {{ $at }}Url
  {{- if $rule.urlSecret }}
  valueFrom:
    secretKeyRef:
      name: {{ $rule.urlSecret.name }}
      key: {{ $rule.urlSecret.key }}
  {{- else }}
  value: {{ required (printf "notifications.rules[%d] needs url or urlSecret" $i) $rule.url | quote }}
  {{- end }}
{{- range $key := list "name" "format" "severity" "namespace" "pool" "workspace" }}
{{- with index $rule $key }}
- name: {{ $at }}{{ title $key }}
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- range $j, $kind := $rule.kinds }}
- name: {{ $at }}Kinds__{{ $j }}
  value: {{ $kind | quote }}
{{- end }}
{{- end }}
{{- with .Values.otlp.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
- name: OTEL_EXPORTER_OTLP_PROTOCOL
  value: {{ $.Values.otlp.protocol | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
