"""What protects a server: logins, HTTPS, walls; no reason of Ready's, since a server works without them."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import asks_for_login, login_at, origins
from mlflow_operator.status.conditions import Answer


def protection(server: MLflowServer, strangers_pass: bool | None, certificate: Answer | None = None) -> Answer | None:
    """What protects the server, or in plain words that something does not; None while that has yet to be tried.

    Args:
        server: what is wanted of it.
        strangers_pass: whether somebody without a login was answered; None where that could not be tried.
        certificate: what is to be said of the certificate, beside what is worse.
    """
    found = _found(server, strangers_pass)
    if certificate is None:
        return found
    if found is None or found.status == "True":
        return certificate
    return found._replace(message=f"{found.message}; {certificate.message}")


def _found(server: MLflowServer, strangers_pass: bool | None) -> Answer | None:
    if not asks_for_login(server):
        return Answer("False", "NoLogin", _NO_LOGIN.format(_reach(server)))
    if strangers_pass is None:
        return None
    if strangers_pass:
        return Answer("False", "StrangersPass", _STRANGERS.format(_reach(server)))
    if plain := _plain(server):
        return Answer("False", "PlainText", _PLAIN.format(" and ".join(plain)))
    by = f"logins by {provider}; " if (provider := login_at(server)) else ""
    return Answer("True", "Protected", f"who has no login is sent away; {by}HTTPS everywhere; {_walls(server)}")


def _reach(server: MLflowServer) -> str:
    """Who reaches the server, as far as the spec tells."""
    policy, outside = server.spec.network_policy, list[str]()
    if policy is None or not policy.enabled:
        inside = "every pod of the cluster"
    else:
        inside = "whom spec.networkPolicy.from names" if policy.from_ else "the pods of its namespace"
    outside += [f"whoever reaches {origin}" for origin in origins(server)]
    if server.spec.service.type != "ClusterIP":
        outside.append(f"whoever reaches its {server.spec.service.type}")
    return " and ".join([inside, *outside])


def _plain(server: MLflowServer) -> list[str]:
    """Ways on which passwords can be read."""
    found = [] if server.spec.tls else ["inside the cluster (spec.tls is not set)"]
    return found + [f"at {origin}" for origin in origins(server) if origin.startswith("http://")]


def _walls(server: MLflowServer) -> str:
    policy = server.spec.network_policy
    return "NetworkPolicies say who reaches it" if policy and policy.enabled else "no NetworkPolicy says who reaches it"


_NO_LOGIN = (
    "nothing asks for a login: {} may read, change and delete everything in it; set spec.auth.basic or "
    "spec.auth.oauth2Proxy"
)
_STRANGERS = (
    "the server answered a question that came without a login, though spec.auth is set: {} may read what is in it; "
    "see whether spec.env or the image switches logins off"
)
_PLAIN = "logins go over the network in plain text {}; unless something else encrypts there, such as a mesh, set HTTPS"
