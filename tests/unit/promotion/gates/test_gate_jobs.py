"""Jobs as gates: which question each answers, what follows from an answer, and which Job follows an error."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mlflow_operator.api.gates.gates import GateJob, GateResult
from mlflow_operator.promotion.decision import Decision, Step
from mlflow_operator.promotion.evidence import Evidence, JobFound
from mlflow_operator.promotion.facts import Facts
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import Snapshot
from mlflow_operator.promotion.wish import REASSERT
from mlflow_operator.status.promotion import compute
from unit.promotion.claims import NOW, claim

from .measured import models, version

CONTAINER = {"name": "validate", "image": "registry.example/validate:1"}
FAIRNESS: dict[str, Any] = {"name": "fairness", "template": {"spec": {"containers": [CONTAINER]}}}
BEFORE = models(v6="Production", v7="Staging")


def question(snapshot: Snapshot = BEFORE, gate: dict[str, Any] = FAIRNESS, request: str = "", **spec: Any) -> str:
    """By what the answer of the Job is known."""
    annotations = {REASSERT: request} if request else {}
    (trial,) = Facts(claim(None, annotations, gates={"jobs": [gate]}, **spec), snapshot, NOW).trials
    return trial.known_by


def with_version(**changes: Any) -> Snapshot:
    """The registry with another version 7."""
    return replace(BEFORE, versions={**BEFORE.versions, "7": replace(version("7", "Staging"), **changes)})


OTHER: dict[str, dict[str, Any]] = {
    "another version": {"snapshot": models(v6="Production", v8="Staging"), "version": 8},
    "registered anew": {"snapshot": with_version(created=99)},
    "another run": {"snapshot": with_version(run="run-99")},
    "another logged model": {"snapshot": with_version(logged_model="m-99")},
    "another baseline": {"snapshot": models(v5="Production", v7="Staging")},
    "no baseline": {"snapshot": models(v7="Staging")},
    "another image": {"gate": {**FAIRNESS, "template": {"spec": {"containers": [CONTAINER | {"image": "i:2"}]}}}},
    "another deadline": {"gate": FAIRNESS | {"activeDeadline": "1h"}},
    "another name": {"gate": FAIRNESS | {"name": "again"}},
    "asked once more": {"request": "1"},
}
SAME: dict[str, dict[str, Any]] = {
    "another mode": {"gate": FAIRNESS | {"mode": "DryRun"}},
    "another stage": {"snapshot": with_version(stage="None", updated=99)},
    "another tag": {"tags": {"team": "risk"}},
    "another alias": {"snapshot": replace(BEFORE, aliases={"champion": "6"})},
}


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER)
def test_an_answer_to_another_question_does_not_count(change: dict[str, Any]) -> None:
    """What the pod was about is in the digest: another one is asked anew."""
    assert question(**change) != question()


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_the_same_question_is_asked_once(change: dict[str, Any]) -> None:
    """What the pod does not notice starts no other one."""
    assert question(**change) == question()


def found(result: GateResult, reason: str | None = None, tries: int = 1, **metrics: float) -> JobFound:
    """What was found of the Job."""
    ended = None if result is GateResult.WAITING or reason == "ImagePullFailed" else NOW
    job = GateJob(name="fraud-fairness", tries=tries, finished_at=ended, metrics=metrics)
    return JobFound(result, "as it says", job, reason=reason)


def asked(seen: JobFound | None, mode: str = "Enforce", **more: Any) -> Decision:
    """What follows for version 7 when this was found."""
    gates = {"jobs": [FAIRNESS | {"mode": mode}], **more}
    wanted = claim(gates=gates)
    (trial,) = Facts(wanted, BEFORE, NOW).trials
    return decide(wanted, BEFORE, NOW, Evidence(jobs={} if seen is None else {trial.known_by: seen}))


PASSED, FAILED, ERROR, WAITING = GateResult.PASSED, GateResult.FAILED, GateResult.ERROR, GateResult.WAITING
SHUT = {"allow": [{"cron": "0 0 1 * *", "duration": "1h"}]}
GAP = {"name": "gap", "metric": "gap", "max": 0.1, "source": "Job", "job": "fairness"}
FOLLOWS: dict[str, tuple[JobFound | None, dict[str, Any], Step, str]] = {
    "passed": (found(PASSED), {}, Step.WRITE, "Promoting"),
    "failed": (found(FAILED), {}, Step.REFUSE, "GateFailed"),
    "a report that cannot be read": (found(GateResult.INCONCLUSIVE), {}, Step.PAUSE, "GateInconclusive"),
    "not started": (None, {}, Step.WAIT, "GatePending"),
    "at work": (found(WAITING), {}, Step.WAIT, "GatePending"),
    "an error": (found(ERROR), {}, Step.WAIT, "GateError"),
    "an error for a person": (found(ERROR, "ImagePullFailed"), {}, Step.REFUSE, "ImagePullFailed"),
    "passed, and closed": (found(PASSED), {"windows": SHUT}, Step.CLOSED, "WindowClosed"),
    "a metric within its bound": (found(PASSED, gap=0.05), {"metrics": [GAP]}, Step.WRITE, "Promoting"),
    "a metric beyond it": (found(PASSED, gap=0.3), {"metrics": [GAP]}, Step.REFUSE, "GateFailed"),
    "a metric that is not reported": (found(PASSED), {"metrics": [GAP]}, Step.REFUSE, "GateFailed"),
    "never mind": (found(PASSED), {"metrics": [GAP | {"missing": "Skip"}]}, Step.WRITE, "Promoting"),
    "a metric that is still to come": (found(WAITING), {"metrics": [GAP]}, Step.WAIT, "GatePending"),
    "a metric of a Job without an answer": (found(ERROR), {"metrics": [GAP]}, Step.WAIT, "GateError"),
    **{
        f"dry run: {name}": (seen, {"mode": "DryRun"}, Step.WRITE, "Promoting")
        for name, seen in {
            "failed": found(FAILED),
            "not started": None,
            "at work": found(WAITING),
            "an error for a person": found(ERROR, "ImagePullFailed"),
        }.items()
    },
    "a metric of a dry run": (found(WAITING), {"mode": "DryRun", "metrics": [GAP]}, Step.WAIT, "GatePending"),
}


@pytest.mark.parametrize(("seen", "more", "step", "reason"), FOLLOWS.values(), ids=FOLLOWS)
def test_what_follows_from_a_job(seen: JobFound | None, more: dict[str, Any], step: Step, reason: str) -> None:
    """Its answer is final, its errors are waited out or somebody's, and a dry run never blocks."""
    decision = asked(seen, **more)
    assert (decision.step, decision.reason) == (step, reason)


RESTS: dict[str, tuple[JobFound, float, int | None]] = {
    "at work": (found(WAITING), 0, 1),
    "kept from starting": (found(ERROR, "ImagePullFailed"), 3600, 1),
    "just ended in an error": (found(ERROR), 30, None),
    "some time ago": (found(ERROR), 61, 2),
    "for the second time": (found(ERROR, tries=2), 61, None),
    "some minutes ago": (found(ERROR, tries=2), 301, 3),
    "for the third time": (found(ERROR, tries=3), 7200, None),
    "passed": (found(PASSED), 7200, None),
    "failed": (found(FAILED), 7200, None),
}


@pytest.mark.parametrize(("seen", "seconds", "tries"), RESTS.values(), ids=RESTS)
def test_which_job_follows(seen: JobFound, seconds: float, tries: int | None) -> None:
    """An answer is final; an error is followed by another Job after a rest, twice."""
    gates = {"jobs": [FAIRNESS], "windows": SHUT}
    after = claim(compute(claim(gates=gates), BEFORE, asked(seen, windows=SHUT), NOW), gates=gates)
    trials = Facts(after, BEFORE, NOW + timedelta(seconds=seconds)).trials
    assert [trial.tries for trial in trials] == ([] if tries is None else [tries])


def test_an_attempt_has_jobs_of_its_own() -> None:
    """The same version in another attempt is validated again: the world may have changed."""
    wanted = claim(gates={"jobs": [FAIRNESS]})
    first = asked(found(PASSED))
    status = compute(wanted, BEFORE, first, NOW)
    assert first.attempt is not None
    done = status.model_copy(update={"attempt": first.attempt.model_copy(update={"finished_at": NOW})})
    again = claim(done, {REASSERT: "1"}, gates={"jobs": [FAIRNESS]})
    (trial,) = Facts(again, BEFORE, NOW).trials
    assert trial.known_by not in {gate.digest for gate in status.gates}
