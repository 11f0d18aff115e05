"""The Service in front of the server."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names
from mlflow_operator.desired.inputs import Object


def service(server: MLflowServer, version: str) -> Object:
    """The Service under whose names clients find the server."""
    wanted = server.spec.service
    metadata = names.metadata(server, names.instance(server), names.SERVER, version=version)
    if wanted.annotations:
        metadata["annotations"] = dict(wanted.annotations)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {
            "type": wanted.type,
            "selector": names.selector(server, names.SERVER),
            "ports": [port("http", wanted.port, "http")],
        },
    }


def internal(server: MLflowServer, name: str, component: str, number: int) -> Object:
    """The Service of a managed store."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": names.metadata(server, name, component),
        "spec": {
            "type": "ClusterIP",
            "selector": names.selector(server, component),
            "ports": [port(component, number, component)],
        },
    }


def port(name: str, number: int, target: str) -> Object:
    """A TCP port of a Service, for a named port of the pods."""
    return {"name": name, "port": number, "protocol": "TCP", "targetPort": target}
