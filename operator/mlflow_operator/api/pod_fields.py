"""Parts of pods and NetworkPolicies that are passed on as they are: their fields, so that a misspelt one is refused.

Only names and types, as Kubernetes has them (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/):
what the values mean is checked by the API server when they are applied.
"""

from typing import Annotated, Any

from pydantic import WithJsonSchema

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer", "format": "int32"}
_QUANTITY: Schema = {"x-kubernetes-int-or-string": True}


def _object(*required: str, **fields: Schema) -> Schema:
    schema: Schema = {"type": "object", "properties": fields}
    return schema | ({"required": list(required)} if required else {})


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_TEXTS = _list(_TEXT)
_REQUIREMENTS = _list(_object("key", "operator", key=_TEXT, operator=_TEXT, values=_TEXTS))
_SELECTOR = _object(
    matchLabels={"type": "object", "additionalProperties": _TEXT},
    matchExpressions=_REQUIREMENTS,
)
_NODES = _object(matchExpressions=_REQUIREMENTS, matchFields=_REQUIREMENTS)
_PODS = _object(
    "topologyKey",
    topologyKey=_TEXT,
    labelSelector=_SELECTOR,
    namespaces=_TEXTS,
    namespaceSelector=_SELECTOR,
    matchLabelKeys=_TEXTS,
    mismatchLabelKeys=_TEXTS,
)
_NEAR_PODS = _object(
    requiredDuringSchedulingIgnoredDuringExecution=_list(_PODS),
    preferredDuringSchedulingIgnoredDuringExecution=_list(
        _object("weight", "podAffinityTerm", weight=_NUMBER, podAffinityTerm=_PODS)
    ),
)
_NEAR_NODES = _object(
    requiredDuringSchedulingIgnoredDuringExecution=_object("nodeSelectorTerms", nodeSelectorTerms=_list(_NODES)),
    preferredDuringSchedulingIgnoredDuringExecution=_list(
        _object("weight", "preference", weight=_NUMBER, preference=_NODES)
    ),
)
_KEY = _object("key", name=_TEXT, key=_TEXT, optional={"type": "boolean"})
_WHOLE = _object(name=_TEXT, optional={"type": "boolean"})

Toleration = Annotated[
    dict[str, Any],
    WithJsonSchema(
        _object(
            key=_TEXT,
            operator=_TEXT,
            value=_TEXT,
            effect=_TEXT,
            tolerationSeconds={"type": "integer", "format": "int64"},
        )
    ),
]
Affinity = Annotated[
    dict[str, Any],
    WithJsonSchema(_object(nodeAffinity=_NEAR_NODES, podAffinity=_NEAR_PODS, podAntiAffinity=_NEAR_PODS)),
]
TopologySpreadConstraint = Annotated[
    dict[str, Any],
    WithJsonSchema(
        _object(
            *("maxSkew", "topologyKey", "whenUnsatisfiable"),
            maxSkew=_NUMBER,
            topologyKey=_TEXT,
            whenUnsatisfiable=_TEXT,
            labelSelector=_SELECTOR,
            minDomains=_NUMBER,
            nodeAffinityPolicy=_TEXT,
            nodeTaintsPolicy=_TEXT,
            matchLabelKeys=_TEXTS,
        )
    ),
]
_ENV_SOURCE = _object(
    secretKeyRef=_KEY,
    configMapKeyRef=_KEY,
    fieldRef=_object("fieldPath", apiVersion=_TEXT, fieldPath=_TEXT),
    resourceFieldRef=_object("resource", containerName=_TEXT, resource=_TEXT, divisor=_QUANTITY),
)
_ENV_FROM = _object(prefix=_TEXT, secretRef=_WHOLE, configMapRef=_WHOLE)
EnvVarSource = Annotated[dict[str, Any], WithJsonSchema(_ENV_SOURCE)]
EnvFromSource = Annotated[dict[str, Any], WithJsonSchema(_ENV_FROM)]

_BLOCK = _object("cidr", cidr=_TEXT, **{"except": _TEXTS})
_PORT = _object(port=_QUANTITY, endPort=_NUMBER, protocol=_TEXT)
NETWORK_PEER: Schema = _object(podSelector=_SELECTOR, namespaceSelector=_SELECTOR, ipBlock=_BLOCK)
EGRESS_RULE: Schema = _object(to=_list(NETWORK_PEER), ports=_list(_PORT))

_MAP: Schema = {"type": "object", "additionalProperties": _TEXT}
_YES: Schema = {"type": "boolean"}
_LONG: Schema = {"type": "integer", "format": "int64"}
_ITEMS = _list(_object("key", "path", key=_TEXT, path=_TEXT, mode=_NUMBER))
_FILES = {"items": _ITEMS, "optional": _YES}
_TOKEN = _object("path", path=_TEXT, audience=_TEXT, expirationSeconds=_LONG)
_PART_OF_POD = _list(_object("path", path=_TEXT, mode=_NUMBER, fieldRef=_object("fieldPath", fieldPath=_TEXT)))
_PROJECTED = _object(
    secret=_object(name=_TEXT, **_FILES),
    configMap=_object(name=_TEXT, **_FILES),
    serviceAccountToken=_TOKEN,
    downwardAPI=_object(items=_PART_OF_POD),
)
_CSI = _object(
    "driver",
    driver=_TEXT,
    readOnly=_YES,
    fsType=_TEXT,
    volumeAttributes=_MAP,
    nodePublishSecretRef=_object(name=_TEXT),
)
_VOLUME = _object(
    "name",
    name=_TEXT,
    emptyDir=_object(sizeLimit=_QUANTITY, medium=_TEXT),
    secret=_object(secretName=_TEXT, defaultMode=_NUMBER, **_FILES),
    configMap=_object(name=_TEXT, defaultMode=_NUMBER, **_FILES),
    persistentVolumeClaim=_object("claimName", claimName=_TEXT, readOnly=_YES),
    projected=_object(sources=_list(_PROJECTED), defaultMode=_NUMBER),
    csi=_CSI,
    nfs=_object("server", "path", server=_TEXT, path=_TEXT, readOnly=_YES),
)
"""Without hostPath: the pods see nothing of their node."""
_MOUNT = _object(
    "name",
    "mountPath",
    name=_TEXT,
    mountPath=_TEXT,
    subPath=_TEXT,
    subPathExpr=_TEXT,
    readOnly=_YES,
    mountPropagation=_TEXT,
)
_HANDLER = {
    "exec": _object(command=_TEXTS),
    "httpGet": _object(
        "port",
        path=_TEXT,
        port=_QUANTITY,
        host=_TEXT,
        scheme=_TEXT,
        httpHeaders=_list(_object("name", "value", name=_TEXT, value=_TEXT)),
    ),
    "tcpSocket": _object("port", port=_QUANTITY, host=_TEXT),
}
_PROBE = _object(
    **_HANDLER,
    grpc=_object("port", port=_NUMBER, service=_TEXT),
    initialDelaySeconds=_NUMBER,
    timeoutSeconds=_NUMBER,
    periodSeconds=_NUMBER,
    successThreshold=_NUMBER,
    failureThreshold=_NUMBER,
    terminationGracePeriodSeconds=_LONG,
)
_HOOK = _object(**_HANDLER, sleep=_object("seconds", seconds=_LONG))
_AMOUNTS: Schema = {"type": "object", "additionalProperties": _QUANTITY}
_SECCOMP = _object("type", type=_TEXT, localhostProfile=_TEXT)
_CONTAINER = _object(
    "name",
    "image",
    name=_TEXT,
    image=_TEXT,
    imagePullPolicy=_TEXT,
    command=_TEXTS,
    args=_TEXTS,
    workingDir=_TEXT,
    env=_list(_object("name", name=_TEXT, value=_TEXT, valueFrom=_ENV_SOURCE)),
    envFrom=_list(_ENV_FROM),
    ports=_list(_object("containerPort", name=_TEXT, containerPort=_NUMBER, protocol=_TEXT)),
    resources=_object(requests=_AMOUNTS, limits=_AMOUNTS),
    volumeMounts=_list(_MOUNT),
    startupProbe=_PROBE,
    readinessProbe=_PROBE,
    livenessProbe=_PROBE,
    lifecycle=_object(postStart=_HOOK, preStop=_HOOK),
    restartPolicy=_TEXT,
    terminationMessagePolicy=_TEXT,
    securityContext=_object(
        runAsUser=_LONG,
        runAsGroup=_LONG,
        runAsNonRoot=_YES,
        readOnlyRootFilesystem=_YES,
        allowPrivilegeEscalation=_YES,
        privileged=_YES,
        capabilities=_object(add=_TEXTS, drop=_TEXTS),
        seccompProfile=_SECCOMP,
        appArmorProfile=_SECCOMP,
    ),
)
Volume = Annotated[dict[str, Any], WithJsonSchema(_VOLUME)]
VolumeMount = Annotated[dict[str, Any], WithJsonSchema(_MOUNT)]
Container = Annotated[dict[str, Any], WithJsonSchema(_CONTAINER)]
AppArmorProfile = Annotated[dict[str, Any], WithJsonSchema(_SECCOMP)]
HostAlias = Annotated[dict[str, Any], WithJsonSchema(_object("ip", ip=_TEXT, hostnames=_TEXTS))]
DnsConfig = Annotated[
    dict[str, Any],
    WithJsonSchema(_object(nameservers=_TEXTS, searches=_TEXTS, options=_list(_object(name=_TEXT, value=_TEXT)))),
]
