"""With `admission.enabled`, who has a route made may make such routes himself; all users here are impersonated."""

import json
from typing import Any

import pytest

from cluster.host import waiting
from cluster.host.errors import ClusterError
from cluster.plane.control_plane import ControlPlane
from cluster.services.team import Team
from integration.server.steps import SQLITE
from integration.test_signing_rights import grant

pytestmark = pytest.mark.integration

WRITER, PUBLISHER = "willa", "paul"
"""Both may write servers; one may make Ingresses too, and no HTTPRoutes."""
SERVERS = {"apiGroups": ["mlflow.talentflow.ai"], "resources": ["mlflowservers"], "verbs": ["create", "patch", "get"]}
INGRESSES = {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": ["create"]}
INGRESS: dict[str, Any] = {"ingress": {"host": "mlflow.example.com"}}
GATEWAY: dict[str, Any] = {"gateway": {"parentRefs": [{"name": "public"}], "hostnames": ["mlflow.example.com"]}}


@pytest.fixture
def shop(asking: ControlPlane, team: Team) -> Team:
    """A team with both users, whose servers are written and never made."""
    grant(team, WRITER, [SERVERS])
    grant(team, PUBLISHER, [SERVERS, INGRESSES])
    waiting.until(lambda: refusal(team, WRITER, INGRESS) != "", what="the policy", seconds=60, pause=0.5)
    return team


def apply(team: Team, user: str, spec: dict[str, Any], *more: str) -> None:
    """Apply a server as somebody."""
    body = json.dumps(team.object("MLflowServer", "mlflow", {**SQLITE, "suspend": True, **spec}))
    team.plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", "--as", user, *more, text=body)


def refusal(team: Team, user: str, spec: dict[str, Any]) -> str:
    """What somebody is told who may not apply this; empty where it would be applied."""
    try:
        apply(team, user, spec, "--dry-run=server")
    except ClusterError as error:
        return str(error)
    return ""


def needs(team: Team, user: str, what: str, field: str) -> str:
    """The sentence."""
    return f"user {user} needs the verb create on {what} in namespace {team.namespace}, which spec.{field} makes"


def test_who_has_a_route_made_may_make_it(shop: Team) -> None:
    """Each kind of route by its own right; without a route nobody is asked."""
    assert refusal(shop, WRITER, {}) == ""
    assert refusal(shop, PUBLISHER, INGRESS) == ""
    assert needs(shop, WRITER, "ingresses", "ingress") in refusal(shop, WRITER, INGRESS)
    assert needs(shop, PUBLISHER, "httproutes", "gateway") in refusal(shop, PUBLISHER, INGRESS | GATEWAY)


def test_who_changes_something_else_needs_no_such_right(shop: Team) -> None:
    """The workers of a server that has a route, by anybody; its host, or an annotation, by those who may make it."""
    apply(shop, PUBLISHER, INGRESS)
    assert refusal(shop, WRITER, {**INGRESS, "workers": 3}) == ""
    assert refusal(shop, WRITER, {}) == "", "to take it away shows nothing to anybody"
    for change in ({"host": "other.example.com"}, {"annotations": {"a": "b"}}):
        changed = {"ingress": {**INGRESS["ingress"], **change}}
        assert needs(shop, WRITER, "ingresses", "ingress") in refusal(shop, WRITER, changed)
