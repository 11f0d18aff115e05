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
EnvVarSource = Annotated[
    dict[str, Any],
    WithJsonSchema(
        _object(
            secretKeyRef=_KEY,
            configMapKeyRef=_KEY,
            fieldRef=_object("fieldPath", apiVersion=_TEXT, fieldPath=_TEXT),
            resourceFieldRef=_object("resource", containerName=_TEXT, resource=_TEXT, divisor=_QUANTITY),
        )
    ),
]
EnvFromSource = Annotated[
    dict[str, Any],
    WithJsonSchema(_object(prefix=_TEXT, secretRef=_WHOLE, configMapRef=_WHOLE)),
]

_BLOCK = _object("cidr", cidr=_TEXT, **{"except": _TEXTS})
_PORT = _object(port=_QUANTITY, endPort=_NUMBER, protocol=_TEXT)
NETWORK_PEER: Schema = _object(podSelector=_SELECTOR, namespaceSelector=_SELECTOR, ipBlock=_BLOCK)
EGRESS_RULE: Schema = _object(to=_list(NETWORK_PEER), ports=_list(_PORT))
