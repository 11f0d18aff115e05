"""With `admission.enabled`, a webhook's Secret is for those who may read it; all users here are impersonated."""

import json

import pytest
import yaml

from cluster.host import waiting
from cluster.host.errors import ClusterError
from cluster.plane.control_plane import ControlPlane
from cluster.services.team import Team

pytestmark = pytest.mark.integration

WRITER, READER = "wendy", "rita"
"""Both may write claims and promote; one may read the Secret cab, and no other."""
CLAIMS = [
    {"apiGroups": ["mlflow.talentflow.ai"], "resources": ["modelpromotions"], "verbs": ["create", "patch", "get"]},
    {"apiGroups": ["mlflow.talentflow.ai"], "resources": ["modelslots"], "verbs": ["promote"]},
]
CAB = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["cab"], "verbs": ["get"]}


@pytest.fixture
def shop(asking: ControlPlane, team: Team) -> Team:
    """A team with both users."""
    grant(team, WRITER, CLAIMS)
    grant(team, READER, [*CLAIMS, CAB])
    waiting.until(lambda: "let webhook cab" in refusal(team, WRITER, hook()), what="the policy", seconds=60, pause=0.5)
    return team


def grant(team: Team, user: str, rules: list[dict[str, list[str]]]) -> None:
    """Give a user a Role of his own."""
    rbac, meta = "rbac.authorization.k8s.io", {"name": user, "namespace": team.namespace}
    role = {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": meta, "rules": rules}
    binding = {
        "apiVersion": f"{rbac}/v1",
        "kind": "RoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": rbac, "kind": "Role", "name": user},
        "subjects": [{"apiGroup": rbac, "kind": "User", "name": user}],
    }
    team.plane.kubectl("apply", "-f", "-", text=yaml.safe_dump_all([role, binding]))


def hook(name: str = "cab", ref: str = "cab", **more: str) -> dict[str, object]:
    """A webhook with a Secret."""
    named = {"secretRef": {"name": ref}} if ref else {}
    return {"name": name, "type": "Confirm", "url": f"https://{name}.example.com", **named, **more}


def apply(team: Team, user: str, hooks: tuple[dict[str, object], ...], *more: str, **spec: object) -> None:
    """Apply a claim as somebody."""
    gates = {"gates": {"webhooks": list(hooks)}} if hooks else {}
    wanted = {"serverRef": {"name": "mlflow"}, "model": "fraud", "target": {"stage": "Production"}, "version": 7}
    body = json.dumps(team.object("ModelPromotion", "fraud", {**wanted, **gates, **spec}))
    words = ("apply", "--server-side", "--force-conflicts", "-f", "-", "--as", user, *more)
    team.plane.kubectl(*words, text=body)


def refusal(team: Team, user: str, *hooks: dict[str, object], **spec: object) -> str:
    """What somebody is told who may not apply this; empty where it would be applied."""
    try:
        apply(team, user, hooks, "--dry-run=server", **spec)
    except ClusterError as error:
        return str(error)
    return ""


def needs(team: Team, user: str, secret: str, name: str) -> str:
    """The sentence."""
    return (
        f"user {user} needs the verb get on secrets {secret} in namespace {team.namespace}"
        f" to let webhook {name} be signed with it"
    )


def test_who_names_a_secret_may_read_it(shop: Team) -> None:
    """Whoever may read it may have messages signed with it; nobody gets around it, by a plan neither."""
    assert refusal(shop, READER, hook()) == ""
    assert refusal(shop, WRITER, hook(ref="")) == ""
    assert refusal(shop, WRITER) == ""
    for spec in ({}, {"dryRun": True}, {"suspend": True}):
        assert needs(shop, WRITER, "cab", "cab") in refusal(shop, WRITER, hook(), **spec)
    assert needs(shop, READER, "other", "legal") in refusal(shop, READER, hook(), hook("legal", "other"))


def test_each_of_eight_is_asked_for(shop: Team) -> None:
    """The last one too, and all of them are within what an expression may cost."""
    seven = [hook(f"cab-{n}") for n in range(7)]
    assert refusal(shop, READER, *seven, hook("cab-7")) == ""
    assert needs(shop, READER, "other", "cab-7") in refusal(shop, READER, *seven, hook("cab-7", "other"))


def test_who_changes_something_else_needs_no_such_right(shop: Team) -> None:
    """A version is changed by whoever may promote; a webhook, and where it is, only by who may read its Secret."""
    apply(shop, READER, (hook(),))
    assert refusal(shop, WRITER, hook(), version=8) == ""
    assert refusal(shop, WRITER) == "", "to take it away gives nothing away"
    assert needs(shop, WRITER, "cab", "cab") in refusal(shop, WRITER, hook(url="https://elsewhere.example.com"))
    assert needs(shop, WRITER, "cab", "more") in refusal(shop, WRITER, hook(), hook("more"))
