"""MLflow's own metrics: counted by its workers, shown by a container beside them, found by a PodMonitor.

MLflow itself would show them on the server's port, where Prometheus needed a login, the prefix and a certificate; the
container has a port of its own, which only pods have, and no Service.
"""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names, pod, versions
from mlflow_operator.desired.inputs import Inputs, Object
from mlflow_operator.desired.server import programs
from mlflow_operator.desired.variables import from_field, plain

CONTAINER = "metrics"
"""Also the name of its port and of its volume."""
PORT = 9464
"""What OpenTelemetry's exporter for Prometheus has; the registry of ports has no other for it."""
_FOLDER = "/run/mlflow-metrics"
_ROOM = "64Mi"
"""Three files of 64 KiB for each worker that there was since the pod began."""


def container(server: MLflowServer, inputs: Inputs) -> list[Object]:
    """The container that shows the metrics, if they are wanted."""
    wanted = server.spec.monitoring
    if wanted is None:
        return []
    made = pod.container(
        CONTAINER,
        versions.image(server, inputs.images),
        inputs.images,
        pull_policy=server.spec.image.pull_policy,
        command=["python", "-c", program(), str(PORT), _FOLDER],
        env=[from_field("POD_IPS", "status.podIPs")],
        ports=[{"name": CONTAINER, "containerPort": PORT, "protocol": "TCP"}],
        readinessProbe={"tcpSocket": {"port": CONTAINER}, "periodSeconds": 10},
        livenessProbe={"tcpSocket": {"port": CONTAINER}, "periodSeconds": 20, "failureThreshold": 6},
        resources=pod.resources(wanted.resources, {"cpu": "10m", "memory": "48Mi"}),
        volumeMounts=[pod.TMP_MOUNT, *mounts(server)],
    )
    return [made]


def program() -> str:
    """What runs in the container."""
    return programs.text("show_metrics")


def variables(server: MLflowServer) -> list[Object]:
    """By which MLflow counts."""
    return [plain("MLFLOW_EXPOSE_PROMETHEUS", _FOLDER)] if server.spec.monitoring else []


def volumes(server: MLflowServer) -> list[Object]:
    """Where the workers write, and the container reads."""
    return [{"name": CONTAINER, "emptyDir": {"sizeLimit": _ROOM}}] if server.spec.monitoring else []


def mounts(server: MLflowServer) -> list[Object]:
    """The same in a container."""
    return [{"name": CONTAINER, "mountPath": _FOLDER}] if server.spec.monitoring else []


def pod_monitor(server: MLflowServer) -> Object | None:
    """The PodMonitor; None where nobody asks for one."""
    wanted = server.spec.monitoring.pod_monitor if server.spec.monitoring else None
    if wanted is None:
        return None
    metadata = names.metadata(server, names.instance(server), names.SERVER)
    metadata["labels"] = {**wanted.labels, **metadata["labels"]}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": metadata,
        "spec": {
            "selector": {"matchLabels": names.selector(server, names.SERVER)},
            "podMetricsEndpoints": [
                {"port": CONTAINER, "path": "/metrics", **({"interval": wanted.interval} if wanted.interval else {})}
            ],
        },
    }
