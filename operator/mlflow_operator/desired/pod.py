"""What every pod has in common: an unprivileged process without a token, on a read-only root file system."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired.inputs import Images, Object

UID = 65532
"""Nobody in particular: an image of any user works with it, as only mounted folders are written."""

TMP_VOLUME = {"name": "tmp", "emptyDir": {}}
TMP_MOUNT = {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108 - an emptyDir of the pod


def pod_spec(server: MLflowServer, containers: list[Object], volumes: list[Object], *, uid: int = UID) -> Object:
    """A pod that meets the Pod Security Standard "restricted", on the nodes that the spec allows."""
    spec: Object = {
        # A Service called `mlflow` would set MLFLOW_PORT=tcp://…, which the server takes for its --port.
        "enableServiceLinks": False,
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": uid,
            "runAsGroup": uid,
            "fsGroup": uid,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": containers,
        "volumes": [TMP_VOLUME, *volumes],
    }
    return spec | _for_all_pods(server)


def container(name: str, image: str, images: Images, *, pull_policy: str | None = None, **fields: object) -> Object:
    """A container without privileges; ``fields`` are its own."""
    policy = pull_policy or images.pull_policy
    secured = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    # Without a message of its own, the end of its log says why it crashed.
    told = {"terminationMessagePolicy": "FallbackToLogsOnError"}
    body: Object = {"name": name, "image": image, **told, **fields, "securityContext": secured}
    return body | ({"imagePullPolicy": policy} if policy else {})


def of_user(server: MLflowServer) -> Object:
    """What a container that runs MLflow takes from the spec as it is."""
    resources = {name: amounts for name, amounts in server.spec.resources.wire().items() if amounts}
    fields = {"envFrom": server.spec.env_from, "resources": resources}
    return {name: value for name, value in fields.items() if value}


def _for_all_pods(server: MLflowServer) -> Object:
    spec = server.spec
    fields = {
        "imagePullSecrets": [secret.wire() for secret in spec.image.pull_secrets],
        "nodeSelector": spec.node_selector,
        "tolerations": spec.tolerations,
        "priorityClassName": spec.priority_class_name,
    }
    return {name: value for name, value in fields.items() if value}
