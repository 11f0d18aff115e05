"""A rollback to a version that held the slot lately does not wait for what an emergency cannot wait for."""

from typing import Any

import pytest

from mlflow_operator.api.attempt import Attempt
from mlflow_operator.api.modelpromotion import ModelPromotion, ModelPromotionStatus
from mlflow_operator.promotion.decision import Decision, Step
from mlflow_operator.promotion.evidence import Evidence
from mlflow_operator.promotion.facts import Facts, needs, questions
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.wish import REASSERT
from unit.promotion.gates.measured import models
from unit.promotion.gates.test_gates import AUC, SHUT

from .claims import NOW, claim

CAB = {"name": "cab", "type": "Confirm", "url": "https://cab.example.com"}
GATES = {
    "metrics": [AUC],
    "comparisons": [{"name": "better", "metric": "val_auc"}],
    "webhooks": [CAB, CAB | {"name": "chat", "type": "Event"}],
    "windows": SHUT,
}
EVERY = ["metrics", "comparisons", "webhooks", "windows"]


def past(*versions: int, result: str = "Promoted") -> ModelPromotionStatus:
    """The memory of a claim that has brought these into the slot, one after the other."""
    attempts = [
        Attempt.model_validate(
            {
                "number": number,
                "digest": "2:x",
                "type": "Promote",
                "toVersion": str(version),
                "startedAt": NOW,
                "finishedAt": NOW,
                "result": result,
            }
        )
        for number, version in enumerate(versions, 1)
    ]
    newest_first = attempts[::-1]
    return ModelPromotionStatus(attempt=newest_first[0], history=newest_first)


def back(status: ModelPromotionStatus, skip: list[str], to: int = 7, **rollback: Any) -> ModelPromotion:
    """The claim when its version is put back, with gates that nothing would pass now."""
    return claim(status, version=to, gates=GATES, rollback={"skipGates": skip, **rollback})


def decided(made: ModelPromotion) -> Decision:
    """What follows, where nothing was measured and the windows are shut."""
    return decide(made, models(v5="None", v6="None", v7="None", v8="Production"), NOW, Evidence())


def test_a_rollback_skips_what_it_may() -> None:
    """Nothing is asked of MLflow, each gate is shown as skipped, and the version is moved."""
    made = back(past(7, 8), EVERY)
    decision = decided(made)
    assert decision.step is Step.WRITE
    assert decision.attempt is not None
    assert decision.attempt.type == "Rollback"
    assert decision.gates is not None
    assert [(g.name, g.result, g.digest) for g in decision.gates] == [
        (name, "Skipped", None) for name in ("auc", "better", "cab", "window")
    ]
    assert "a rollback need not pass it" in decision.gates[0].message
    facts = Facts(made, models(v7="None", v8="Production"), NOW)
    assert (needs(facts), questions(facts)) == (frozenset(), frozenset())


@pytest.mark.parametrize("kept", EVERY)
def test_a_rollback_passes_what_it_may_not_skip(kept: str) -> None:
    """Each kind by itself."""
    decision = decided(back(past(7, 8), [kind for kind in EVERY if kind != kept]))
    assert decision.step is not Step.WRITE
    assert len(decision.blocked) == 1


NO_ROLLBACK: dict[str, ModelPromotionStatus] = {
    "a version that never held it": past(6, 8),
    "a claim without a past": ModelPromotionStatus(),
    "one that was overtaken before it came in": past(7, 8, result="Superseded"),
    "one that was in a higher stage": past(7, 8, result="Onward"),
    "the present one": past(6, 7),
    "one too far back": past(7, 6, 5, 8),
}


@pytest.mark.parametrize("status", NO_ROLLBACK.values(), ids=NO_ROLLBACK)
def test_everything_else_passes_its_gates(status: ModelPromotionStatus) -> None:
    """Only a version that this claim has brought into the slot lately is a rollback."""
    made = back(status, EVERY, window=2)
    made = made.model_copy(update={"metadata": made.metadata.model_copy(update={"annotations": {REASSERT: "1"}})})
    assert decided(made).step is Step.WAIT


def test_a_version_that_came_and_went_several_times_counts_once() -> None:
    """The window is of versions, not of attempts."""
    assert decided(back(past(7, 6, 5, 6, 5, 8), EVERY, window=3)).step is Step.WRITE


def test_a_version_that_was_registered_anew_is_another_one() -> None:
    """Its number held the slot, and it did not."""
    status = past(7, 8)
    old = [a.model_copy(update={"registered_at": NOW}) for a in status.history]
    assert decided(back(status.model_copy(update={"history": old}), EVERY)).step is Step.WAIT


def test_what_was_skipped_counts_for_nobody_later() -> None:
    """The result has no digest, so that a later attempt on the same version is measured."""
    status = past(7, 8)
    decision = decided(back(status, EVERY))
    later = past(6, 8).model_copy(update={"gates": list(decision.gates or ())})
    assert decided(back(later, EVERY)).step is Step.WAIT


def test_a_rollback_starts_no_pod() -> None:
    """An emergency does not wait for an image, nor for a number that the pod would report."""
    pod = {"spec": {"containers": [{"name": "validate", "image": "registry.example/validate:1"}]}}
    gap = {"name": "gap", "metric": "gap", "max": 0.1, "source": "Job", "job": "fairness"}
    gates = {"metrics": [gap], "jobs": [{"name": "fairness", "template": pod}]}
    snapshot = models(v7="None", v8="Production")
    made = claim(past(7, 8), version=7, gates=gates, rollback={"skipGates": ["jobs"]})
    decision = decide(made, snapshot, NOW, Evidence())
    assert (decision.step, Facts(made, snapshot, NOW).trials) == (Step.WRITE, ())
    assert decision.gates is not None
    assert {(gate.type, gate.result) for gate in decision.gates} == {("Job", "Skipped"), ("Metric", "Skipped")}
    asked = claim(past(7, 8), version=7, gates=gates)
    assert decide(asked, snapshot, NOW, Evidence()).reason == "GatePending"
