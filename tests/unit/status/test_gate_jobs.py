"""What is said of the Job of a gate, from the Job, its pods, and the words of the kubelet."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlflow_operator.desired import names
from mlflow_operator.status.gate_jobs import found

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Object = dict[str, Any]
TEMPLATE: Object = {"spec": {"containers": [{"name": "validate", "image": "v:1"}]}}


def ago(seconds: float) -> str:
    """A moment, as the API server writes it."""
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def job(type_: str = "", reason: str = "", **meta: str) -> Object:
    """The Job; over, if it has such a condition."""
    conditions = [{"type": type_, "status": "True", "reason": reason, "lastTransitionTime": ago(9)}] if type_ else []
    labels = {names.COMPONENT_LABEL: names.GATE}
    metadata = {"name": "fraud-fairness", "uid": "job", "labels": labels, "creationTimestamp": ago(600), **meta}
    return {"kind": "Job", "metadata": metadata, "spec": {"template": TEMPLATE}, "status": {"conditions": conditions}}


def pod(state: Object, phase: str = "Pending", owner: str = "job", since: float = 600, **status: Any) -> Object:
    """A pod of the Job."""
    unready = {"type": "Ready", "status": str(phase == "Running"), "lastTransitionTime": ago(since)}
    metadata = {
        "name": "fraud-fairness-x",
        "uid": "pod",
        "labels": {names.COMPONENT_LABEL: names.GATE},
        "creationTimestamp": ago(since),
        "ownerReferences": [{"kind": "Job", "uid": owner, "controller": True}],
    }
    containers = [{"name": "proxy", "state": {"running": {}}}, {"name": "validate", "image": "v:1", "state": state}]
    status = {"conditions": [unready], **status}
    return {"kind": "Pod", "metadata": metadata, "status": {"phase": phase, "containerStatuses": containers, **status}}


def ended(code: int, message: str | Object = "", at: float = 20, **more: str) -> Object:
    """How the container ended."""
    text = message if isinstance(message, str) else json.dumps(message)
    return {"terminated": {"exitCode": code, "message": text, "finishedAt": ago(at), **more}}


GOOD, BAD = job("Complete", "CompletionsReached"), job("Failed", "BackoffLimitExceeded")
PULL = {"waiting": {"reason": "ErrImagePull", "message": "https://me:secret@registry/v:1 not found"}}
ROOT = {"waiting": {"reason": "CreateContainerConfigError", "message": "container has runAsNonRoot and image is root"}}
DISRUPTED: Object = {"conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}]}
QUOTA = {"regarding": {"uid": "job"}, "reason": "FailedCreate", "note": 'pods "x" is forbidden: violates PodSecurity'}
LONG = json.dumps({"passed": True, "message": "x" * 5000})[:4096]

Case = tuple[Object, list[Object], str, str]
ENDS: dict[str, Case] = {
    "exit code 0": (GOOD, [pod(ended(0))], "Passed", "has passed it"),
    "passed": (GOOD, [pod(ended(0, {"passed": True, "message": "fair"}))], "Passed", "has passed it: fair"),
    "not passed": (GOOD, [pod(ended(0, {"passed": False, "message": "bad"}))], "Failed", "has not passed it: bad"),
    "exit code 3": (BAD, [pod(ended(3, "too slow"))], "Failed", "ended with exit code 3: too slow"),
    "exit code 3, without a word": (BAD, [pod(ended(3))], "Failed", "see kubectl logs job/fraud-fairness"),
    "the exit code wins": (BAD, [pod(ended(1, {"passed": True}))], "Failed", "exit code 1"),
    "out of memory": (BAD, [pod(ended(137, reason="OOMKilled"))], "Failed", "exit code 137, OOMKilled"),
    "the last of several tries": (BAD, [pod(ended(1, "b", 10)), pod(ended(2, "a", 50))], "Failed", "exit code 1: b"),
    "a sidecar goes on": (job(), [pod(ended(0), "Running")], "Passed", "has passed it"),
    "it is tried again": (job(), [pod(ended(1))], "Waiting", "is being started"),
    "no JSON": (GOOD, [pod(ended(0, '{"passed": tru'))], "Inconclusive", "it is no JSON"),
    "cut off": (GOOD, [pod(ended(0, LONG))], "Inconclusive", "of more than 4096 bytes the rest is cut off"),
    "nothing that says it": (GOOD, [pod(ended(0, {"metrics": {}}))], "Inconclusive", "passed has to be true or false"),
    "metrics of no kind": (
        GOOD,
        [pod(ended(0, {"passed": True, "metrics": [1]}))],
        "Inconclusive",
        "metrics has to be",
    ),
    "a metric that is text": (
        GOOD,
        [pod(ended(0, {"passed": True, "metrics": {"gap": "0.1"}}))],
        "Inconclusive",
        "metric gap has to be a number",
    ),
    "NaN": (GOOD, [pod(ended(0, '{"passed": true, "metrics": {"gap": NaN}}'))], "Inconclusive", "NaN is no number"),
    "infinite": (GOOD, [pod(ended(0, '{"passed": true, "metrics": {"gap": 1e999}}'))], "Inconclusive", "a number"),
    "a deadline": (job("Failed", "DeadlineExceeded"), [], "Error", "did not end within activeDeadline; another one"),
    "evicted": (BAD, [pod(ended(137), "Failed", reason="Evicted")], "Error", "has lost its pod"),
    "disrupted": (BAD, [pod(ended(143), "Failed", **DISRUPTED)], "Error", "has lost its pod"),
    "a pod that is gone": (GOOD, [], "Error", "has lost its pod"),
    "a pod of somebody else": (GOOD, [pod(ended(0), owner="stranger")], "Error", "has lost its pod"),
    "at work": (job(), [pod({"running": {}}, "Running")], "Waiting", "is at work"),
    "no pod yet": (job(), [], "Waiting", "is being started"),
    "on its way out": (job(deletionTimestamp=ago(1)), [pod(ended(0))], "Waiting", "is on its way out"),
}


@pytest.mark.parametrize(("there", "pods", "result", "words"), ENDS.values(), ids=ENDS)
def test_what_an_end_means(there: Object, pods: list[Object], result: str, words: str) -> None:
    """The exit code and the report decide; what is no answer is an error, and what cannot be read nobody's pass."""
    seen = found(there, pods, [], 1, NOW)
    assert (seen.result, words in seen.message, seen.reason) == (result, True, None), seen


def test_numbers_are_kept() -> None:
    """Other gates ask for them, when the Job is gone."""
    report = {"passed": True, "metrics": {"gap": 0.02, "groups": 7}}
    assert found(GOOD, [pod(ended(0, report))], [], 1, NOW).job.metrics == {"gap": 0.02, "groups": 7.0}


CAUSES: dict[str, tuple[list[Object], list[Object], str, str]] = {
    "an image": ([pod(PULL)], [], "ImagePullFailed", "the image v:1 of the validation cannot be pulled"),
    "root": ([pod(ROOT)], [], "PodNotStarted", "image is root"),
    "Pod Security": ([], [QUOTA], "PodsRefused", "violates PodSecurity"),
}


@pytest.mark.parametrize(("pods", "events", "reason", "words"), CAUSES.values(), ids=CAUSES)
def test_what_keeps_it_from_running(pods: list[Object], events: list[Object], reason: str, words: str) -> None:
    """After three minutes somebody has to help; logins in the words of others are left out."""
    seen = found(job(), pods, events, 1, NOW)
    assert (seen.result, seen.reason, words in seen.message, "secret" in seen.message) == ("Error", reason, True, False)
    assert seen.job.finished_at is None


def test_at_first_it_is_waited_for() -> None:
    """An image that comes a minute later is nobody's business."""
    seen = found(job(creationTimestamp=ago(60)), [pod(PULL, since=60)], [], 1, NOW)
    assert (seen.result, seen.reason, "cannot be pulled" in seen.message) == ("Waiting", None, True)


def test_a_job_that_a_queue_holds_back_is_waited_for() -> None:
    """Its turn may come in a day."""
    held = job()
    held["spec"]["suspend"] = True
    assert (found(held, [], [], 1, NOW).result, found(held, [], [], 1, NOW).reason) == ("Waiting", None)


def test_the_last_error_is_somebody_s() -> None:
    """Nobody starts a Job for ever that ends in nothing."""
    seen = found(job("Failed", "DeadlineExceeded"), [], [], 3, NOW)
    assert (seen.reason, "like 2 before it" in seen.message) == ("JobDeadlineExceeded", True)
    assert found(BAD, [], [], 3, NOW).reason == "JobPodLost"
