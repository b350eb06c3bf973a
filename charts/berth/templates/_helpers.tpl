{{- define "berth.fullname" -}}
{{- if .Values.fullnameOverride -}}{{ .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains "berth" .Release.Name -}}{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}{{ printf "%s-berth" .Release.Name | trunc 50 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{- define "berth.selector" -}}
app.kubernetes.io/name: berth
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "berth.labels" -}}
app.kubernetes.io/name: berth
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: berth
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "berth.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}{{ .Values.serviceAccount.name | default (include "berth.fullname" .) }}
{{- else -}}{{ required "serviceAccount.name is required when serviceAccount.create is false" .Values.serviceAccount.name }}{{- end -}}
{{- end -}}

{{- define "berth.username" -}}system:serviceaccount:{{ .Release.Namespace }}:{{ include "berth.serviceAccount" . }}{{- end -}}

{{/* Image reference of .image, with the chart's version for want of a tag. */}}
{{- define "berth.image" -}}
{{- with .image.registry | default .root.Values.image.registry }}{{ trimSuffix "/" . }}/{{ end }}
{{- if .image.digest -}}{{ .image.repository }}@{{ .image.digest }}
{{- else -}}{{ .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}{{- end -}}
{{- end -}}

{{- define "berth.postgresSecret" -}}
{{- if .Values.postgres.bundled.enabled -}}{{ include "berth.fullname" . }}-postgres
{{- else -}}{{ required "postgres.existingSecret.name is required: name a Secret with a connection string, or set postgres.bundled.enabled=true for a trial" .Values.postgres.existingSecret.name }}{{- end -}}
{{- end -}}

{{/* Cluster-scoped names: fixed for the whole cluster, told apart by the first namespace otherwise: no two releases watch the same. */}}
{{- define "berth.scoped" -}}
{{- if .root.Values.watchNamespaces -}}{{ .name }}-{{ first .root.Values.watchNamespaces }}{{- else -}}{{ .name }}{{- end -}}
{{- end -}}

{{- define "berth.roleRef" -}}
apiGroup: rbac.authorization.k8s.io
kind: {{ .kind }}
name: {{ .name }}
{{- end -}}

{{- define "berth.subjects" -}}
- kind: ServiceAccount
  name: {{ include "berth.serviceAccount" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}

{{/* "true" when the aggregated API is served. It is one for the whole cluster: of several operators that watch some namespaces one may. */}}
{{- define "berth.views" -}}{{ and .Values.view.enabled (or (not .Values.watchNamespaces) .Values.view.withWatchNamespaces) }}{{- end -}}

{{/* What the restricted pod security standard asks of a pod, and of a container. */}}
{{- define "berth.podSecurity" -}}
runAsNonRoot: true
{{- with .Values.runAsUser }}
runAsUser: {{ . }}
runAsGroup: {{ . }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "berth.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
