"""The one builder of every pod: an unprivileged process without a token, on a read-only root file system.

What the spec says of pods is read here alone, so that it holds for the server, its preparation and the stores.
"""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.pods import PodSecurityContext, Resources
from mlflow_operator.desired import names
from mlflow_operator.desired.inputs import Images, Inputs, Object

UID = 65532
"""Nobody in particular: an image of any user works with it, as only mounted folders are written."""

TMP_MOUNT = {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108 - an emptyDir of the pod
TMP_LIMIT = "1Gi"
"""For pods through which no artifacts pass: what runs away is evicted before it fills its node."""

_ISTIO = {"sidecar.istio.io/inject": "false"}
"""A label of pods into which Istio puts no sidecar."""
_LINKERD = {"linkerd.io/inject": "disabled"}
"""An annotation of pods into which Linkerd puts none."""
_ALONE = _ISTIO | _LINKERD


def template(
    server: MLflowServer,
    inputs: Inputs,
    component: str,
    spec: Object,
    *,
    version: str | None = None,
    annotations: dict[str, str] | None = None,
    uid: int = UID,
    tmp_limit: str = TMP_LIMIT,
    ends: bool = False,
) -> Object:
    """The template of a component's pods.

    They meet the Pod Security Standard "restricted". ``spec`` has what is the component's own, containers among it, and
    wins; ``uid`` is what the image likes to run as, where nobody says otherwise; a pod that ``ends`` asks meshes for no
    sidecar, with which it would not, unless the spec asks for one.
    """
    own_volumes = spec.get("volumes", [])
    body: Object = {
        # A Service called `mlflow` would set MLFLOW_PORT=tcp://…, which the server takes for its --port.
        "enableServiceLinks": False,
        "automountServiceAccountToken": False,
        "securityContext": security_context(server.spec.pod_security_context, inputs.user_ids, uid),
        **_scheduling(server),
        **spec,
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": tmp_limit}}, *own_volumes],
    }
    alone = ends and _ALONE.keys().isdisjoint(server.spec.pod_labels.keys() | server.spec.pod_annotations.keys())
    labels = {**(_ISTIO if alone else {}), **server.spec.pod_labels, **names.labels(server, component, version)}
    metadata: Object = {"labels": labels}
    told = {**(_LINKERD if alone else {}), **server.spec.pod_annotations, **(annotations or {})}
    return {"metadata": metadata | ({"annotations": told} if told else {}), "spec": body}


UNPRIVILEGED: Object = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
"""What the Pod Security Standard "restricted" wants of every container."""


def container(name: str, image: str, images: Images, *, pull_policy: str | None = None, **fields: object) -> Object:
    """A container without privileges; ``fields`` are its own."""
    policy = pull_policy or images.pull_policy
    secured = {**UNPRIVILEGED, "readOnlyRootFilesystem": True}
    # Without a message of its own, the end of its log says why it crashed.
    told = {"terminationMessagePolicy": "FallbackToLogsOnError"}
    body: Object = {"name": name, "image": image, **told, **fields, "securityContext": secured}
    return body | ({"imagePullPolicy": policy} if policy else {})


def near_the_server(server: MLflowServer) -> Object:
    """Affinity of pods that mount volumes of the server, which can be mounted where it runs alone if ReadWriteOnce."""
    near = {
        "weight": 100,
        "podAffinityTerm": {
            "labelSelector": {"matchLabels": names.selector(server, names.SERVER)},
            "topologyKey": "kubernetes.io/hostname",
        },
    }
    return {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [near]}}


def of_user(server: MLflowServer) -> Object:
    """What a container that runs MLflow takes from the spec as it is, and what it asks for where that says nothing."""
    # Idle, the supervisor and its parent have 225 MiB, and each worker 205 MiB more (proportional set size, 3.17.2).
    memory = f"{256 * (1 + server.spec.workers)}Mi"
    wanted = resources(server.spec.resources, {"cpu": "100m", "memory": memory})
    return ({"envFrom": server.spec.env_from} if server.spec.env_from else {}) | {"resources": wanted}


def resources(said: Resources, requests: dict[str, str]) -> Object:
    """Resources as the spec says; ``requests`` are for what it does not mention: one beyond a limit is refused."""
    mentioned = said.requests.keys() | said.limits.keys()
    own = {name: amount for name, amount in requests.items() if name not in mentioned}
    found = {"requests": own | said.requests, "limits": said.limits}
    return {name: amounts for name, amounts in found.items() if amounts}


def security_context(wanted: PodSecurityContext, user_ids: str, uid: int = UID) -> Object:
    """As whom a pod runs; on a platform that gives each namespace a range of its own, as it pleases."""
    ids = {"runAsUser": uid, "runAsGroup": uid, "fsGroup": uid} if user_ids == "Fixed" else {}
    said = {name: value for name, value in wanted.wire().items() if value}
    return {
        "runAsNonRoot": True,
        **ids,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
        **said,
    }


def _scheduling(server: MLflowServer) -> Object:
    """On which nodes all pods of the server may run, with which right, and how they find names."""
    spec = server.spec
    fields = {
        "imagePullSecrets": [secret.wire() for secret in spec.image.pull_secrets],
        "nodeSelector": spec.node_selector,
        "tolerations": spec.tolerations,
        "priorityClassName": spec.priority_class_name,
        "runtimeClassName": spec.runtime_class_name,
        "hostAliases": spec.host_aliases,
        "dnsPolicy": spec.dns_policy,
        "dnsConfig": spec.dns_config,
    }
    return {name: value for name, value in fields.items() if value}
