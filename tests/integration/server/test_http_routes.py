"""A route by the Gateway API, on a real API server that has HTTPRoutes only later; the controller is played."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.services.team import Administered, Object, Team, condition
from integration.server.steps import SQLITE, patch, serve

pytestmark = pytest.mark.integration

CRD = Path(__file__).with_name("httproutes.yaml")
GATEWAY = {"parentRefs": [{"name": "public", "namespace": "infra"}], "hostnames": ["mlflow.example.com"]}


def exposed(server: Object) -> tuple[str, str]:
    """Status and reason of Exposed."""
    found = condition(server, "Exposed")
    return found.get("status", ""), found.get("reason", "")


def attached(generation: int) -> Object:
    """What the controller of a Gateway says."""
    now = "2026-01-01T00:00:00Z"
    said = [
        {"type": type_, "status": "True", "reason": type_, "message": "", "lastTransitionTime": now}
        | {"observedGeneration": generation}
        for type_ in ("Accepted", "ResolvedRefs")
    ]
    return {"status": {"parents": [{"parentRef": {"name": "public"}, "controllerName": "a/b", "conditions": said}]}}


@pytest.fixture
def without(team: Team) -> Iterator[Administered]:
    """The cluster, which has no HTTPRoutes before and after."""
    yield team.plane
    team.plane.kubectl("delete", "--ignore-not-found", "--wait", "-f", str(CRD))


def test_a_route_is_made_when_the_cluster_learns_about_routes(team: Team, without: Administered) -> None:
    """Until then the server says what is missing and works; what a controller says of it is told; then it goes."""
    server = serve(team, gateway=GATEWAY)
    assert exposed(server) == ("False", "GatewayApiMissing")
    assert server["status"]["externalURL"] == "https://mlflow.example.com"
    without.kubectl("apply", "-f", str(CRD))
    team.until("mlflowserver", "mlflow", lambda o: exposed(o) == ("Unknown", "NoController"))
    made = team.get("httproute", "mlflow")
    assert made["spec"]["parentRefs"] == GATEWAY["parentRefs"]
    patch(team, "httproute/mlflow", attached(made["metadata"]["generation"]), "--type=merge", "--subresource=status")
    team.until("mlflowserver", "mlflow", lambda o: exposed(o) == ("True", "Admitted"))
    patch(team, "httproute/mlflow", {"spec": {"hostnames": ["other.example.com"]}}, "--type=merge")
    team.until("httproute", "mlflow", lambda o: o["spec"]["hostnames"] == GATEWAY["hostnames"])
    team.apply("MLflowServer", "mlflow", SQLITE)
    team.until("mlflowserver", "mlflow", lambda o: exposed(o) == ("", "") and "externalURL" not in o["status"])
    assert not without.kubectl("get", "httproutes", "-n", team.namespace, "-o", "name")
