"""The HTTPRoute of a server: a route from outside the cluster by the Gateway API, on which large artifacts pass."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names
from mlflow_operator.desired.inputs import Object

_NO_LIMIT = "0s"
"""As the Gateway API writes it (GEP-1742); some gateways break off after 15 s where nothing is said."""


def http_route(server: MLflowServer) -> Object | None:
    """The HTTPRoute; None where nobody asks for one."""
    wanted = server.spec.gateway
    if wanted is None:
        return None
    metadata = names.metadata(server, names.instance(server), names.SERVER)
    if wanted.annotations:
        metadata["annotations"] = dict(wanted.annotations)
    rule: Object = {
        "matches": [{"path": {"type": "PathPrefix", "value": server.spec.network.static_prefix or "/"}}],
        "backendRefs": [{"name": names.instance(server), "port": server.spec.service.port}],
        "timeouts": {"request": _NO_LIMIT},
    }
    spec = {
        "parentRefs": [parent.wire() for parent in wanted.parent_refs],
        "hostnames": wanted.hostnames,
        "rules": [rule],
    }
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": metadata, "spec": spec}
