"""A route from outside, on a real API server; the controller is played, and says where it serves the Ingress."""

import pytest

from cluster.services.team import Object, Team, condition
from integration.server.steps import SQLITE, children, patch, serve, template, until_children

pytestmark = pytest.mark.integration

INGRESS = "Ingress/mlflow"
HOST = {"host": "mlflow.example.com", "className": "played", "tls": {"secretName": "certificate"}}


def exposed(server: Object) -> tuple[str, str]:
    """Status and reason of Exposed."""
    found = condition(server, "Exposed")
    return found.get("status", ""), found.get("reason", "")


def test_a_server_says_under_which_url_and_whether_a_controller_serves_it(team: Team) -> None:
    """Ready does not wait for it; when the controller tells an address, the condition follows by itself."""
    server = serve(team, ingress=HOST)
    assert server["status"]["externalURL"] == "https://mlflow.example.com"
    assert exposed(server) == ("Unknown", "NoAddress")
    table = team.plane.kubectl("get", "mls", "mlflow", "-n", team.namespace, "-o", "wide")
    assert "https://mlflow.example.com" in table
    address: Object = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}
    patch(team, "ingress/mlflow", address, "--type=merge", "--subresource=status")
    told = team.until("mlflowserver", "mlflow", lambda o: exposed(o) == ("True", "Admitted"))
    assert "192.0.2.7" in condition(told, "Exposed")["message"]


def test_another_host_is_let_in_and_told(team: Team) -> None:
    """The route, the URL and what MLflow lets in change together."""
    serve(team, ingress=HOST)
    patch(team, "mls/mlflow", {"spec": {"ingress": {"host": "ml.example.com"}}}, "--type=merge")
    until_children(
        team, lambda found: found[INGRESS]["spec"]["rules"][0]["host"] == "ml.example.com", what="the other host"
    )
    team.until("mlflowserver", "mlflow", lambda o: o["status"]["externalURL"] == "https://ml.example.com")
    team.ready("mlflowserver", "mlflow")
    env = {v["name"]: v.get("value", "") for v in template(team)["spec"]["containers"][0]["env"]}
    assert "ml.example.com:*" in env["MLFLOW_SERVER_ALLOWED_HOSTS"]
    assert env["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"] == "https://ml.example.com"


def test_a_route_that_is_taken_away_leaves_nothing(team: Team) -> None:
    """Neither the Ingress, nor a URL, nor a condition; the server stays ready."""
    serve(team, ingress=HOST)
    team.apply("MLflowServer", "mlflow", SQLITE)
    until_children(team, lambda found: INGRESS not in found, what="no route")
    server = team.until("mlflowserver", "mlflow", lambda o: "externalURL" not in o["status"])
    assert exposed(server) == ("", "")
    assert INGRESS not in children(team)
