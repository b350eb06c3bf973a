{{/* A pod that runs a check with the program, rights and settings of the operator. */}}
{{- define "berth.hookPod" -}}
{{- $verb := .verb }}
{{- with .root }}
restartPolicy: Never
serviceAccountName: {{ include "berth.serviceAccount" . }}
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "berth.podSecurity" . | nindent 2 }}
containers:
  - name: {{ $verb }}
    image: {{ include "berth.image" (dict "image" .Values.image "root" .) }}
    imagePullPolicy: {{ .Values.image.pullPolicy }}
    args: [{{ $verb }}]
    env:
      {{- include "berth.env" . | nindent 6 }}
    resources:
      requests:
        cpu: 50m
        memory: 128Mi
      limits:
        memory: 512Mi
    securityContext:
      {{- include "berth.containerSecurity" . | nindent 6 }}
    volumeMounts:
      - name: tmp
        mountPath: /tmp
      {{- with .Values.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: tmp
    emptyDir: {}
  {{- with .Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end -}}
