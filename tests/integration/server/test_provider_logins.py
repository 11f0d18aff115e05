"""A server with logins at a provider, on a real API server: its Secrets, and what follows from a change of one.

The MLflow behind it asks nobody, so the proxy itself is tried elsewhere: tests/ecosystem/test_oauth2_proxy.py.
"""

from base64 import b64decode

import pytest

from cluster.host import waiting
from cluster.services.operator_process import OperatorProcess
from cluster.services.team import Object, Team, condition, has_reason
from integration.server.steps import SQLITE, children, secret, serve, until_children

pytestmark = pytest.mark.integration

OWN = "mlflow-oauth2-proxy"
AUTH: Object = {
    "oauth2Proxy": {
        "issuerURL": "https://login.example.com/realms/ml",
        "clientID": "mlflow",
        "clientSecretRef": {"name": "client", "key": "secret"},
        "emailDomains": ["example.com"],
        "groups": ["ml"],
    }
}


def held(team: Team, name: str) -> dict[str, str]:
    """What a Secret holds."""
    return {key: b64decode(value).decode() for key, value in team.get("secret", name)["data"].items()}


def generation(team: Team) -> int:
    """Of the Deployment: another one is another template."""
    return int(team.get("deployment", "mlflow")["metadata"]["generation"])


def jobs(team: Team) -> set[str]:
    """The preparations that there are."""
    return {name for name in children(team) if name.startswith("Job/")}


def test_nothing_begins_without_the_clients_secret(team: Team) -> None:
    """It is waited for by name and by key, and its arrival is noticed."""
    team.apply("MLflowServer", "mlflow", {**SQLITE, "auth": AUTH})
    server = team.until("mlflowserver", "mlflow", has_reason("SecretNotFound"))
    assert "Secret client" in condition(server, "Ready")["message"]
    assert jobs(team) == set()
    secret(team, "client", other="of-something-else")
    team.until("mlflowserver", "mlflow", has_reason("SecretKeyNotFound"))
    secret(team, "client", secret="of-the-client")
    team.ready("mlflowserver", "mlflow")


def test_what_opens_the_server_is_drawn_once_and_goes_with_it(team: Team, operator: OperatorProcess) -> None:
    """Another spec leaves it, and it is nowhere but in its Secret; who is answered without it is told of."""
    secret(team, "client", secret="of-the-client")
    serve(team, auth=AUTH)
    server = team.until("mlflowserver", "mlflow", lambda found: condition(found, "Secured")["status"] == "False")
    assert condition(server, "Secured")["reason"] == "StrangersPass"
    first = held(team, OWN)
    serve(team, auth=AUTH, podLabels={"a": "b"})
    assert held(team, OWN) == first
    kinds = "pods,jobs,deployments,configmaps,mlflowservers,events.events.k8s.io"
    told = team.plane.kubectl("get", kinds, "-n", team.namespace, "-o", "json") + operator.process.log.read_text()
    words = [value for key, value in first.items() if key != "username"]
    assert [word for word in (*words, "of-the-client") if word.strip() in told] == []
    team.delete("mlflowserver", "mlflow")
    waiting.until(lambda: f"Secret/{OWN}" not in children(team), what="no Secret", seconds=60)
    assert team.get("secret", "client")


@pytest.mark.parametrize("changed", ["client", OWN])
def test_another_secret_replaces_pods_and_prepares_nothing(team: Team, changed: str) -> None:
    """The proxy reads its secrets once; the stores have nothing to do with them. What is deleted is drawn anew."""
    secret(team, "client", secret="of-the-client")
    serve(team, auth=AUTH)
    before, first, prepared = generation(team), held(team, OWN), jobs(team)
    if changed == "client":
        secret(team, "client", secret="another-of-the-client")
    else:
        team.delete("secret", OWN)
    waiting.until(lambda: generation(team) > before, what="another template", seconds=30)
    team.ready("mlflowserver", "mlflow")
    assert (held(team, OWN) == first) is (changed == "client")
    assert jobs(team) == prepared


def test_logins_of_one_kind_follow_those_of_the_other(team: Team) -> None:
    """From MLflow's own to the provider's and back to none: each has a Secret of its own, so that none lacks a key."""
    secret(team, "client", secret="of-the-client")
    team.apply("MLflowServer", "mlflow", {**SQLITE, "auth": {"basic": {}}})
    until_children(team, lambda found: "Secret/mlflow-auth" in found, "the operator's user")
    serve(team, auth=AUTH)
    assert "htpasswd" in held(team, OWN)
    serve(team)
    (container,) = team.get("deployment", "mlflow")["spec"]["template"]["spec"]["containers"]
    assert container["name"] == "mlflow"
