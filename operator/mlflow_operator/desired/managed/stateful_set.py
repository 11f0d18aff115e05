"""What managed stores have in common: one pod at a time on one volume."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names
from mlflow_operator.desired.inputs import Object


def stateful_set(server: MLflowServer, name: str, component: str, template: Object) -> Object:
    """A StatefulSet of one pod, or of none while the server hibernates."""
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": names.metadata(server, name, component),
        "spec": {
            "replicas": 0 if server.spec.hibernate else 1,
            "serviceName": name,
            # In order, a pod that never becomes ready would not be replaced by one of a corrected template.
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": names.selector(server, component)},
            "template": template,
        },
    }
