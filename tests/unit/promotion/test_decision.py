"""What follows for a claim from what the registry holds."""

from collections.abc import Mapping
from typing import Any

import pytest

from mlflow_operator.api.attempt import AttemptResult, AttemptType
from mlflow_operator.promotion.decision import Decision, Step
from mlflow_operator.promotion.evidence import NOTHING, Evidence, ModelFile
from mlflow_operator.promotion.plan import is_empty, repair
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot
from mlflow_operator.promotion.wish import REASSERT, Wish
from mlflow_operator.status.promotion import compute

from .claims import LATER, NOW, claim, promoted, registry, with_version

SETTLED = promoted(claim(), registry(v6="Production", v7="Staging"), registry(v6="Archived", v7="Production"))
"""Version 7 was promoted over version 6."""

FRESH: dict[str, tuple[dict[str, Any], Snapshot, Step, str]] = {
    "version in another stage": ({}, registry(v7="Staging"), Step.WRITE, "Promoting"),
    "slot held by another": ({}, registry(v6="Production", v7="None"), Step.WRITE, "Promoting"),
    "version not registered": ({}, registry(v6="Production"), Step.WAIT, "VersionNotFound"),
    "model not registered": ({}, registry(), Step.WAIT, "VersionNotFound"),
    "lower claim, version went on": (
        {"target": {"stage": "Staging"}},
        registry(v7="Production"),
        Step.ONWARD,
        "PromotedOnward",
    ),
    "alias not set": ({"target": {"alias": "champion"}}, registry(v7="None"), Step.WRITE, "Promoting"),
    "dry run": ({"dryRun": True}, registry(v7="Staging"), Step.SHOW, "DryRunSucceeded"),
    "suspended": ({"suspend": True}, registry(v7="Staging"), Step.REST, "Suspended"),
    "suspended, version missing": ({"suspend": True}, registry(), Step.REST, "Suspended"),
    "stage requirement unmet": (
        {"requires": {"currentStage": ["Staging"]}},
        registry(v7="None"),
        Step.WAIT,
        "WrongStage",
    ),
    "stage requirement met": (
        {"requires": {"currentStage": ["Staging"]}},
        registry(v7="Staging"),
        Step.WRITE,
        "Promoting",
    ),
    "stage requirement, slot held already": (
        {"requires": {"currentStage": ["Staging"]}},
        registry(v7="Production"),
        Step.WRITE,
        "Promoting",
    ),
    "tag missing": ({"requires": {"tags": [{"key": "ok"}]}}, registry(v7="None"), Step.WAIT, "TagMissing"),
}


@pytest.mark.parametrize(("spec", "snapshot", "step", "reason"), FRESH.values(), ids=FRESH)
def test_a_new_claim(spec: dict[str, Any], snapshot: Snapshot, step: Step, reason: str) -> None:
    """A claim that was never looked at is written, waits or is refused, and says why."""
    decision = decide(claim(**spec), snapshot, NOW)
    assert (decision.step, decision.reason) == (step, reason)
    assert decision.message


AFTERWARDS: dict[str, tuple[dict[str, Any], Snapshot, Step, str]] = {
    "as it was": ({}, registry(v6="Archived", v7="Production"), Step.HOLD, "Promoted"),
    "somebody moved another in": ({}, registry(v7="Archived", v8="Production"), Step.REPORT, "DriftDetected"),
    "somebody added one": ({}, registry(v7="Production", v8="Production"), Step.REPORT, "DriftDetected"),
    "somebody took it out": ({}, registry(v7="Archived"), Step.REPORT, "DriftDetected"),
    "somebody deleted it": ({}, registry(v6="Archived"), Step.REPORT, "DriftDetected"),
    "another version wanted": ({"version": 8}, registry(v7="Production", v8="None"), Step.WRITE, "Promoting"),
    "the earlier one wanted": ({"version": 6}, registry(v6="Archived", v7="Production"), Step.WRITE, "Promoting"),
    "the same, as text": ({"version": "7"}, registry(v7="Production"), Step.HOLD, "Promoted"),
    "another tag wanted": ({"tags": {"team": "risk"}}, registry(v7="Production"), Step.WRITE, "Promoting"),
    "requirement added": ({"requires": {"tags": [{"key": "ok"}]}}, registry(v7="Production"), Step.HOLD, "Promoted"),
}


@pytest.mark.parametrize(("spec", "snapshot", "step", "reason"), AFTERWARDS.values(), ids=AFTERWARDS)
def test_after_a_promotion(spec: dict[str, Any], snapshot: Snapshot, step: Step, reason: str) -> None:
    """A promoted version is watched, not defended; a new desire is a new attempt."""
    decision = decide(claim(SETTLED, **spec), snapshot, LATER)
    assert (decision.step, decision.reason) == (step, reason)


def test_a_promoted_version_that_goes_on_is_no_drift() -> None:
    """A claim on Staging stays ready when its version is promoted to Production: a version has one stage."""
    staging: dict[str, Any] = {"target": {"stage": "Staging"}}
    status = promoted(claim(**staging), registry(v7="None"), registry(v7="Staging"))
    decision = decide(claim(status, **staging), registry(v7="Production"), LATER)
    assert decision.step is Step.ONWARD


def test_a_version_that_went_on_and_was_replaced_there_is_no_drift() -> None:
    """Production is rolled back, and its version archived: the claim on Staging is over, neither broken nor undone."""
    staging: dict[str, Any] = {"target": {"stage": "Staging"}}
    in_production, archived = registry(v7="Production"), registry(v6="Production", v7="Archived")
    status = promoted(claim(**staging), registry(v7="None"), registry(v7="Staging"))
    for before in (claim(status, **staging), claim(**staging)):
        onward = compute(before, in_production, decide(before, in_production, LATER), LATER)
        decision = decide(claim(onward, **staging), archived, LATER)
        assert (decision.step, decision.message.split(",")[1]) == (Step.ONWARD, " and has been archived since")
    assert decide(claim(onward, **staging, version=6), archived, LATER).step is Step.ONWARD
    suspended = compute(
        claim(onward, **staging, suspend=True),
        archived,
        decide(claim(onward, **staging, suspend=True), archived, LATER),
        LATER,
    )
    assert decide(claim(suspended, **staging), archived, LATER).step is Step.ONWARD
    assert decide(claim(onward, {REASSERT: "1"}, **staging), archived, LATER).step is Step.WRITE


def test_a_claim_with_long_annotations_is_read() -> None:
    """A client-side apply keeps the whole object in an annotation, however long it is."""
    assert claim(annotations={"kubectl.kubernetes.io/last-applied-configuration": "x" * 100_000}).spec.version == "7"


def test_drift_is_put_back_when_asked_by_annotation() -> None:
    """A new value of the reassert annotation opens a new attempt for the same version, once."""
    drifted = registry(v7="Archived", v8="Production")
    asked = {REASSERT: "monday"}
    decision = decide(claim(SETTLED, asked), drifted, LATER)
    assert (decision.step, decision.attempt and decision.attempt.number) == (Step.WRITE, 2)
    status = promoted(claim(SETTLED, asked), drifted, registry(v7="Production", v8="Archived"))
    assert decide(claim(status, asked), drifted, LATER).step is Step.REPORT


def test_what_held_the_slot_before_need_not_qualify_again() -> None:
    """Drift is put back although the version is no longer in the stage that it had to come from."""
    path: dict[str, Any] = {"requires": {"currentStage": ["Staging"]}}
    status = promoted(claim(**path), registry(v7="Staging"), registry(v7="Production"))
    decision = decide(claim(status, {REASSERT: "1"}, **path), registry(v7="Archived", v8="Production"), LATER)
    assert (decision.step, decision.attempt and decision.attempt.type) == (Step.WRITE, AttemptType.REASSERT)


def test_a_dry_run_says_the_same_at_each_look() -> None:
    """Nothing in it depends on the moment, so its status is written once."""
    made, before = claim(dryRun=True, tags={"team": "risk"}), registry(v7="None")
    first = compute(made, before, decide(made, before, NOW), NOW)
    again = claim(first, dryRun=True, tags={"team": "risk"})
    assert compute(again, before, decide(again, before, LATER), LATER) == first


def test_drift_says_who_holds_the_slot_and_what_to_do() -> None:
    """The message has the holder, the version wanted, and both ways out."""
    message = decide(claim(SETTLED), registry(v7="Archived", v8="Production"), LATER).message
    assert "stage/Production holds version 8 and should hold version 7" in message
    assert "set spec.version to 8 to accept it" in message
    assert REASSERT in message


def test_an_attempt_under_way_goes_on_after_a_restart() -> None:
    """A crash after the intent: the same attempt is finished, not another begun."""
    before = registry(v6="Production", v7="Staging")
    intent = compute(claim(), before, decide(claim(), before, NOW), NOW)
    again = decide(claim(intent), before, LATER)
    assert (again.step, again.attempt) == (Step.WRITE, intent.attempt)


def test_an_attempt_that_had_written_is_finished_without_writing() -> None:
    """A crash after the last write: the next pass sees that all is there, and only says so."""
    before = registry(v6="Production", v7="Staging")
    decision = decide(claim(), before, NOW)
    intent = compute(claim(), before, decision, NOW)
    after = with_version(registry(v6="Archived"), ModelVersion("7", "Production", "READY", tags=decision.plan.tags))
    again = decide(claim(intent), after, LATER)
    assert (again.step, again.attempt and again.attempt.result) == (Step.HOLD, AttemptResult.PROMOTED)
    assert again.attempt is not None
    assert (again.attempt.number, again.attempt.from_version) == (1, "6")


def test_going_back_to_an_earlier_holder_is_a_rollback() -> None:
    """A rollback need not come from the required stage: the version has held the slot before."""
    first = promoted(claim(version=6), registry(v6="Staging"), registry(v6="Production"))
    second = promoted(claim(first), registry(v6="Production", v7="Staging"), registry(v6="Archived", v7="Production"))
    path: dict[str, Any] = {"requires": {"currentStage": ["Staging"]}, "version": 6}
    decision = decide(claim(second, **path), registry(v6="Archived", v7="Production"), LATER)
    assert (decision.step, decision.attempt and decision.attempt.type) == (Step.WRITE, AttemptType.ROLLBACK)


def test_all_unmet_requirements_are_said_together() -> None:
    """One look shows the whole checklist."""
    wanted = {"currentStage": ["Staging"], "signature": True, "tags": [{"key": "approved", "value": "yes"}]}
    decision = decide(claim(requires=wanted), registry(v7="None"), NOW, Evidence(ModelFile()))
    assert decision.step is Step.REFUSE
    for words in ("is in stage None, waiting for Staging", "has no signature", "waits for tag approved=yes"):
        assert words in decision.message


REQUIREMENTS: dict[str, tuple[dict[str, Any], ModelVersion, bool | None, Step]] = {
    "pending": ({}, ModelVersion("7", "None", "PENDING_REGISTRATION"), None, Step.WAIT),
    "failed": ({}, ModelVersion("7", "None", "FAILED_REGISTRATION", "no disk"), None, Step.REFUSE),
    "signature there": ({"signature": True}, ModelVersion("7", "None", "READY"), True, Step.WRITE),
    "signature missing": ({"signature": True}, ModelVersion("7", "None", "READY"), False, Step.REFUSE),
    "tag there": (
        {"tags": [{"key": "ok", "value": "yes"}]},
        ModelVersion("7", "None", "READY", tags={"ok": "yes"}),
        None,
        Step.WRITE,
    ),
    "tag with any value": (
        {"tags": [{"key": "ok"}]},
        ModelVersion("7", "None", "READY", tags={"ok": "no"}),
        None,
        Step.WRITE,
    ),
    "tag with another value": (
        {"tags": [{"key": "ok", "value": "yes"}]},
        ModelVersion("7", "None", "READY", tags={"ok": "no"}),
        None,
        Step.REFUSE,
    ),
}


@pytest.mark.parametrize(("requires", "version", "signature", "step"), REQUIREMENTS.values(), ids=REQUIREMENTS)
def test_requirements(requires: dict[str, Any], version: ModelVersion, signature: bool | None, step: Step) -> None:
    """What may come true is waited for; what cannot is refused."""
    evidence = NOTHING if signature is None else Evidence(ModelFile(signature))
    decision = decide(claim(requires=requires), with_version(registry(), version), NOW, evidence)
    assert decision.step is step


PLANS: dict[str, tuple[dict[str, Any], Snapshot, list[str], Mapping[str, str]]] = {
    "move and archive": ({}, registry(v6="Production", v7="Staging"), ["7>Production", "6>Archived"], {}),
    "move and keep": ({"existingVersions": "Keep"}, registry(v6="Production", v7="Staging"), ["7>Production"], {}),
    "archive the surplus": ({}, registry(v5="Production", v7="Production"), ["5>Archived"], {}),
    "other stages keep": ({"target": {"stage": "Archived"}}, registry(v6="Archived", v7="None"), ["7>Archived"], {}),
    "mirror alias": (
        {"target": {"stage": "Production", "mirrorAlias": "champion"}},
        registry({"champion": "6"}, v6="Production", v7="None"),
        ["7>Production", "6>Archived"],
        {"champion": "7"},
    ),
    "alias": (
        {"target": {"alias": "champion"}},
        registry({"champion": "6"}, v6="None", v7="None"),
        [],
        {"champion": "7"},
    ),
    "alias there": ({"target": {"alias": "champion"}}, registry({"champion": "7"}, v7="None"), [], {}),
}


@pytest.mark.parametrize(("spec", "snapshot", "moves", "aliases"), PLANS.values(), ids=PLANS)
def test_plans(spec: dict[str, Any], snapshot: Snapshot, moves: list[str], aliases: Mapping[str, str]) -> None:
    """Only what differs is written."""
    plan = decide(claim(dryRun=True, **spec), snapshot, NOW).plan
    assert [f"{m.version}>{m.to_stage}" for m in plan.moves] == moves
    assert {a.name: a.to_version for a in plan.aliases} == aliases


def test_the_version_is_stamped_with_who_promoted_it() -> None:
    """The tags lead from MLflow back to the claim, and carry the user's own."""
    decision = decide(claim(tags={"team": "risk"}), registry(v7="None"), NOW)
    assert decision.plan.tags == {
        "team": "risk",
        "mlflow.talentflow.ai/promotion": "team/fraud",
        "mlflow.talentflow.ai/slot": "stage/Production",
        "mlflow.talentflow.ai/promoted-at": "2026-01-02T03:04:05Z",
    }


def test_a_race_is_repaired_only_where_ours_is_among_several() -> None:
    """Others that our write left behind are archived; if ours is gone, somebody has moved it since."""
    wish, target = Wish.of(claim()), claim().spec.target
    several = repair(target, wish, registry(v5="Production", v7="Production", v8="Production"))
    assert {m.version for m in several.moves} == {"5", "8"}
    assert is_empty(repair(target, wish, registry(v7="Archived", v8="Production", v9="Production")))


def test_a_superseded_attempt_stays_in_the_history() -> None:
    """A wish that changed under way is closed with what became of it."""
    before = registry(v6="Production", v7="Staging", v8="Staging")
    intent = compute(claim(), before, decide(claim(), before, NOW), NOW)
    changed = claim(intent, version=8)
    for after, result in (
        (before, AttemptResult.SUPERSEDED),
        (registry(v7="Production", v8="None"), AttemptResult.PROMOTED),
    ):
        decision: Decision = decide(changed, after, LATER)
        status = compute(changed, after, decision, LATER)
        assert (status.history[0].number, status.history[0].to_version, status.history[0].result) == (1, "7", result)
        assert status.attempt is not None
        assert (status.attempt.number, status.attempt.finished_at) == (2, None)
