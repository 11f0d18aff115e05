{{- define "mlflow-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "mlflow-operator.fullname" -}}
{{- $name := include "mlflow-operator.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "mlflow-operator.selector" -}}
app.kubernetes.io/name: {{ include "mlflow-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- /* Without app.kubernetes.io/managed-by: Helm adds it itself, and manifests/install.yaml is not managed by Helm. */ -}}
{{- define "mlflow-operator.labels" -}}
{{ include "mlflow-operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: mlflow-operator
{{- end }}

{{- define "mlflow-operator.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "mlflow-operator.fullname" .) }}
{{- end }}

{{- define "mlflow-operator.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}
{{- end }}

{{- /* Environment of the operator: only what is set, so that the defaults live in one place, the code. */ -}}
{{- define "mlflow-operator.environment" -}}
{{- $set := dict
  "NAMESPACES" (join "," .Values.watchNamespaces)
  "IMAGE_SERVER" .Values.images.server
  "IMAGE_POSTGRES" .Values.images.postgres
  "IMAGE_OBJECT_STORE" .Values.images.objectStore
  "IMAGE_OAUTH2_PROXY" .Values.images.oauth2Proxy
  "IMAGE_TOOLBOX" .Values.images.toolbox
  "IMAGE_PULL_POLICY" .Values.images.pullPolicy
  "USER_IDS" .Values.settings.userIds
  "APPROVALS" (.Values.settings.approvals | default (ternary "Count" "" .Values.admission.enabled))
  "EXTERNAL_HOSTS" (join "," .Values.settings.externalHosts)
  "POLICIES" (ternary "" "false" .Values.policies.enabled)
  "CLUSTER_DOMAIN" .Values.settings.clusterDomain
  "JOB_GATES" (kindIs "bool" .Values.settings.jobGates | ternary .Values.settings.jobGates .Values.admission.enabled)
  "WORKERS" .Values.settings.workers
  "RESYNC" .Values.settings.resync
  "RELIST" .Values.settings.relist
  "REGISTRY_POLL" .Values.settings.registryPoll
  "SERVER_PROBE" .Values.settings.serverProbe
  "ROLLOUTS" .Values.settings.rollouts
  "LOG_FORMAT" .Values.settings.logFormat
  "LOG_LEVEL" .Values.settings.logLevel
  "LEASE" (printf "%s/%s" .Release.Namespace (include "mlflow-operator.fullname" .))
  "HTTP_PORT" 8080 }}
{{- range $name, $value := $set }}
{{- if $value }}
- name: MLFLOW_OPERATOR_{{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end }}
{{- if include "mlflow-operator.caBundle" . }}
{{- /* The public authorities are in the folder that OpenSSL looks into beside this file. */}}
- name: SSL_CERT_FILE
  value: /etc/mlflow-operator/ca/{{ .Values.caBundle.key }}
{{- end }}
{{- end }}

{{- /* The volume with more authorities, or nothing. */ -}}
{{- define "mlflow-operator.caBundle" -}}
{{- if .Values.caBundle.configMap -}}
configMap: {name: {{ .Values.caBundle.configMap }}}
{{- else if .Values.caBundle.secret -}}
secret: {secretName: {{ .Values.caBundle.secret }}}
{{- end }}
{{- end }}

{{- define "mlflow-operator.podSecurityContext" -}}
{{- $own := dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault") }}
{{- if ne .Values.settings.userIds "Platform" }}
{{- $own = merge $own (dict "runAsUser" 65532 "runAsGroup" 65532 "fsGroup" 65532) }}
{{- end }}
{{- toYaml (mergeOverwrite $own (deepCopy .Values.podSecurityContext)) }}
{{- end }}

{{- define "mlflow-operator.securityContext" -}}
{{- $own := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL")) }}
{{- toYaml (mergeOverwrite $own (deepCopy .Values.securityContext)) }}
{{- end }}

{{- /* The least that the operator needs, for a ClusterRole or for a Role in each watched namespace. */ -}}
{{- define "mlflow-operator.rules" -}}
- apiGroups: [mlflow.talentflow.ai]
  resources: [mlflowservers/status, modelpromotions/status]
  verbs: [patch]
# Owner references of children, where the admission plugin OwnerReferencesPermissionEnforcement asks for it (OpenShift).
- apiGroups: [mlflow.talentflow.ai]
  resources: [mlflowservers/finalizers, modelpromotions/finalizers]
  verbs: [update]
{{ include "mlflow-operator.kinds" . }}
{{- end }}

{{- /* CEL: the names of all slots that a claim writes, the alias that moves along too; its argument is the object. */ -}}
{{- define "mlflow-operator.slots" -}}
(has({{ . }}.spec.target.stage) ? [{{ . }}.spec.target.stage.lowerAscii()] : [])
{{- range list "alias" "mirrorAlias" }} + (has({{ $ }}.spec.target.{{ . }}) ? ['alias-' + {{ $ }}.spec.target.{{ . }}] : []){{ end }}
{{- end }}

{{- /* CEL: the value of one of the operator's annotations, or nothing; its arguments are the object and the name. */ -}}
{{- define "mlflow-operator.annotation" -}}
{{- $of := printf "%s.metadata.annotations" (first .) }}{{ $name := printf "'mlflow.talentflow.ai/%s'" (last .) -}}
has({{ $of }}) && {{ $name }} in {{ $of }} ? {{ $of }}[{{ $name }}] : ''
{{- end }}

{{- /* CEL: the names of all Secrets that the pods of gates name. No function makes one list of lists, so their names
       become one text, and that a list; none has a comma in it. */ -}}
{{- define "mlflow-operator.gateSecrets" -}}
variables.jobs.map(j, j.template.spec.containers.map(c,
(has(c.env) ? c.env.filter(e, has(e.valueFrom) && has(e.valueFrom.secretKeyRef) && has(e.valueFrom.secretKeyRef.name)).map(e, e.valueFrom.secretKeyRef.name) : [])
+ (has(c.envFrom) ? c.envFrom.filter(e, has(e.secretRef) && has(e.secretRef.name)).map(e, e.secretRef.name) : [])
).map(names, names.join(',')).join(',') + ','
+ (has(j.template.spec.volumes) ? j.template.spec.volumes.filter(v, has(v.secret)).map(v, v.secret.secretName).join(',') : '') + ','
+ (has(j.template.spec.imagePullSecrets) ? j.template.spec.imagePullSecrets.map(s, s.name).join(',') : '')
).join(',').split(',').filter(name, name != '')
{{- end }}

{{- /* CEL: whether the user has a verb on the slot of the variable `slot`. */ -}}
{{- define "mlflow-operator.may" -}}
authorizer.group('mlflow.talentflow.ai').resource('modelslots').namespace(request.namespace).name(slot).check('{{ . }}').allowed()
{{- end }}

{{- /* CEL: the webhooks of a claim. */ -}}
{{- define "mlflow-operator.webhooks" -}}
has({{ . }}.spec.gates) && has({{ . }}.spec.gates.webhooks) ? {{ . }}.spec.gates.webhooks : []
{{- end }}

{{- /* A condition of policies for DELETE: without it, and without the question for the namespace, garbage collection and
       namespaces would hang for ever. */ -}}
{{- define "mlflow-operator.notGarbageCollection" -}}
- name: not-garbage-collection
  expression: >-
    !(request.userInfo.username in ['system:serviceaccount:kube-system:generic-garbage-collector',
    'system:kube-controller-manager'])
{{- end }}
