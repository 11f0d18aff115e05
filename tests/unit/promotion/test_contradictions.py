"""What two policies ask that cannot both be true is found, and nothing else."""

from typing import Any

import pytest

from mlflow_operator.promotion.policies.contradictions import contradictions
from mlflow_operator.status.policy import compute
from unit.promotion.gates.test_gates import AUC, OPEN, SHUT

from .claims import NOW
from .test_policies import policy

LOW: dict[str, Any] = {"gates": {"metrics": [{"name": "a", "metric": "val_auc", "max": 0.8}]}}
HIGH: dict[str, Any] = {"gates": {"metrics": [AUC]}}
MORNING = {"gates": {"windows": {"allow": [{"cron": "0 9 * * *", "duration": "2h"}]}}}
EVENING = {"gates": {"windows": {"allow": [{"cron": "0 18 * * *", "duration": "2h"}]}}}


def tags(*items: dict[str, Any]) -> dict[str, Any]:
    """A policy that requires them."""
    return {"requires": {"tags": list(items)}}


FOUND: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "bounds": (HIGH, LOW, "val_auc has to be 0.9 or more here, and 0.8 or less there"),
    "bounds, the other way round": (LOW, HIGH, "val_auc has to be 0.8 or less here, and 0.9 or more there"),
    "stages": (
        {"requires": {"currentStage": ["Staging"]}},
        {"requires": {"currentStage": ["None", "Archived"]}},
        "the version has to come from Staging here, and from None or Archived there",
    ),
    "values of a tag": (
        tags({"key": "by", "value": "anna"}),
        tags({"key": "by", "operator": "In", "values": ["ben", "cleo"]}),
        "tag by has to be anna here, and ben or cleo there",
    ),
    "a tag that must not be there": (
        tags({"key": "by", "operator": "NotExists"}),
        tags({"key": "by"}),
        "tag by has to be absent here, and there there",
    ),
    "age and time": (
        {"requires": {"maxAge": "24h"}},
        {"requires": {"minSoak": {"slot": {"stage": "Staging"}, "duration": "48h"}}},
        "a version may be 24h old here, and has to be 48h in a slot before",
    ),
    "windows": (MORNING, EVENING, "the windows of both are never open at one time"),
}
NONE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "bounds that leave something": (HIGH, {"gates": {"metrics": [{"name": "a", "metric": "val_auc", "max": 0.9}]}}),
    "bounds of other metrics": (HIGH, {"gates": {"metrics": [{"name": "a", "metric": "loss", "max": 0.1}]}}),
    "bounds for other datasets": (HIGH, {"gates": {"metrics": [{**LOW["gates"]["metrics"][0], "dataset": "d"}]}}),
    "a dry run": (HIGH, {"gates": {"metrics": [{**LOW["gates"]["metrics"][0], "mode": "DryRun"}]}}),
    "other models": ({"governs": {"models": ["a*"]}, **HIGH}, {"governs": {"models": ["b*"]}, **LOW}),
    "other stages": (
        {"governs": {"slots": [{"stage": "Staging"}]}, **HIGH},
        {"governs": {"slots": [{"stage": "Production"}]}, **LOW},
    ),
    "other servers": (
        {"governs": {"servers": [{"name": "a", "namespace": "x"}]}, **HIGH},
        {"governs": {"servers": [{"name": "a", "namespace": "y"}]}, **LOW},
    ),
    "other namespaces": (
        {"governs": {"namespaces": {"matchLabels": {"tier": "lab"}}}, **HIGH},
        {"governs": {"namespaces": {"matchLabels": {"tier": "bank", "a": "b"}}}, **LOW},
    ),
    "a tag that both want": (tags({"key": "by", "value": "anna"}), tags({"key": "by"})),
    "a tag that neither wants": (
        tags({"key": "b", "operator": "NotExists"}),
        tags({"key": "b", "operator": "NotExists"}),
    ),
    "one window within the other": (MORNING, {"gates": {"windows": OPEN}}),
    "windows that meet once a month": (
        MORNING,
        {"gates": {"windows": {"allow": [{"cron": "30 10 1 * *", "duration": "1h"}]}}},
    ),
    "one that is only tried": (MORNING, {"gates": {"windows": EVENING["gates"]["windows"] | {"mode": "DryRun"}}}),
}


@pytest.mark.parametrize(("one", "other", "words"), FOUND.values(), ids=FOUND)
def test_what_cannot_both_be_true_is_named(one: dict[str, Any], other: dict[str, Any], words: str) -> None:
    """From the side of each, and on the status of each."""
    here, there = policy("here", **one), policy("there", **other)
    assert contradictions(here, there, NOW) == [words]
    assert len(contradictions(there, here, NOW)) == 1
    ready = compute(here, [there], NOW).conditions[0]
    assert (ready.status, ready.reason) == ("False", "Contradiction")
    assert ready.message.startswith(f"with policy there: {words}")


@pytest.mark.parametrize(("one", "other"), NONE.values(), ids=NONE)
def test_what_can_be_true_is_no_contradiction(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Neither is what no claim is ever asked for at one time."""
    here, there = policy("here", **one), policy("there", **other)
    assert (contradictions(here, there, NOW), contradictions(there, here, NOW)) == ([], [])
    assert compute(here, [there], NOW).conditions[0].reason == "InForce"


def test_a_stage_and_an_alias_may_be_of_one_claim() -> None:
    """The alias that moves along."""
    here = policy("here", governs={"slots": [{"stage": "Production"}]}, **HIGH)
    there = policy("there", governs={"slots": [{"alias": "champion"}]}, **LOW)
    assert contradictions(here, there, NOW)


def test_windows_that_say_nothing_are_told_by_the_policy_itself() -> None:
    """No version that it governs is moved, and other policies are not blamed for it."""
    bad = policy("bad", gates={"windows": {**SHUT, "timeZone": "Nowhere/Land"}})
    other = policy("other", gates={"windows": SHUT})
    assert compute(bad, [other], NOW).conditions[0].reason == "WindowInvalid"
    assert compute(other, [bad], NOW).conditions[0].reason == "InForce"
