"""The HorizontalPodAutoscaler of a server.

It scales the MLflowServer, not the Deployment: so there is one number, and nobody has to hand it over.
"""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.schema import API_VERSION
from mlflow_operator.desired import names
from mlflow_operator.desired.inputs import Object

_CPU = 80
"""Percent of the request, where the spec says nothing; as Kubernetes' own examples do."""


def autoscaler(server: MLflowServer) -> Object | None:
    """The autoscaler; None where nobody asks for one, and while the server hibernates, when nothing can be measured."""
    wanted = server.spec.autoscaling
    if wanted is None or server.spec.hibernate:
        return None
    cpu, memory = wanted.target_cpu_utilization_percentage, wanted.target_memory_utilization_percentage
    targets = {"cpu": cpu if cpu or memory else _CPU, "memory": memory}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": names.metadata(server, names.instance(server), names.SERVER),
        "spec": {
            "scaleTargetRef": {
                "apiVersion": API_VERSION,
                "kind": MLflowServer.NAMES.kind,
                "name": server.metadata.name,
            },
            "minReplicas": wanted.min_replicas,
            "maxReplicas": wanted.max_replicas,
            "metrics": [_metric(name, percent) for name, percent in targets.items() if percent],
        },
    }


def _metric(name: str, percent: int) -> Object:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": name, "target": target}}
