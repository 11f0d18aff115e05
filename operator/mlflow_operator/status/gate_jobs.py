"""How the Job of a gate has ended, or what keeps it from it: from the Job, its pods, and what was said of them."""

import json
from datetime import datetime
from typing import Any

from mlflow_operator.api.gates.gates import GateJob, GateResult
from mlflow_operator.promotion.evidence import JobFound
from mlflow_operator.promotion.gates.jobs import MOST_TRIES
from mlflow_operator.status.preparations import condition
from mlflow_operator.status.waits import Surroundings, quoted

Object = dict[str, Any]

_MOST_METRICS = 64
"""More do not fit into a termination message in any case: it has 4096 bytes."""
_AGAIN = "annotate mlflow.talentflow.ai/reassert with a new value to have it asked once more"


def waiting(job: GateJob, message: str) -> JobFound:
    """It has not ended."""
    return JobFound(GateResult.WAITING, message, job)


def refused(job: GateJob, reason: str, message: str) -> JobFound:
    """There is no such Job, and somebody has to help."""
    return JobFound(GateResult.ERROR, message, job, reason=reason)


def found(job: Object, pods: list[Object], events: list[Object], tries: int, now: datetime) -> JobFound:
    """What is to be said of a Job of a gate; ``tries`` is how many there have been with it."""
    known = GateJob(name=job["metadata"]["name"], tries=tries)
    pods = [pod for pod in pods if _is_of(pod, job)]
    if "deletionTimestamp" in job["metadata"]:
        return waiting(known, f"Job {known.name} is on its way out, and another one follows")
    ends = sorted((end for pod in pods if (end := _end(job, pod))), key=lambda end: str(end["finishedAt"]))
    good = [end for end in ends if end.get("exitCode") == 0]
    if good:  # whatever else is in the pod, such as the proxy of a mesh, may go on for ever
        return _answered(known, good[-1])
    over = condition(job, "Complete") or condition(job, "Failed")
    return _over(known, over, ends) if over else _under_way(known, job, pods, events, now)


def _over(known: GateJob, over: Object, ends: list[Object]) -> JobFound:
    """It has ended, and not with exit code 0."""
    at = datetime.fromisoformat(over["lastTransitionTime"])
    if over.get("reason") == "DeadlineExceeded":
        return _lost(known, at, "did not end within activeDeadline", "JobDeadlineExceeded")
    if ends:
        return _answered(known, ends[-1])
    return _lost(known, at, "has lost its pod, which was evicted or deleted")


def _under_way(known: GateJob, job: Object, pods: list[Object], events: list[Object], now: datetime) -> JobFound:
    cause = Surroundings((job,), tuple(pods), tuple(events)).cause(now)
    if cause is not None and cause.is_final(now):
        return refused(known, cause.reason, cause.message)
    if cause is not None:
        return waiting(known, cause.message)
    at_work = any(pod.get("status", {}).get("phase") == "Running" for pod in pods)
    return waiting(known, f"Job {known.name} {'is at work' if at_work else 'is being started'}")


def _lost(known: GateJob, at: datetime, how: str, reason: str = "JobPodLost") -> JobFound:
    """It has ended without an answer: another one follows, but not for ever."""
    ended = known.model_copy(update={"finished_at": at})
    what = f"Job {known.name} {how}"
    if known.tries < MOST_TRIES:
        return JobFound(GateResult.ERROR, f"{what}; another one follows in some minutes", ended)
    message = f"{what}, like {MOST_TRIES - 1} before it; see its pod, correct the gate, or {_AGAIN}"
    return JobFound(GateResult.ERROR, message, ended, reason=reason)


def _answered(known: GateJob, end: Object) -> JobFound:
    """The exit code and the message have to agree that it is passed."""
    code, text = end.get("exitCode", 0), str(end.get("message") or "")
    ended = known.model_copy(update={"finished_at": datetime.fromisoformat(end["finishedAt"])})
    try:
        passed, metrics, words = _report(text)
    except ValueError as error:
        message = f"Job {known.name} has written a report that cannot be read: {error}; correct it, then {_AGAIN}"
        return JobFound(GateResult.INCONCLUSIVE, message, ended, "unreadable")
    ended = ended.model_copy(update={"metrics": metrics})
    how = f"exit code {code}" + (f", {end['reason']}" if end.get("reason") == "OOMKilled" else "")
    said = f": {quoted(words)}" if words else ""
    if code == 0 and passed is not False:
        return JobFound(GateResult.PASSED, f"Job {known.name} has passed it{said}", ended, "passed")
    if code == 0:
        return JobFound(GateResult.FAILED, f"Job {known.name} has not passed it{said}", ended, "not passed")
    hint = said or f"; see kubectl logs job/{known.name}"
    return JobFound(GateResult.FAILED, f"Job {known.name} ended with {how}{hint}", ended, how)


def _report(text: str) -> tuple[bool | None, dict[str, float], str]:
    """What a container has written: a document, or words.

    Raises:
        ValueError: It began as a document.
    """
    if not text.lstrip().startswith("{"):
        return None, {}, text
    try:
        document = json.loads(text, parse_constant=_no_number)
    except (json.JSONDecodeError, RecursionError):
        raise ValueError("it is no JSON; of more than 4096 bytes the rest is cut off") from None
    passed, metrics, words = (document.get(name) for name in ("passed", "metrics", "message"))
    if not isinstance(passed, bool):
        raise ValueError("passed has to be true or false")
    return passed, _metrics({} if metrics is None else metrics), words if isinstance(words, str) else ""


def _metrics(metrics: Any) -> dict[str, float]:
    if not isinstance(metrics, dict) or len(metrics) > _MOST_METRICS:
        raise ValueError(f"metrics has to be an object of at most {_MOST_METRICS} numbers")
    wrong = next((name for name, value in metrics.items() if not _is_number(value)), None)
    if wrong is not None:
        raise ValueError(f"metric {quoted(wrong)} has to be a number")
    return {name: float(value) for name, value in metrics.items()}


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -_LARGEST <= value <= _LARGEST


_LARGEST = 1.7976931348623157e308


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number; find out why, and write one")


def _end(job: Object, pod: Object) -> Object | None:
    """How the container ended that the gate is about; one that was ended with its pod has said nothing."""
    if condition(pod, "DisruptionTarget") or pod.get("status", {}).get("reason") == "Evicted":
        return None
    name = job["spec"]["template"]["spec"]["containers"][0]["name"]
    statuses = pod.get("status", {}).get("containerStatuses", [])
    state: Object = next((c.get("state", {}) for c in statuses if c["name"] == name), {})
    end: Object | None = state.get("terminated")
    return end if end and end.get("finishedAt") else None


def _is_of(pod: Object, job: Object) -> bool:
    """Whether the Job has made the pod; anybody can give a pod its labels."""
    owners = pod["metadata"].get("ownerReferences", [])
    return any(o.get("controller") and o["uid"] == job["metadata"]["uid"] for o in owners)
