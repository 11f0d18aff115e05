"""What a version has to prove, and what follows where it does not."""

import math
from dataclasses import replace
from typing import Any

import pytest

from mlflow_operator.promotion.decision import Decision, Step
from mlflow_operator.promotion.evidence import Evidence, Measured, Reading
from mlflow_operator.promotion.facts import Facts, needs
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import Snapshot
from mlflow_operator.status.promotion import compute
from unit.promotion.claims import LATER, NOW, claim, promoted, registry

from .measured import BETTER, known, logged, models, version

AUC = {"name": "auc", "metric": "val_auc", "min": 0.9}
OPEN = {"allow": [{"cron": "* * * * *", "duration": "1m"}]}
SHUT = {"allow": [{"cron": "0 0 1 * *", "duration": "1h"}]}


def asked(gates: dict[str, Any], found: Measured | None, snapshot: Snapshot | None = None, **spec: Any) -> Decision:
    """What follows for a claim on version 7, which is not in Production."""
    snapshot = snapshot or models(v7="Staging")
    evidence = Evidence() if found is None else known(snapshot, v7=found)
    return decide(claim(gates=gates, **spec), snapshot, NOW, evidence)


METRICS: dict[str, tuple[dict[str, Any], Measured | None, str, str]] = {
    "within": ({}, logged(0.93), "Passed", "0.93"),
    "at the bound": ({}, logged(0.9), "Passed", "0.9"),
    "below": ({}, logged(0.88), "Failed", "logged model of version 7 is 0.88 and has to be >= 0.9"),
    "above": ({"min": None, "max": 20}, logged(21.5), "Failed", "has to be <= 20"),
    "between": ({"max": 1}, logged(1.1), "Failed", "has to be 0.9 to 1"),
    "barely below": ({}, logged(0.8999999999), "Failed", "is 0.8999999999"),
    "infinite": ({"min": None, "max": 20}, logged(math.inf), "Failed", "is inf"),
    "NaN": ({}, logged(math.nan), "Inconclusive", "is NaN"),
    "NaN of a maximum": ({"min": None, "max": 1}, logged(math.nan), "Inconclusive", "is NaN"),
    "not logged": ({}, Measured(), "Failed", "was not logged, in logged model m-7 or run run-7"),
    "not logged, for a person": ({"missing": "Inconclusive"}, Measured(), "Inconclusive", "was not logged"),
    "not logged, never mind": ({"missing": "Skip"}, Measured(), "Skipped", "was not logged"),
    "of the run": ({}, Measured(run=0.91), "Passed", "the run of version 7 is 0.91"),
    "of the run, below": ({}, Measured(run=0.8), "Failed", "the run of version 7 is 0.8"),
    "of the logged model first": ({}, Measured((Reading(0.8),), run=0.95), "Failed", "the logged model of version 7"),
    "of the run alone": ({"source": "Run"}, Measured((Reading(0.8),), run=0.95), "Passed", "the run of version 7"),
    "of the logged model alone": ({"source": "LoggedModel"}, Measured(run=0.95), "Failed", "in logged model m-7"),
    "for the dataset": (
        {"dataset": "holdout"},
        logged(holdout=0.93, train=0.99),
        "Passed",
        "for dataset holdout is 0.93",
    ),
    "for another dataset": ({"dataset": "holdout"}, logged(train=0.99), "Failed", "for dataset holdout, but for train"),
    "for no dataset": ({"dataset": "holdout"}, logged(0.99), "Failed", "for dataset holdout, but for none"),
    "a run has no datasets": (
        {"dataset": "holdout"},
        Measured(run=0.99),
        "Failed",
        "was not logged for dataset holdout",
    ),
    "another dataset, never mind": ({"dataset": "a", "missing": "Skip"}, logged(b=0.9), "Skipped", "but for b"),
    "for one dataset": ({}, logged(holdout=0.93), "Passed", "for dataset holdout is 0.93"),
    "for several datasets": ({}, logged(holdout=0.93, train=0.99), "Inconclusive", "datasets holdout, train"),
    "for none, and for some": ({}, logged(0.5, holdout=0.93, train=0.99), "Failed", "is 0.5"),
    "not known yet": ({}, None, "Waiting", "is being looked up"),
    "refused": ({}, Measured(refused="MLflow answered 403"), "Error", "MLflow answered 403"),
}


@pytest.mark.parametrize(("gate", "found", "result", "words"), METRICS.values(), ids=METRICS)
def test_metrics(gate: dict[str, Any], found: Measured | None, result: str, words: str) -> None:
    """Each situation has an answer of its own, in words that say what was found."""
    decision = asked({"metrics": [AUC | gate]}, found)
    assert decision.gates is not None
    assert (decision.gates[0].result, words in decision.gates[0].message) == (result, True), decision.gates[0]


FOLLOWS: dict[str, tuple[dict[str, Any], Measured | None, Step, str]] = {
    "passed": ({"metrics": [AUC]}, logged(0.93), Step.WRITE, "Promoting"),
    "failed": ({"metrics": [AUC]}, logged(0.88), Step.REFUSE, "GateFailed"),
    "inconclusive": ({"metrics": [AUC]}, logged(math.nan), Step.PAUSE, "GateInconclusive"),
    "refused": ({"metrics": [AUC]}, Measured(refused="no"), Step.WAIT, "GateError"),
    "not known yet": ({"metrics": [AUC]}, None, Step.WAIT, "GatePending"),
    "skipped": ({"metrics": [AUC | {"missing": "Skip"}]}, Measured(), Step.WRITE, "Promoting"),
    "closed": ({"windows": SHUT}, None, Step.CLOSED, "WindowClosed"),
    "open": ({"windows": OPEN}, None, Step.WRITE, "Promoting"),
    "failed and closed": ({"metrics": [AUC], "windows": SHUT}, logged(0.88), Step.REFUSE, "GateFailed"),
    "passed and closed": ({"metrics": [AUC], "windows": SHUT}, logged(0.93), Step.CLOSED, "WindowClosed"),
    "no such zone": ({"windows": SHUT | {"timeZone": "Europe/Rom"}}, None, Step.REFUSE, "WindowInvalid"),
    **{
        f"dry run: {name}": ({"metrics": [AUC | {"mode": "DryRun"}]}, found, Step.WRITE, "Promoting")
        for name, found in {
            "failed": logged(0.8),
            "NaN": logged(math.nan),
            "refused": Measured(refused="no"),
            "not known yet": None,
        }.items()
    },
    "dry run: closed": ({"windows": SHUT | {"mode": "DryRun"}}, None, Step.WRITE, "Promoting"),
}


@pytest.mark.parametrize(("gates", "found", "step", "reason"), FOLLOWS.values(), ids=FOLLOWS)
def test_what_follows_from_gates(gates: dict[str, Any], found: Measured | None, step: Step, reason: str) -> None:
    """What is definite is final, what a person has to decide pauses, the rest is waited for; dry runs never block."""
    decision = asked(gates, found)
    assert (decision.step, decision.reason) == (step, reason)


def test_all_gates_and_requirements_are_said_together() -> None:
    """One look shows the whole list, and the worst of it is the reason."""
    gates = {"metrics": [AUC, AUC | {"name": "again", "min": 0.95}], "comparisons": [BETTER | {"noBaseline": "Fail"}]}
    decision = asked(gates, logged(0.8), requires={"currentStage": ["Production"], "tags": [{"key": "ok"}]})
    assert (decision.step, decision.reason) == (Step.REFUSE, "GateFailed")
    for words in ("is in stage Staging", "waits for tag ok", "gate auc: ", "gate again: ", "gate better: "):
        assert words in decision.message
    status = compute(claim(gates=gates), models(v7="Staging"), decision, NOW)
    conditions = {c.type: (c.status, c.reason) for c in status.conditions}
    assert conditions["GatesPassed"] == ("False", "GateFailed")
    assert conditions["RequirementsMet"] == ("False", "WrongStage")


def test_the_status_has_what_was_found_and_what_it_has_to_be() -> None:
    """The numbers are in fields, in a message, and in one line for the table."""
    decision = asked({"metrics": [AUC, AUC | {"name": "all", "min": 0.5}]}, logged(0.88))
    status = compute(claim(gates={"metrics": [AUC]}), models(v7="Staging"), decision, NOW)
    first = status.wire()["gates"][0]
    assert {key: first[key] for key in ("name", "type", "mode", "result", "observed", "expected", "from")} == {
        "name": "auc",
        "type": "Metric",
        "mode": "Enforce",
        "result": "Failed",
        "observed": "0.88",
        "expected": ">= 0.9",
        "from": "spec",
    }
    assert status.gate_summary == "auc Failed: 0.88, expected >= 0.9"
    assert (status.phase, status.plan is not None) == ("Refused", True)


def test_what_a_server_calls_its_datasets_does_not_burst_a_status() -> None:
    """Names of any length and number make a status that the API server takes."""
    found = logged(**{f"{n}" * 100_000: 0.9 for n in range(9)})
    gates = {"metrics": [AUC | {"name": f"gate-{n}"} for n in range(32)]}
    decision = asked(gates, found)
    status = compute(claim(gates=gates), models(v7="Staging"), decision, NOW)
    assert len(str(status.wire())) < 100_000


def test_evidence_of_another_version_does_not_count() -> None:
    """Registered anew, made by another run, or from another logged model: it is measured anew."""
    snapshot = models(v7="Staging")
    evidence = known(snapshot, v7=logged(0.99))
    for changed in ({"created": 8}, {"run": "other"}, {"logged_model": "m-other"}):
        other = Snapshot("fraud", {"7": replace(snapshot.versions["7"], **changed)})
        assert decide(claim(gates={"metrics": [AUC]}), other, NOW, evidence).reason == "GatePending"


def test_another_baseline_is_measured_anew() -> None:
    """Somebody moved another version into the slot meanwhile: what was compared with the one before does not count."""
    gates, before = {"comparisons": [BETTER]}, models(v5="None", v6="Production", v7="Staging")
    evidence = known(before, v6=logged(0.8), v7=logged(0.9))
    decision = decide(claim(gates=gates), before, NOW, evidence)
    assert decision.step is Step.WRITE
    status = compute(claim(gates=gates), before, decision, NOW)
    after = models(v5="Production", v6="Archived", v7="Staging")
    made = claim(status.model_copy(update={"attempt": None}), gates=gates)
    assert decide(made, after, LATER, evidence).reason == "GatePending"
    assert {need.origin.version for need in needs(Facts(made, after, LATER))} == {"5", "7"}


def test_a_restart_knows_what_was_found() -> None:
    """What the status says of the same gate on the same versions stands until it is asked again: no status flaps."""
    made, snapshot = claim(gates={"metrics": [AUC]}), models(v7="Staging")
    status = compute(made, snapshot, decide(made, snapshot, NOW, known(snapshot, v7=logged(0.8))), NOW)
    again = claim(status, gates={"metrics": [AUC]})
    assert compute(again, snapshot, decide(again, snapshot, LATER), LATER) == status
    other = Snapshot("fraud", {"7": replace(snapshot.versions["7"], run="another")})
    assert decide(again, other, LATER).reason == "GatePending"
    harder = claim(status, gates={"metrics": [AUC | {"min": 0.95}]})
    assert decide(harder, snapshot, LATER).reason == "GatePending"


def test_what_was_passed_is_kept_with_the_attempt() -> None:
    """A promoted claim still says what its version has proven; gates that changed since are not said to be passed."""
    gates, before, after = {"metrics": [AUC]}, models(v7="Staging"), models(v7="Production")
    decision = decide(claim(gates=gates), before, NOW, known(before, v7=logged(0.93)))
    intent = compute(claim(gates=gates), before, decision, NOW)
    assert (decision.step, intent.attempt and intent.attempt.gated is not None) == (Step.WRITE, True)
    finished = decide(claim(intent, gates=gates), after, LATER)
    assert finished.step is Step.WRITE, "tags are left"
    status = compute(claim(intent, gates=gates), after, finished, LATER)
    assert [gate.observed for gate in status.gates] == ["0.93"]
    other = claim(promoted(claim(), before, after), gates=gates)
    changed = compute(other, after, decide(other, after, LATER), LATER)
    assert next(c for c in changed.conditions if c.type == "GatesPassed").status == "Unknown"


def test_half_a_promotion_is_finished() -> None:
    """The process died between stage and alias, and the window has closed since: the alias follows all the same."""
    target = {"stage": "Production", "mirrorAlias": "champion"}
    windows = {"allow": [{"cron": "0 3 2 1 *", "duration": "1h"}]}
    made = claim(target=target, gates={"windows": windows})
    before, half = models(v7="Staging"), models(v7="Production")
    decision = decide(made, before, NOW)
    intent = compute(made, before, decision, NOW)
    late = NOW.replace(hour=23)
    assert decide(claim(intent, target=target, gates={"windows": windows}), half, late).step is Step.WRITE
    assert decide(claim(intent, target=target, gates={"windows": windows}), before, late).step is Step.CLOSED


def test_a_dry_run_does_not_wait_for_a_window() -> None:
    """It shows the plan and the gates; a gate that fails refuses it."""
    shown = asked({"metrics": [AUC], "windows": SHUT}, logged(0.93), dryRun=True)
    assert (shown.step, [g.result for g in shown.gates or ()]) == (Step.SHOW, ["Passed", "Waiting"])
    assert asked({"metrics": [AUC], "windows": SHUT}, logged(0.83), dryRun=True).step is Step.REFUSE


def test_a_version_that_is_not_ready_is_not_measured() -> None:
    """Training jobs log and register in any order; nothing is asked before MLflow has the whole version."""
    pending = Snapshot("fraud", {"7": version("7", status="PENDING_REGISTRATION")})
    made = claim(gates={"metrics": [AUC], "comparisons": [BETTER]})
    assert needs(Facts(made, pending, NOW)) == frozenset()
    assert decide(made, pending, NOW).reason == "RegistrationPending"


def test_settled_and_suspended_claims_ask_nothing() -> None:
    """Only who is about to move something has something to prove."""
    before, after = registry(v7="Staging"), registry(v7="Production")
    settled = promoted(claim(), before, after)
    assert needs(Facts(claim(settled, gates={"metrics": [AUC]}), after, NOW)) == frozenset()
    assert needs(Facts(claim(suspend=True, gates={"metrics": [AUC]}), before, NOW)) == frozenset()
