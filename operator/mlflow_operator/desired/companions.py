"""What a spec adds to the pods that run MLflow: volumes, and containers before and beside."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import pod
from mlflow_operator.desired.inputs import Object


def accompanied(server: MLflowServer, body: Object, *, beside: bool) -> Object:
    """A pod, whose first container runs MLflow, with what the spec adds.

    A container ``beside`` would keep a Job from ending; one that comes before and stays (restartPolicy Always) not.
    """
    spec = server.spec
    mlflow, *others = body["containers"]
    found = body | {"containers": [_mounting(server, mlflow), *others], "volumes": [*body["volumes"], *spec.volumes]}
    if beside:
        found["containers"] += [_unprivileged(container) for container in spec.sidecars]
    if spec.init_containers:
        found["initContainers"] = [_unprivileged(container) for container in spec.init_containers]
    return found


def _mounting(server: MLflowServer, container: Object) -> Object:
    """The container of MLflow, with more volumes, and as free as the spec lets it be."""
    said = server.spec.container_security_context
    context = {**container["securityContext"], "readOnlyRootFilesystem": said.read_only_root_filesystem}
    if said.app_armor_profile:
        context["appArmorProfile"] = said.app_armor_profile
    mounts = [*container["volumeMounts"], *server.spec.volume_mounts]
    return container | {"volumeMounts": mounts, "securityContext": context}


def _unprivileged(container: Object) -> Object:
    """Without privileges unless it asks for them, which the namespace's Pod Security Standard may refuse."""
    return container | {"securityContext": {**pod.UNPRIVILEGED, **container.get("securityContext", {})}}
