"""With `admission.enabled` a right on the slot is asked from whoever promotes; all users here are impersonated."""

import json
import re

import pytest

from cluster.host import waiting
from cluster.host.errors import ClusterError
from cluster.plane.control_plane import ControlPlane
from cluster.services.registry import Registry
from cluster.services.team import Object, Team
from integration.conftest import POLICIES
from unit.documentation import DOCS, snippets

pytestmark = pytest.mark.integration

PRODUCTION, STAGING, CHAMPION = {"stage": "Production"}, {"stage": "Staging"}, {"alias": "champion"}
MIRRORED = {"stage": "Production", "mirrorAlias": "champion"}
ELSEWHERE = {"stage": "Production", "mirrorAlias": "other"}
EDITOR = ("--as", "erin")
"""May write claims, and promote nothing."""
PROMOTER = ("--as", "paul")
"""May write claims, and promote to Production."""
MANAGER = ("--as", "mona", "--as-group", "release-managers", "--as-group", "system:authenticated")
"""May write claims, and promote to Production and to the alias champion, as the documentation shows it."""

Who = tuple[str, ...]


@pytest.fixture
def shop(asking: ControlPlane, team: Team) -> Team:
    """A team with an editor, a promoter and a release manager."""
    for name in ("erin", "paul", "mona"):
        bind(team, f"edit-{name}", "edit", name)
    bind(team, "promote", "mlflow-operator-promote-production", "paul")
    for text in snippets(DOCS / "authorisation.md", "yaml"):
        asking.kubectl("apply", "-n", team.namespace, "-f", "-", text=text)
    asked = f"needs the verb promote on modelslots.mlflow.talentflow.ai production in namespace {team.namespace}"
    waiting.until(lambda: asked in refusal(team, "probe", 1, EDITOR), what="the policies", seconds=60, pause=0.5)
    return team


def bind(team: Team, name: str, role: str, user: str) -> None:
    """Bind a ClusterRole in the team's namespace."""
    team.plane.kubectl("-n", team.namespace, "create", "rolebinding", name, f"--clusterrole={role}", f"--user={user}")


def apply(team: Team, name: str, version: int, who: Who, *more: str, **spec: object) -> Object:
    """Apply a claim as somebody; `more` are flags, `spec` replaces fields."""
    wanted = {"serverRef": {"name": "mlflow"}, "model": "fraud", "target": PRODUCTION, "version": version, **spec}
    body = json.dumps(team.object("ModelPromotion", name, wanted))
    words = ("apply", "--server-side", "--force-conflicts", "-o", "json", "-f", "-", *who, *more)
    made: Object = json.loads(team.plane.kubectl(*words, text=body))
    return made


def refusal(team: Team, name: str, version: int, who: Who, **spec: object) -> str:
    """What somebody is told who may not apply this; empty where it would be applied."""
    try:
        apply(team, name, version, who, "--dry-run=server", **spec)
    except ClusterError as error:
        return str(error)
    return ""


def needs(user: str, slots: str, team: Team) -> str:
    """The sentence."""
    return (
        f"user {user} needs the verb promote on modelslots.mlflow.talentflow.ai {slots} in namespace {team.namespace}"
    )


CREATE: dict[str, tuple[Who, dict[str, str], str]] = {
    "an editor, to Production": (EDITOR, PRODUCTION, "production"),
    "a promoter, to Production": (PROMOTER, PRODUCTION, ""),
    "a promoter, to Staging": (PROMOTER, STAGING, "staging"),
    "a promoter, to an alias": (PROMOTER, CHAMPION, "alias-champion"),
    "a promoter, with a mirror": (PROMOTER, MIRRORED, "production, alias-champion"),
    "a manager, with a mirror": (MANAGER, MIRRORED, ""),
    "a manager, to the alias": (MANAGER, CHAMPION, ""),
    "a manager, to another alias": (MANAGER, {"alias": "Champion"}, "alias-Champion"),
    "a manager, with another mirror": (MANAGER, ELSEWHERE, "production, alias-other"),
}


def test_who_may_create_a_claim(shop: Team) -> None:
    """Whoever has the right on each slot that it writes; nobody gets around it, and what is told names the slots."""
    for case, (who, target, missing) in CREATE.items():
        told = refusal(shop, "new", 7, who, target=target)
        assert (needs(who[1], missing, shop) in told) if missing else told == "", (case, told)


def test_an_editor_moves_nothing_of_what_somebody_else_has_promoted(shop: Team) -> None:
    """Neither by the version nor by anything else of the spec, nor by the annotation that asks once more."""
    apply(shop, "fraud", 7, PROMOTER)
    told = needs("erin", "production", shop)
    assert told in refusal(shop, "fraud", 8, EDITOR)
    for change in ({"suspend": True}, {"dryRun": True}, {"requires": {"signature": True}}):
        assert told in refusal(shop, "fraud", 7, EDITOR, **change), change
    assert refusal(shop, "fraud", 8, PROMOTER) == ""
    words = ("-n", shop.namespace, "annotate", "modelpromotion", "fraud", "--overwrite")
    with pytest.raises(ClusterError, match=re.escape(told)):
        shop.plane.kubectl(*words, "mlflow.talentflow.ai/reassert=1", *EDITOR)
    shop.plane.kubectl(*words, "mlflow.talentflow.ai/reassert=1", *PROMOTER)
    shop.plane.kubectl(*words, "somebody/was=here", *EDITOR)
    shop.plane.kubectl("-n", shop.namespace, "label", "modelpromotion", "fraud", "team=risk", *EDITOR)


def test_what_is_applied_again_needs_no_right(shop: Team) -> None:
    """GitOps tools apply the same for ever; whoever applied it first has had the right."""
    apply(shop, "fraud", 7, PROMOTER)
    apply(shop, "fraud", 7, EDITOR)


def test_whoever_may_write_claims_may_plan(shop: Team) -> None:
    """A dry run of any slot and version; to make it real is to promote."""
    apply(shop, "plan", 7, EDITOR, dryRun=True)
    apply(shop, "plan", 8, EDITOR, dryRun=True)
    assert needs("erin", "production", shop) in refusal(shop, "plan", 8, EDITOR, dryRun=False)
    apply(shop, "plan", 8, PROMOTER, dryRun=False)


def test_deletion_moves_nothing_and_needs_no_right_on_the_slot(shop: Team) -> None:
    """With the policy Retain."""
    apply(shop, "fraud", 7, PROMOTER)
    shop.plane.kubectl("-n", shop.namespace, "delete", "modelpromotion", "fraud", *EDITOR)


def test_the_operator_promotes_without_the_right(shop: Team, served: Team, registry: Registry, model: str) -> None:
    """It writes the status, and that is nobody's wish."""
    assert served.namespace == shop.namespace
    apply(shop, "fraud", 7, PROMOTER, model=model)
    shop.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["7"]


def test_the_audit_log_says_who_moves_what(shop: Team, asking: ControlPlane) -> None:
    """Also of a request that was refused; not of one that moves nothing."""
    mark = asking.audit.mark()
    apply(shop, "fraud", 7, MANAGER, target=MIRRORED)
    with pytest.raises(ClusterError):
        apply(shop, "fraud", 8, EDITOR, target=MIRRORED)
    apply(shop, "fraud", 7, EDITOR, target=MIRRORED)
    events = [e for e in asking.audit.events(mark) if e.get("objectRef", {}).get("name") == "fraud"]
    key = "mlflow-operator-promote/promotion"
    said = [e["annotations"][key] for e in events if key in e.get("annotations", {})]
    assert said == [f"fraud v{n} -> production, alias-champion by {who}" for n, who in ((7, "mona"), (8, "erin"))]


def test_the_expressions_fit_the_kind(asking: ControlPlane) -> None:
    """The API server has checked their types, and warns of nothing."""

    def status(policy: str) -> Object:
        found = json.loads(asking.kubectl("get", "validatingadmissionpolicy", policy, "-o", "json"))
        return dict(found.get("status", {}))

    for policy in POLICIES:
        waiting.until(lambda policy=policy: "typeChecking" in status(policy), what=f"types of {policy}", seconds=60)  # type: ignore[misc]
        assert status(policy)["typeChecking"] == {}, policy


def test_the_question_of_the_documentation_is_answered(shop: Team, asking: ControlPlane) -> None:
    """It shows how to ask whether somebody may, which `kubectl auth can-i` cannot."""
    page = snippets(DOCS / "authorisation.md", "console")
    (question,) = re.findall(r"<<EOF\n(.*)^EOF", "\n".join(page), re.DOTALL | re.MULTILINE)
    here = question.replace("team-a", shop.namespace)
    words = ("create", "-o", "jsonpath={.status.allowed}", "-f", "-")
    assert asking.kubectl(*words, text=here) == "true"
    assert asking.kubectl(*words, text=here.replace("name: production", "name: staging")) != "true"


def test_an_admin_of_the_namespace_cannot_take_it_for_himself(shop: Team) -> None:
    """Nobody grants what he does not have."""
    bind(shop, "admin", "admin", "adam")
    words = ("-n", shop.namespace, "create", "rolebinding", "mine", "--clusterrole=mlflow-operator-promote")
    with pytest.raises(ClusterError, match="attempting to grant RBAC permissions not currently held"):
        shop.plane.kubectl(*words, "--user=adam", "--as", "adam")


def test_deletion_that_would_move_something_needs_the_right(shop: Team, asking: ControlPlane) -> None:
    """For the day when there is such a policy; a namespace with such a claim in it goes all the same."""
    path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/deletionPolicy/enum"
    words = ("patch", "crd", "modelpromotions.mlflow.talentflow.ai", "--type=json", "-p")

    def allow(*policies: str) -> None:
        asking.kubectl(*words, json.dumps([{"op": "replace", "path": path, "value": list(policies)}]))

    def known() -> bool:
        return refusal(shop, "fraud", 7, PROMOTER, deletionPolicy="Demote") == ""

    allow("Retain", "Demote")
    try:
        waiting.until(known, what="the changed kind", seconds=30)
        apply(shop, "fraud", 7, PROMOTER, deletionPolicy="Demote")
        apply(shop, "left", 7, MANAGER, deletionPolicy="Demote", target=CHAMPION)
        told = needs("erin", "production", shop) + " to delete a claim with deletionPolicy Demote"
        delete = ("-n", shop.namespace, "delete", "modelpromotion", "fraud")
        with pytest.raises(ClusterError, match=re.escape(told)):
            asking.kubectl(*delete, *EDITOR)
        asking.kubectl(*delete, *PROMOTER)
        asking.kubectl("delete", "namespace", shop.namespace, "--timeout=60s")
    finally:
        allow("Retain")
