"""The Service in front of the server."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.serving import Service
from mlflow_operator.desired import names
from mlflow_operator.desired.inputs import Object
from mlflow_operator.desired.server import encryption


def service(server: MLflowServer, version: str) -> Object:
    """The Service under whose names clients find the server."""
    wanted = server.spec.service
    metadata = names.metadata(server, names.instance(server), names.SERVER, version=version)
    if annotations := {**encryption.of_service(server), **wanted.annotations}:
        metadata["annotations"] = annotations
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {
            "type": wanted.type,
            **_as_said(wanted),
            "selector": names.selector(server, names.SERVER),
            # Pods keep the name of their port, by which those of before serve until the others are there.
            "ports": [port(encryption.scheme(server), wanted.port, "http") | encryption.protocol(server)],
        },
    }


def _as_said(wanted: Service) -> Object:
    """What is passed on as it is; what is not said is left to the cluster."""
    fields: Object = {
        "loadBalancerClass": wanted.load_balancer_class,
        "loadBalancerSourceRanges": wanted.load_balancer_source_ranges,
        "externalTrafficPolicy": wanted.external_traffic_policy,
        "sessionAffinity": wanted.session_affinity,
        "ipFamilyPolicy": wanted.ip_family_policy,
        "ipFamilies": wanted.ip_families,
    }
    return {name: value for name, value in fields.items() if value}


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
