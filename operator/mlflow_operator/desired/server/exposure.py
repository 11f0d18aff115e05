"""Under which names a server is reached from outside the cluster, by whatever route."""

from mlflow_operator.api.mlflowserver import MLflowServer


def hosts(server: MLflowServer) -> list[str]:
    """Host names of all routes."""
    return [host for _, host in _routes(server)]


def origins(server: MLflowServer) -> list[str]:
    """What browsers name as the origin when they come by a route."""
    return [f"{scheme}://{host}" for scheme, host in _routes(server)]


def external_url(server: MLflowServer) -> str | None:
    """Where people outside the cluster reach the server, by the first of its routes; None where there is none."""
    found = origins(server)
    return found[0] + (server.spec.network.static_prefix or "") if found else None


def _routes(server: MLflowServer) -> list[tuple[str, str]]:
    """Scheme and host of each route."""
    ingress, gateway = server.spec.ingress, server.spec.gateway
    found = [("https" if ingress.tls else "http", ingress.host)] if ingress else []
    return found + ([(gateway.scheme, host) for host in gateway.hostnames] if gateway else [])
