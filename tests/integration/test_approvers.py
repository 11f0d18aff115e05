"""Who may approve, who has asked, and who may take back what: asked by the API server, told in a sentence."""

import json
from typing import Any

import pytest
import yaml

from cluster.host.errors import ClusterError
from cluster.plane.control_plane import ControlPlane
from cluster.services.team import Object, Team
from integration.people import REQUESTED_BY, People

pytestmark = pytest.mark.integration

ATTEMPT = "0123456789abcdef" * 4
ABOUT: dict[str, Any] = {
    "promotionRef": {"name": "fraud", "uid": "u-1"},
    "slots": ["production"],
    "attempt": ATTEMPT,
}
NO: dict[str, Any] = ABOUT | {"decision": "Reject", "reason": "no"}
BOTH = ["production", "alias-champion"]


@pytest.fixture
def people(asking: ControlPlane, team: Team) -> People:
    """A team whose members have the rights that they are known for."""
    found = People(team)
    found.bind()
    return found


def needs(who: str, slots: str, people: People) -> str:
    """The sentence."""
    right = f"the verb approve on modelslots.mlflow.talentflow.ai {slots} in namespace {people.team.namespace}"
    return f"user {who} needs {right}"


def test_who_may_approve(people: People) -> None:
    """Whoever has the right on every slot, under the own name; an editor cannot write approvals at all."""
    role = {"apiGroups": ["mlflow.talentflow.ai"], "resources": ["promotionapprovals"], "verbs": ["*"]}
    made = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "write"},
        "rules": [role],
    }
    kubectl, namespace = people.team.plane.kubectl, people.team.namespace
    kubectl("apply", "-n", namespace, "-f", "-", text=json.dumps(made))
    kubectl("-n", namespace, "create", "rolebinding", "write", "--role=write", "--user=frank")
    cases: dict[str, tuple[str, dict[str, Any], str]] = {
        "of his slot": ("bob", {}, ""),
        "of all slots": ("carol", {"slots": BOTH}, ""),
        "a no": ("bob", NO, ""),
        "of another slot": ("bob", {"slots": ["staging"]}, needs("bob", "staging", people)),
        "of a mirror": ("bob", {"slots": BOTH}, needs("bob", "production, alias-champion", people)),
        "in another name": ("bob", {"approver": "carol"}, "spec.approver has to be your own user name: bob"),
        "without the right": ("frank", {}, needs("frank", "production", people)),
        "a no without it": ("frank", NO, needs("frank", "production", people)),
        "who promotes": ("paul", {}, 'cannot create resource "promotionapprovals"'),
        "who edits": ("erin", {}, 'cannot create resource "promotionapprovals"'),
    }
    for case, (who, spec, expected) in cases.items():
        told = people.told(who, **(ABOUT | spec))
        assert (expected in told) if expected else told == "", (case, told)


def test_an_administrator_is_one_person_too(people: People) -> None:
    """Whoever has every right approves under his own name only."""
    obj = people.team.object("PromotionApproval", "x", ABOUT | {"decision": "Approve", "approver": "bob"})
    with pytest.raises(ClusterError, match="has to be your own user name: admin"):
        people.team.plane.kubectl("create", "-f", "-", text=json.dumps(obj))


BAD: dict[str, tuple[str, str]] = {
    "no attempt": ("attempt: null", "attempt is missing: copy status.approval.digest of the ModelPromotion"),
    "an attempt by its number": ("attempt: '3'", "an approval is of exactly one attempt; copy status.approval.digest"),
    "no slot": ("slots: []", "should have at least 1 item"),
    "a slot as the status of claims has it": ("slots: [stage/Production]", "such as production or alias-champion"),
    "a no without a reason": ("decision: Reject", "say why: who asked for it has to know what to change"),
    "a no without words": ("decision: Reject\nreason: ' '", "say why: who asked for it has to know what to change"),
    "another word": ("decision: Maybe", 'supported values: "Approve", "Reject"'),
    "no uid": ("promotionRef: {name: fraud}", "spec.promotionRef.uid: Required value"),
    "nobody": ("approver: ''", "spec.approver"),
    "what nobody knows": ("until: tomorrow", 'unknown field "spec.until"'),
}


@pytest.mark.parametrize(("part", "message"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_refused_with_a_sentence(installed: ControlPlane, team: Team, part: str, message: str) -> None:
    """An approval that names no attempt, no slot or no reason says nothing."""
    changed = ABOUT | {"decision": "Approve", "approver": "bob"} | yaml.safe_load(part)
    wanted = {name: value for name, value in changed.items() if value is not None}
    obj = team.object("PromotionApproval", "bad", wanted)
    with pytest.raises(ClusterError) as refused:
        installed.kubectl("create", "--validate=strict", "-f", "-", text=json.dumps(obj))
    assert message in str(refused.value)


GATES: dict[str, tuple[str, str]] = {
    "nobody": ("required: 0", "should be greater than or equal to 1"),
    "a crowd": ("required: 11", "should be less than or equal to 10"),
    "no time": ("timeout: 10s", "write hours, minutes and seconds, a minute at least"),
    "days": ("timeout: 3d", "write hours, minutes and seconds, a minute at least"),
    "a dry run": ("mode: DryRun", 'unknown field "spec.gates.approval.mode"'),
}


@pytest.mark.parametrize(("part", "message"), GATES.values(), ids=GATES)
def test_a_gate_that_cannot_be_is_refused(installed: ControlPlane, team: Team, part: str, message: str) -> None:
    """With a sentence; and the defaults are not written into the object."""
    spec: Object = {"serverRef": {"name": "mlflow"}, "model": "fraud", "target": {"stage": "Production"}, "version": 7}
    words = ("create", "--validate=strict", "--dry-run=server", "-o", "json", "-f", "-")
    spec |= {"gates": {"approval": yaml.safe_load(part)}}
    obj = team.object("ModelPromotion", "bad", spec, annotations={REQUESTED_BY: "admin"})
    with pytest.raises(ClusterError) as refused:
        installed.kubectl(*words, text=json.dumps(obj))
    assert message in str(refused.value)
    obj["spec"]["gates"] = {"approval": {}}
    assert json.loads(installed.kubectl(*words, text=json.dumps(obj)))["spec"]["gates"] == {"approval": {}}


def test_nobody_writes_who_has_approved_into_the_tags(installed: ControlPlane, team: Team) -> None:
    """Only the operator says that."""
    with pytest.raises(ClusterError, match="the operator itself says who has approved a version"):
        team.promote("fraud", "fraud", 7, tags={"mlflow.talentflow.ai/approved-by": "the boss"})


def test_what_was_said_does_not_change(people: People) -> None:
    """Not by its maker, not by an administrator: it is deleted, and another one made."""
    name = people.create("carol", **ABOUT)
    patch = ("patch", "promotionapproval", name, "--type=merge", "-p")
    for change in ({"decision": "Reject", "reason": "no"}, {"slots": ["staging"]}, {"reason": "because"}):
        with pytest.raises(ClusterError, match="an approval cannot be changed; delete it, and create another"):
            people.team.plane.kubectl("-n", people.team.namespace, *patch, json.dumps({"spec": change}))


def test_who_may_take_back_what(people: People) -> None:
    """An approval by whoever may delete it, since nothing passes by that; a rejection by its maker alone."""
    yes, no = people.create("bob", **ABOUT), people.create("bob", **NO)
    assert "deleted" in people.run("carol", "delete", "promotionapproval", yes)
    told = people.run("carol", "delete", "promotionapproval", no)
    assert "only bob, who has rejected it, may take that back" in told
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "0b0b0b0b-0000-0000-0000-000000000000"}
    patch = json.dumps({"metadata": {"ownerReferences": [owner]}})
    words = ("patch", "promotionapproval", no, "--type=merge", "-p")
    with pytest.raises(ClusterError, match="only bob may give this approval another owner"):
        people.team.plane.kubectl("-n", people.team.namespace, *words, patch)
    people.team.plane.kubectl("-n", people.team.namespace, "label", "promotionapproval", no, "a=b")
    assert "deleted" in people.run("bob", "delete", "promotionapproval", no)


def test_a_namespace_goes_with_the_rejections_in_it(people: People) -> None:
    """They hold up nobody."""
    people.create("bob", **NO)
    people.team.plane.kubectl("delete", "namespace", people.team.namespace, "--timeout=60s")


def asked(people: People, who: str, name: str = "fraud", version: int = 7, **spec: Any) -> str:
    """What somebody is told who asks; empty where the claim is applied."""
    try:
        people.ask(who, name, "fraud", version, **spec)
    except ClusterError as error:
        return str(error)
    return ""


def own(who: str) -> str:
    """The sentence about the annotation."""
    return f"{REQUESTED_BY} says who asks for this, and has to be your own user name: {who}"


def test_who_asks_says_so_under_the_own_name(people: People) -> None:
    """Missing or another's, it is refused; also when the spec is changed and the name stays."""
    assert own("alice") in asked(people, "alice", annotations={REQUESTED_BY: ""})
    assert own("alice") in asked(people, "alice", annotations={REQUESTED_BY: "bob"})
    assert asked(people, "alice") == ""
    assert own("paul") in asked(people, "paul", version=8, annotations={REQUESTED_BY: "alice"})
    assert asked(people, "paul", version=8) == ""
    again = ("annotate", "mp", "fraud", "--overwrite", "mlflow.talentflow.ai/reassert=1")
    assert own("alice") in people.run("alice", *again)
    assert "annotated" in people.run("alice", *again, f"{REQUESTED_BY}=alice")


def test_nobody_is_made_to_have_asked(people: People) -> None:
    """To change the name alone is to promote, and it can be the own one only; other annotations are free."""
    assert asked(people, "alice") == ""
    words = ("annotate", "mp", "fraud", "--overwrite")
    assert "needs the verb promote" in people.run("erin", *words, f"{REQUESTED_BY}=erin")
    assert own("paul") in people.run("paul", *words, f"{REQUESTED_BY}=bob")
    assert own("paul") in people.run("paul", *words, f"{REQUESTED_BY}-")
    assert "annotated" in people.run("paul", *words, f"{REQUESTED_BY}=paul")
    assert "annotated" in people.run("erin", *words, "somebody/was=here")


def test_the_name_is_needed_where_others_approve_only(people: People) -> None:
    """Not for a plan, until it is made real; not where oneself may approve; but a wrong one is refused anywhere."""
    none = {REQUESTED_BY: ""}
    assert asked(people, "erin", annotations=none, dryRun=True) == ""
    assert own("alice") in asked(people, "alice", annotations=none, dryRun=False)
    mine = {"approval": {"allowSelfApproval": True}}
    assert asked(people, "alice", "mine", annotations=none, gates=mine) == ""
    assert asked(people, "alice", "free", annotations=none, gates={}) == ""
    assert own("alice") in asked(people, "alice", "other", annotations={REQUESTED_BY: "bob"}, gates={})


def test_the_audit_log_says_who_has_approved_what(people: People, asking: ControlPlane) -> None:
    """One line for each, also for one that was refused."""
    mark = asking.audit.mark()
    people.create("carol", **(ABOUT | {"slots": BOTH}))
    people.told("bob", **(ABOUT | {"slots": ["staging"]}))
    key = "mlflow-operator-approve/decision"
    events: list[Object] = list(asking.audit.events(mark))
    said = [e["annotations"][key] for e in events if key in e.get("annotations", {})]
    assert said == [
        "Approve fraud -> production, alias-champion by carol",
        "Approve fraud -> staging by bob",
    ]
