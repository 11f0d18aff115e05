"""What a claim remembers is in its attempts: which version was meant, what was asked of it, where it went."""

from dataclasses import replace
from typing import Any

import pytest

from mlflow_operator.api.modelpromotion import ModelPromotion, ModelPromotionStatus
from mlflow_operator.errors import RegistryUnavailable, Unreadable
from mlflow_operator.promotion.decision import Decision, Step, concluded
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot
from mlflow_operator.promotion.wish import REASSERT, Wish
from mlflow_operator.status.promotion import compute, compute_failed

from .claims import LATER, NOW, claim, promoted, registry, with_version

STAGING: dict[str, Any] = {"target": {"stage": "Staging"}}
SETTLED = promoted(claim(), registry(v6="Production", v7="Staging"), registry(v6="Archived", v7="Production"))
ROLLED_BACK = registry(v6="Production", v7="Archived")


def looked(made: ModelPromotion, found: Snapshot) -> tuple[Decision, ModelPromotionStatus]:
    """One look, and the status after it."""
    decision = decide(made, found, LATER)
    return decision, compute(made, found, decision, LATER)


def conditions(status: ModelPromotionStatus) -> dict[str, tuple[str, str]]:
    """Status and reason of each condition."""
    return {c.type: (c.status, c.reason) for c in status.conditions}


def onward(made: ModelPromotion, found: Snapshot) -> ModelPromotionStatus:
    """The status of a claim on Staging whose version is in Production."""
    decision, status = looked(made, found)
    assert decision.step is Step.ONWARD
    return status


def test_a_version_rolled_back_in_production_is_not_moved_into_staging() -> None:
    """A claim on Staging that named a version in Production stays ready when that version is archived there."""
    first = promoted(claim(version=6, **STAGING), registry(v6="None", v7="None"), registry(v6="Staging", v7="None"))
    status = onward(claim(first, version=7, **STAGING), registry(v6="Staging", v7="Production"))
    assert conditions(status)["Promoted"] == ("True", "Onward")
    decision, _ = looked(claim(status, version=7, **STAGING), registry(v6="Production", v7="Archived"))
    assert decision.step is Step.ONWARD


def test_an_attempt_for_another_version_is_not_closed_by_one_that_went_onward() -> None:
    """History says of an attempt that was too late that it was superseded, and its version can still be promoted."""
    before, now = registry(v6="None", v7="None"), registry(v6="None", v7="Production")
    _, intent = looked(claim(version=6, **STAGING), before)
    status = onward(claim(intent, version=7, **STAGING), now)
    assert [(a.number, a.to_version, a.result) for a in status.history] == [(2, "7", "Onward"), (1, "6", "Superseded")]
    need: dict[str, Any] = {"requires": {"currentStage": ["Production"]}}
    decision, _ = looked(claim(status, version=6, **STAGING, **need), now)
    assert decision.reason == "WrongStage"
    decision, _ = looked(claim(status, version=6, **STAGING), now)
    assert (decision.step, decision.attempt and decision.attempt.number) == (Step.WRITE, 3)


def test_a_suspended_claim_forgets_nothing() -> None:
    """Suspend and resume leave a claim where it was, whatever it had come to."""
    archived = registry(v6="Production", v7="Archived")
    fresh = onward(claim(**STAGING), registry(v7="Production"))
    settled = promoted(claim(**STAGING), registry(v7="None"), registry(v7="Staging"))
    for status in (fresh, onward(claim(settled, **STAGING), registry(v7="Production"))):
        decision, suspended = looked(claim(status, suspend=True, **STAGING), archived)
        assert decision.step is Step.REST
        assert looked(claim(suspended, **STAGING), archived)[0].step is Step.ONWARD


def test_a_request_that_came_while_onward_does_not_fire_later() -> None:
    """Each value of the annotation counts once, also where there was nothing to do about it."""
    settled = promoted(claim(**STAGING), registry(v7="None"), registry(v7="Staging"))
    asked = {REASSERT: "monday"}
    status = onward(claim(settled, asked, **STAGING), registry(v7="Production"))
    decision, _ = looked(claim(status, asked, **STAGING), registry(v6="Production", v7="Archived"))
    assert decision.step is Step.ONWARD


@pytest.mark.parametrize("found", [ROLLED_BACK, registry(v7="Production")], ids=["drifted", "held"])
def test_a_change_of_tags_writes_tags_and_moves_nothing(found: Snapshot) -> None:
    """Somebody rolled back by hand, and somebody else edits a tag in Git: the rollback stands."""
    _, status = looked(claim(SETTLED), found)
    decision, _ = looked(claim(status, tags={"team": "risk"}), found)
    assert (decision.step, decision.plan.tags) == (Step.WRITE, {"team": "risk"})
    assert (decision.plan.moves, decision.plan.aliases) == ([], [])
    assert decision.attempt == status.attempt


def test_a_version_registered_anew_inherits_nothing() -> None:
    """Another model under the number of one that was promoted has not proven anything."""
    need: dict[str, Any] = {"requires": {"tags": [{"key": "ok", "value": "yes"}], "currentStage": ["Staging"]}}
    old = ModelVersion("7", "Staging", "READY", tags={"ok": "yes"}, created=1_000)
    held = replace(old, stage="Production")
    status = promoted(claim(**need), Snapshot("fraud", {"7": old}), Snapshot("fraud", {"7": held}))
    other = Snapshot("fraud", {"7": ModelVersion("7", "Production", "READY", created=2_000)})
    decision, status = looked(claim(status, **need), other)
    assert (decision.reason, "registered anew" in decision.message) == ("DriftDetected", True)
    waiting = Snapshot("fraud", {"7": ModelVersion("7", "None", "READY", created=2_000)})
    decision, _ = looked(claim(status, {REASSERT: "1"}, **need), waiting)
    assert {u.reason for u in decision.unmet} == {"WrongStage", "TagMissing"}


def test_an_attempt_for_a_version_that_was_registered_anew_is_not_gone_on_with() -> None:
    """The intent was about another one: the new one gets an attempt of its own."""
    old = Snapshot("fraud", {"7": ModelVersion("7", "Staging", "READY", created=1_000)})
    _, intent = looked(claim(), old)
    decision, status = looked(
        claim(intent), Snapshot("fraud", {"7": ModelVersion("7", "None", "READY", created=2_000)})
    )
    assert (decision.step, decision.attempt and decision.attempt.number) == (Step.WRITE, 2)
    assert [(a.number, a.result) for a in status.history] == [(1, "Superseded")]


def test_a_superseded_attempt_is_not_shown_as_under_way() -> None:
    """While the next version is waited for, the attempt before it is over."""
    before = registry(v6="None", v7="None")
    _, intent = looked(claim(version=6), before)
    decision, status = looked(claim(intent, version=9), before)
    assert decision.reason == "VersionNotFound"
    assert [(a.to_version, a.result) for a in status.history] == [("6", "Superseded")]
    assert status.attempt == status.history[0]
    decision, _ = looked(claim(status, version=6), before)
    assert (decision.step, decision.attempt and decision.attempt.number) == (Step.WRITE, 2)


def test_requirements_are_met_only_where_they_were_asked() -> None:
    """What was added after the attempt, or was not asked of a version that went onward, is not said to be true."""
    need: dict[str, Any] = {"requires": {"tags": [{"key": "ok", "value": "yes"}], "signature": True}}
    _, later = looked(claim(SETTLED, **need), registry(v6="Archived", v7="Production"))
    assert conditions(later)["RequirementsMet"] == ("Unknown", "NotChecked")
    fresh = onward(claim(**STAGING, **need), registry(v7="Production"))
    assert conditions(fresh)["RequirementsMet"] == ("Unknown", "NotChecked")
    assert conditions(SETTLED)["RequirementsMet"] == ("True", "RequirementsMet")


def test_a_suspended_claim_stays_suspended_while_mlflow_is_away() -> None:
    """What a person asked for does not depend on whether anybody can be asked."""
    _, status = looked(claim(suspend=True), registry(v7="None"))
    away = RegistryUnavailable("RegistryUnavailable", "no answer")
    failed = compute_failed(claim(status, suspend=True), away, LATER)
    assert (failed.phase, conditions(failed)["Suspended"]) == ("Suspended", ("True", "Suspended"))
    assert "no answer" in next(c.message for c in failed.conditions if c.type == "Ready")


def test_a_version_that_comes_back_into_its_slot_is_watched_as_before() -> None:
    """Onward is over when the version holds the slot again: from then on it is drift when somebody takes it out."""
    settled = promoted(claim(**STAGING), registry(v7="None"), registry(v7="Staging"))
    status = onward(claim(settled, **STAGING), registry(v7="Production"))
    decision, status = looked(claim(status, **STAGING), registry(v7="Staging"))
    assert decision.step is Step.HOLD
    assert looked(claim(status, **STAGING), registry(v7="Archived"))[0].reason == "DriftDetected"


def test_an_alias_to_a_version_that_is_gone_has_no_holder() -> None:
    """Older servers leave the alias of a deleted version behind: it is named, and nobody is told to load it."""
    target: dict[str, Any] = {"target": {"alias": "champion"}}
    status = promoted(claim(**target), registry(v7="None"), registry({"champion": "7"}, v7="None"))
    decision, status = looked(claim(status, **target), registry({"champion": "7"}, v6="None"))
    assert (status.current_version, status.holders, status.model_uri) == (None, [], None)
    assert "alias/champion points to version 7, which does not exist" in decision.message


def test_a_model_that_was_renamed_is_told_as_that() -> None:
    """Nobody is told to choose another version of a model that is not there."""
    decision, _ = looked(claim(SETTLED), registry())
    assert "renamed or deleted" in decision.message


def test_an_upgrade_of_the_operator_opens_no_attempt() -> None:
    """An attempt whose digest was made by another formula is that of its version."""
    assert SETTLED.attempt is not None
    older = SETTLED.attempt.model_copy(update={"digest": "0123456789ab", "registered_at": None, "required": None})
    made = claim(SETTLED.model_copy(update={"attempt": older}))
    assert looked(made, ROLLED_BACK)[0].reason == "DriftDetected"
    assert looked(made, registry(v7="Production"))[0].step is Step.HOLD


def test_words_of_a_newer_release_are_kept() -> None:
    """A status with a result that this release does not know is read, watched and written as it is."""
    assert SETTLED.attempt is not None
    raw = SETTLED.wire()
    raw["attempt"] |= {"type": "AutoRollback", "result": "RolledBack"}
    raw["history"][0] |= {"type": "AutoRollback", "result": "RolledBack"}
    made = claim().model_copy(update={"status": ModelPromotionStatus.model_validate(raw)})
    decision, status = looked(made, registry(v7="Production"))
    assert decision.step is Step.HOLD
    assert status.wire()["attempt"]["type"] == "AutoRollback"
    assert status.wire()["history"] == raw["history"]


def test_a_status_that_cannot_be_read_costs_only_that_part() -> None:
    """Whatever another release has written into a status, the claim is looked at."""
    raw = SETTLED.wire() | {"holders": "all of them"}
    raw["history"] = [{"number": "one"}, *raw["history"]]
    obj = {"metadata": {"name": "fraud", "namespace": "team"}, "spec": claim().spec.wire(), "status": raw}
    status = ModelPromotion.parse(obj).status
    assert (status.holders, status.attempt, status.history) == ([], SETTLED.attempt, SETTLED.history)


def test_a_crowd_is_counted_and_not_named() -> None:
    """A status does not grow with the number of versions in a stage."""
    crowd = Snapshot("fraud", {str(n): ModelVersion(str(n), "None", "READY") for n in range(1, 3000)})
    made = claim(target={"stage": "None"}, version=1)
    status = compute(made, crowd, decide(made, crowd, NOW), NOW)
    assert (len(status.holders), status.holder_count) == (20, 2999)


def test_a_spec_of_a_newer_release_is_not_half_read() -> None:
    """A requirement that this release does not know is not left out: the claim is not promoted without it."""
    spec = {**claim().spec.wire(), "requires": {"approvals": 2}}
    with pytest.raises(Unreadable, match=r"spec\.requires\.approvals"):
        ModelPromotion.parse({"metadata": {"name": "fraud", "namespace": "team"}, "spec": spec})


def test_a_dry_run_of_what_was_promoted_writes_no_tags() -> None:
    """``dryRun`` writes nothing, whatever else of the spec changes; without it the tags follow."""
    held, changed = registry(v6="Archived", v7="Production"), {"team": "risk"}
    decision, status = looked(claim(SETTLED, tags=changed, dryRun=True), held)
    assert decision.step is Step.HOLD
    assert looked(claim(status, tags=changed), held)[0].plan.tags == changed


def test_tags_that_are_there_are_not_written_again() -> None:
    """Of the tags that changed in the spec, those that the version has already cost nothing."""
    held = registry(v6="Archived", v7="Production")
    found = with_version(held, replace(held.versions["7"], tags={"team": "risk"}))
    decision, _ = looked(claim(SETTLED, tags={"team": "risk", "tier": "1"}), found)
    assert decision.plan.tags == {"tier": "1"}


def test_new_tags_leave_the_end_of_an_attempt_as_it_was() -> None:
    """When and how a version came into its slot is not told anew because of a tag."""
    made = claim(SETTLED, tags={"team": "risk"})
    assert SETTLED.attempt is not None
    after = concluded(made, SETTLED.attempt, Wish.of(made).tagged, LATER).status.attempt
    assert after == SETTLED.attempt.model_copy(update={"tagged": Wish.of(made).tagged})
