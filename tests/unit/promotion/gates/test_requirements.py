"""What has to be true of a version: tags by operator, age, and time in another slot as the operator has seen it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlflow_operator.api.durations import span
from mlflow_operator.api.modelpromotion import ModelPromotionStatus
from mlflow_operator.promotion.decision import Decision, Step
from mlflow_operator.promotion.evidence import Evidence, ModelFile
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot
from mlflow_operator.status.promotion import compute
from unit.promotion.claims import LATER, NOW, claim, promoted, registry, with_version

DAY: dict[str, Any] = {"requires": {"minSoak": {"slot": {"stage": "Staging"}, "duration": "24h"}}}
ALIAS: dict[str, Any] = {"requires": {"minSoak": {"slot": {"alias": "challenger"}, "duration": "1h"}}}
HOUR = timedelta(hours=1)


def staged(updated: int, stage: str = "Staging") -> Snapshot:
    """Version 7 in a stage, as it was changed last at some time."""
    return Snapshot("fraud", {"7": ModelVersion("7", stage, "READY", updated=updated)})


def look(
    status: ModelPromotionStatus | None, found: Snapshot, now: datetime, **spec: Any
) -> tuple[Decision, ModelPromotionStatus]:
    """One look, and the status after it."""
    made = claim(status, **spec)
    decision = decide(made, found, now)
    return decision, compute(made, found, decision, now)


def test_a_version_has_to_stay_in_the_slot_before() -> None:
    """It is waited for until a moment that the message names, and then promoted; in between nothing is written."""
    decision, status = look(None, staged(1), NOW, **DAY)
    assert (decision.step, decision.reason, decision.until) == (Step.WAIT, "SoakPending", NOW + 24 * HOUR)
    assert "has to stay until 2026-01-03T03:04:05Z" in decision.message
    assert look(status, staged(1), NOW + 23 * HOUR, **DAY)[1] == status
    assert look(status, staged(1), NOW + 24 * HOUR, **DAY)[0].step is Step.WRITE


def test_a_version_that_left_begins_anew() -> None:
    """Also one that left and came back between two looks, which MLflow's time of the last change gives away."""
    _, status = look(None, staged(1), NOW, **DAY)
    gone, after = look(status, staged(2, "None"), NOW + HOUR, **DAY)
    assert "is not in stage/Staging, where it has to be for 24h" in gone.message
    assert after.soak == []
    for earlier in (status, after):
        decision, again = look(earlier, staged(3), NOW + 2 * HOUR, **DAY)
        assert (decision.until, [s.since for s in again.soak]) == (NOW + 26 * HOUR, [NOW + 2 * HOUR])


def test_a_tag_is_no_soak() -> None:
    """What anybody can write into the registry does not count."""
    found = with_version(registry(), ModelVersion("7", "None", "READY", tags={"soaked-since": "2020-01-01"}))
    assert look(None, found, NOW, **DAY)[0].reason == "SoakPending"


def test_time_counts_for_versions_that_are_not_wanted_yet() -> None:
    """A claim that holds version 6 has seen 7 in Staging for a day when somebody asks for it."""
    before = registry(v6="None", v7="Staging")
    settled = promoted(claim(version=6), before, registry(v6="Production", v7="Staging"))
    _, seen = look(settled, registry(v6="Production", v7="Staging"), NOW, version=6, **DAY)
    decision, _ = look(seen, registry(v6="Production", v7="Staging"), NOW + 24 * HOUR, **DAY)
    assert decision.step is Step.WRITE


def test_time_under_an_alias_counts_too() -> None:
    """Teams without stages have a slot before, too."""
    decision, status = look(None, registry({"challenger": "7"}, v7="None"), NOW, **ALIAS)
    assert (decision.reason, [s.version for s in status.soak]) == ("SoakPending", ["7"])
    assert look(status, registry({"challenger": "7"}, v7="None"), NOW + HOUR, **ALIAS)[0].step is Step.WRITE
    assert look(status, registry({"challenger": "6"}, v6="None", v7="None"), NOW + HOUR, **ALIAS)[0].step is Step.WAIT


def test_a_rollback_need_not_soak() -> None:
    """What held the slot before comes back from Archived, where nobody soaks."""
    first = promoted(claim(version=6), registry(v6="Staging"), registry(v6="Production"))
    second = promoted(claim(first), registry(v6="Production", v7="Staging"), registry(v6="Archived", v7="Production"))
    decision, _ = look(second, registry(v6="Archived", v7="Production"), LATER, version=6, **DAY)
    assert decision.step is Step.WRITE


def test_a_crowd_does_not_soak_in_the_status() -> None:
    """Of thousands of versions in a stage twenty are remembered, and the one that is wanted is among them."""
    crowd = Snapshot("fraud", {str(n): ModelVersion(str(n), "None", "READY") for n in range(1, 3000)})
    spec = {"requires": {"minSoak": {"slot": {"stage": "None"}, "duration": "24h"}}}
    _, status = look(None, crowd, NOW, **spec)
    assert (len(status.soak), "7" in [s.version for s in status.soak]) == (20, True)


def test_a_version_is_too_old_at_last() -> None:
    """Models age; a claim that waits for something else is looked at when its version has become too old."""
    made = datetime(2026, 1, 2, tzinfo=UTC)
    found = with_version(registry(), ModelVersion("7", "None", "READY", created=int(made.timestamp() * 1000)))
    spec: dict[str, Any] = {"requires": {"maxAge": "24h", "currentStage": ["Staging"]}}
    waiting, _ = look(None, found, NOW, **spec)
    assert (waiting.reason, waiting.until) == ("WrongStage", made + 24 * HOUR)
    old, _ = look(None, found, made + 24 * HOUR + timedelta(seconds=1), **spec)
    assert (old.step, old.reason) == (Step.REFUSE, "TooOld")
    assert look(None, found, made + 24 * HOUR, requires={"maxAge": "24h"})[0].step is Step.WRITE


TAGS: dict[str, tuple[dict[str, Any], dict[str, str], str, str]] = {
    "one of": ({"operator": "In", "values": ["a", "b"]}, {"ok": "b"}, "Promoting", ""),
    "none of": (
        {"operator": "In", "values": ["a", "b"]},
        {"ok": "c"},
        "TagRefused",
        "ok is 'c' and has to be one of a, b",
    ),
    "one of, not there": ({"operator": "In", "values": ["a", "b"]}, {}, "TagMissing", "waits for tag ok in a, b"),
    "there": ({"operator": "Exists"}, {"ok": ""}, "Promoting", ""),
    "not there": ({"operator": "Exists"}, {}, "TagMissing", "waits for tag ok"),
    "must not be": ({"operator": "NotExists"}, {"ok": "no"}, "TagRefused", "ok is 'no' and has to be absent"),
    "is not": ({"operator": "NotExists"}, {}, "Promoting", ""),
}


@pytest.mark.parametrize(("tag", "tags", "reason", "words"), TAGS.values(), ids=TAGS)
def test_tags_by_operator(tag: dict[str, Any], tags: dict[str, str], reason: str, words: str) -> None:
    """What is missing is waited for; what is wrong is refused."""
    found = with_version(registry(), ModelVersion("7", "None", "READY", tags=tags))
    decision = decide(claim(requires={"tags": [{"key": "ok", **tag}]}), found, NOW)
    assert decision.reason == reason
    assert words in decision.message


@pytest.mark.parametrize("there", [True, False])
def test_an_input_example(there: bool) -> None:
    """Whoever serves a model can try it."""
    found = registry(v7="None")
    decision = decide(claim(requires={"inputExample": True}), found, NOW, Evidence(ModelFile(input_example=there)))
    assert decision.reason == ("Promoting" if there else "InputExampleMissing")


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("1h30m", 5400), ("720h", 2592000), ("1h0m1s", 3601)])
def test_durations(text: str, seconds: int) -> None:
    """Hours, minutes and seconds."""
    assert span(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "8", "1d", "1h-1m", "m1"])
def test_what_is_no_duration(text: str) -> None:
    """Nothing is read into what the API server would refuse."""
    with pytest.raises(ValueError, match="is no duration"):
        span(text)
