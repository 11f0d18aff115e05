"""People say yes to exactly one attempt, and nothing is written on anything else that they have said."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mlflow_operator.api.gates.approvals import ApprovalGate
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.promotionapproval import PromotionApproval
from mlflow_operator.promotion.decision import Step
from mlflow_operator.promotion.facts import Facts
from mlflow_operator.promotion.gates.approval import strictest
from mlflow_operator.promotion.snapshot import Snapshot
from mlflow_operator.promotion.wish import REASSERT
from unit.promotion.claims import NOW, with_version

from .approvals import ALICE, HELD, SOON, TWO, again, asked_of, asking, decided, looked, rejected, said
from .measured import version

AUC = {"name": "auc", "metric": "val_auc", "min": 0.9}
SHUT = {"allow": [{"cron": "0 0 1 * *", "duration": "1h"}]}


def test_people_are_asked_and_nothing_moves_meanwhile() -> None:
    """The claim is suspended, says how many are required and until when, and has nothing under way."""
    made = asking()
    decision = decided(made)
    assert (decision.step, decision.reason, decision.attempt) == (Step.ASK, "ApprovalRequired", None)
    assert decision.message.startswith(
        "0 of 1 approvals of version 7 for stage/Production, until 2026-01-05T03:04:05Z;"
    )
    conditions = {c.type: (c.status, c.reason) for c in made.status.conditions}
    for type_ in ("Suspended", "Reconciling"):
        assert conditions[type_] == ("True", "ApprovalRequired")
    for type_ in ("Ready", "GatesPassed", "Approved", "Promoted"):
        assert conditions[type_] == ("False", "ApprovalRequired")
    assert (made.status.phase, asked_of(made).summary) == ("AwaitingApproval", "0 of 1")
    assert made.status.gate_summary == "approval Waiting: 0, expected 1 approval"
    assert Facts(made, HELD, NOW).until is None
    assert decision.until == asked_of(made).expires == NOW + timedelta(hours=72)


def test_the_message_has_the_command_that_approves_exactly_this() -> None:
    """Whoever runs it needs to fill in nothing: the user name comes from the API server."""
    made = asking(target={"stage": "Production", "mirrorAlias": "champion"})
    command = decided(made).message.partition("runs: ")[2]
    found = re.fullmatch(r"echo '(.*)' \| kubectl create -f -", command)
    assert found is not None
    who = """'"$(kubectl auth whoami -o jsonpath={.status.userInfo.username})"'"""
    assert found[1].count("'") == 2, "the shell sees one text, but for the user name"
    manifest = json.loads(found[1].replace(who, "bob"))
    assert (manifest["kind"], manifest["metadata"]) == (
        "PromotionApproval",
        {"generateName": "fraud-", "namespace": "team"},
    )
    manifest["metadata"] |= {"name": "x", "creationTimestamp": SOON.isoformat()}
    assert decided(made, PromotionApproval.parse(manifest)).step is Step.WRITE


def weighed(made: ModelPromotion) -> dict[str, tuple[list[PromotionApproval], str, str]]:
    """What people have said, the reason that follows, and a part of the message."""
    other = asking(now=NOW + timedelta(seconds=1))
    late = asked_of(made).expires + timedelta(seconds=1)
    return {
        "nobody": ([], "ApprovalRequired", "0 of 2 approvals of"),
        "one of two": ([said(made)], "ApprovalRequired", "1 of 2 approvals by bob"),
        "two": ([said(made), said(made, "carol")], "Promoting", ""),
        "one twice": ([said(made), said(made)], "ApprovalRequired", "1 of 2 approvals by bob"),
        "who has asked": ([said(made), said(made, "alice")], "ApprovalRequired", "not counted: alice has asked for it"),
        "too late": ([said(made), said(made, "carol", late)], "ApprovalRequired", "not counted: carol was too late"),
        "another time": ([said(made), said(other, "carol")], "ApprovalRequired", "1 of 2 approvals by bob of"),
        "another claim": (
            [said(made), said(made, "carol", promotionRef={"name": "other", "uid": "x"})],
            "ApprovalRequired",
            "1 of 2 approvals by bob of",
        ),
        "its predecessor": (
            [said(made), said(made, "carol", promotionRef={"name": "fraud", "uid": "before"})],
            "ApprovalRequired",
            "1 of 2 approvals by bob of",
        ),
        "another slot": (
            [said(made), said(made, "carol", slots=["staging"])],
            "ApprovalRequired",
            "not counted: carol does not name production",
        ),
        "more slots": ([said(made), said(made, "carol", slots=["staging", "production"])], "Promoting", ""),
        "a no": ([rejected(made)], "Rejected", "carol has rejected version 7 for stage/Production: too slow"),
        "a no to enough": ([said(made), said(made, "dave"), rejected(made)], "Rejected", "carol has rejected"),
        "a no after a yes": ([said(made), said(made, "carol"), rejected(made)], "Rejected", "carol has rejected"),
        "their own no": ([rejected(made, "alice", "a mistake")], "Rejected", "alice has rejected"),
        "a no to another time": ([said(made), said(made, "dave"), rejected(other)], "Promoting", ""),
        "a no of another slot": ([said(made), said(made, "dave"), rejected(made, slots=["none"])], "Promoting", ""),
    }


CASES = list(weighed(asking(**TWO)))


@pytest.mark.parametrize("case", CASES)
def test_what_people_have_said_is_weighed(case: str) -> None:
    """Distinct people count, not who has asked, not for another attempt; one no is more than any yes."""
    made = asking(**TWO)
    words, reason, message = weighed(made)[case]
    for order in (words, words[::-1]):
        decision = decided(made, *order)
        assert decision.reason == reason
        assert message in decision.message


def test_a_claim_with_a_mirror_writes_two_slots() -> None:
    """A right on one of them is none on the other."""
    made = asking(**MIRROR)
    assert asked_of(made).slots == ["production", "alias-champion"]
    for slots, step in ((["production"], Step.ASK), (["alias-champion"], Step.ASK), (asked_of(made).slots, Step.WRITE)):
        assert decided(made, said(made, slots=slots)).step is step
        assert decided(made, said(made), rejected(made, slots=slots)).step is (
            Step.WRITE if step is Step.ASK else Step.REFUSE
        )


def test_who_has_asked_counts_where_that_is_allowed() -> None:
    """With allowSelfApproval, also where nobody knows who has asked."""
    gate: dict[str, Any] = {"gates": {"approval": {"allowSelfApproval": True}}}
    assert decided(asking(**gate), said(asking(**gate), "alice")).step is Step.WRITE
    unknown = asking(annotations={}, **gate)
    assert decided(unknown, said(unknown, "alice")).step is Step.WRITE


def test_who_is_excluded_does_not_count() -> None:
    """Whatever right he has; the message says so, and somebody else's yes does count."""
    made = asking(gates={"approval": {"excluded": ["bob", "mallory"]}})
    refused = decided(made, said(made))
    assert refused.step is Step.ASK
    assert "not counted: bob may not approve this" in refused.message
    assert decided(made, said(made), said(made, "carol")).step is Step.WRITE


def test_of_several_who_ask_for_approval_the_strictest_holds() -> None:
    """The most people, the shortest time, oneself only where all allow it, and nobody whom anybody excludes."""
    gates = [
        ApprovalGate(required=1, timeout="90m", allow_self_approval=True),
        ApprovalGate(required=3, timeout="2h", excluded=["carol", "bob"]),
        ApprovalGate(required=2, timeout="1h31m", allow_self_approval=True, excluded=["bob"]),
    ]
    everybody = ApprovalGate(required=3, timeout="90m", allow_self_approval=False, excluded=["bob", "carol"])
    assert strictest(gates) == everybody
    assert strictest(gates[::2]) == ApprovalGate(required=2, timeout="90m", allow_self_approval=True, excluded=["bob"])


MIRROR: dict[str, Any] = {"target": {"stage": "Production", "mirrorAlias": "champion"}}
CHANGES: dict[str, dict[str, Any]] = {
    "another version": {"spec": {"version": 8}},
    "another requirement": {"spec": {"requires": {"currentStage": ["Staging"]}}},
    "another gate": {"spec": {"gates": {"approval": {}, "metrics": [AUC | {"mode": "DryRun"}]}}},
    "another timeout": {"spec": {"gates": {"approval": {"timeout": "24h"}}}},
    "another number of people": {"spec": {"gates": {"approval": {"required": 2}}}},
    "other tags": {"spec": {"tags": {"team": "risk"}}},
    "the others stay": {"spec": {"existingVersions": "Keep"}},
    "somebody else asks": {"annotations": {**ALICE, "mlflow.talentflow.ai/requested-by": "mallory"}},
    "asked once more": {"annotations": {**ALICE, REASSERT: "1"}},
    "registered anew": {"snapshot": with_version(HELD, replace(version("7", "Staging"), created=99))},
    "of another run": {"snapshot": with_version(HELD, replace(version("7", "Staging"), run="r"))},
    "of another logged model": {"snapshot": with_version(HELD, replace(version("7", "Staging"), logged_model="m"))},
    "another holder": {"snapshot": with_version(with_version(HELD, version("6")), version("8", "Production"))},
    "one holder more": {"snapshot": with_version(HELD, version("8", "Production"))},
    "a holder registered anew": {"snapshot": with_version(HELD, replace(version("6", "Production"), created=99))},
    "another mirror": {"snapshot": replace(HELD, aliases={"champion": "8"})},
}


def changed(made: ModelPromotion, change: dict[str, Any]) -> tuple[ModelPromotion, Snapshot]:
    """The claim and the registry after somebody has changed something."""
    return again(made, change.get("annotations"), **change.get("spec", {})), change.get("snapshot", HELD)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_of_what_was_approved_voids_it(change: dict[str, Any]) -> None:
    """People are asked anew, for something with another digest; also where it is changed back, once that was seen."""
    made = asking(**MIRROR)
    yes = said(made)
    assert decided(made, yes).step is Step.WRITE
    other, snapshot = changed(made, change)
    decision = decided(other, yes, snapshot=snapshot)
    assert (decision.step, decision.reason) == (Step.ASK, "ApprovalRequired")
    assert decision.approval is not None
    assert decision.approval.digest != yes.spec.attempt
    back = again(looked(other, snapshot, SOON, yes), made.metadata.annotations, **restored(made))
    assert decided(back, yes).step is Step.ASK


def restored(made: ModelPromotion) -> dict[str, Any]:
    """Every field that any of the changes touches, as it was."""
    spec = made.spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {name: spec.get(name) for name in ("version", "gates", "existingVersions")} | {
        "requires": spec.get("requires", {}),
        "tags": spec.get("tags", {}),
    }


SAME: dict[str, dict[str, Any]] = {
    "a longer history": {"spec": {"historyLimit": 20}},
    "other annotations": {"annotations": {**ALICE, "somebody/was": "here"}},
    "a tag of the version": {"snapshot": with_version(HELD, replace(version("7", "Staging"), tags={"a": "b"}))},
    "another version came": {"snapshot": with_version(HELD, version("9"))},
    "the version came nearer": {"snapshot": with_version(HELD, version("7", "Archived"))},
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_what_was_not_approved_may_change(change: dict[str, Any]) -> None:
    """An approval stands while something changes that nobody was asked about."""
    made = asking()
    other, snapshot = changed(made, change)
    assert decided(other, said(made), snapshot=snapshot).step is Step.WRITE


@pytest.mark.parametrize("spec", [{"suspend": True}, {"dryRun": True}], ids=["suspended", "a dry run"])
def test_a_pause_voids_nothing(spec: dict[str, Any]) -> None:
    """Suspended and resumed it is the same attempt; as a dry run it is none, and people are asked anew."""
    made = asking()
    paused = looked(again(made, **spec), HELD, SOON, said(made))
    resumed = decided(again(paused, suspend=False, dryRun=False), said(made))
    assert resumed.step is (Step.WRITE if "suspend" in spec else Step.ASK)
