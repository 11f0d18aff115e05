"""The names under which a server may be addressed.

MLflow answers 403 to a request whose Host header it does not know (server/security_utils.py, since 3.5.0), and a list
of one's own replaces the built-in one. A pattern without * is compared as it is, port included, so each host is
there twice: bare, and with any port.
"""

from collections.abc import Sequence

from mlflow_operator.desired.endpoint import Endpoint
from mlflow_operator.desired.variables import literal

LOCAL = ("localhost", "127.0.0.1", "[::1]")
POD_IP = "$(POD_IP)"
"""Replaced by the kubelet; Prometheus and probes address pods."""


def allowed_hosts(endpoint: Endpoint, more: Sequence[str]) -> list[str]:
    """All host patterns, in a fixed order: the pod's own, the names of the endpoint, and ``more``."""
    own = [*LOCAL, *endpoint.aliases, endpoint.address.host, POD_IP, f"[{POD_IP}]"]
    extra = [literal(host) for host in more]
    return list(dict.fromkeys(pattern for host in own + extra for pattern in _patterns(host)))


def _patterns(host: str) -> list[str]:
    if host == "*" or _has_port(host):
        return [host]
    # A pattern with * is matched by fnmatch, to which a bracket begins a set of characters.
    escaped = host if "*" in host else host.replace("[", "[[]")
    return [host, f"{escaped}:*"]


def _has_port(host: str) -> bool:
    return not host.endswith("]") and ":" in host
