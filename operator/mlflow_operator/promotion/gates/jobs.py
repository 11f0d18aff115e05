"""Jobs: a pod whose end says whether a version passes.

What a Job has found out stands for the attempt, in ``status.gates``: one that was deleted is not run again. It is known
by a digest of the template, the version with its run, the version that it is compared with, and the attempt.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from mlflow_operator.api.gates.gates import GateJob, GateResult, GateStatus, MetricGate
from mlflow_operator.api.gates.jobs import JobGate
from mlflow_operator.api.gates.windows import Mode
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.promotion.evidence import JobFound, Origin
from mlflow_operator.promotion.gates.case import Case, Outcome
from mlflow_operator.promotion.gates.comparisons import holder
from mlflow_operator.promotion.gates.values import Value, absent
from mlflow_operator.promotion.snapshot import ModelVersion

JOB = "Job"
MOST_TRIES = 3
"""Jobs for one question; only an error of the one before lets another one follow."""
_REST = (timedelta(minutes=1), timedelta(minutes=5))
"""Time after an error until the next one."""
_ANSWERS = (GateResult.PASSED, GateResult.FAILED, GateResult.INCONCLUSIVE)


@dataclass(frozen=True)
class Trial:
    """A Job that should be there, or be made."""

    gate: JobGate
    known_by: str
    tries: int
    """Which one of the gate it is, from 1."""
    about: Mapping[str, str]
    """Variables that say which version it is about."""


def known_by(case: Case, gate: JobGate) -> str:
    """By what its result is known; whether it is enforced is no matter."""
    other = holder(case)
    asked = gate.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"mode"})
    origins = [_origin(case.version), _origin(other) if other else None]
    attempt = [case.claim.metadata.uid, case.asking.number, case.asking.request or ""]
    text = json.dumps([attempt, asked, origins], sort_keys=True)
    return sha256(text.encode()).hexdigest()[:12]


def judge(case: Case, gate: JobGate) -> Outcome:
    """What its Job has found out, or how far that is; what was found out once stands."""
    entry, found = _entry(case, gate), case.evidence.jobs.get(known_by(case, gate))
    if found is not None and not (entry and _stands(entry)):
        return outcome(found)
    if entry is not None:
        return Outcome(entry.result, entry.message, entry.observed, entry.expected, entry.reason, entry.job)
    message = "its Job is started when everything under requires, and every other gate but the windows, is passed"
    return Outcome(GateResult.WAITING, message, expected="passed")


def outcome(found: JobFound) -> Outcome:
    """The answer of a gate whose Job was looked at."""
    return Outcome(found.result, found.message, found.observed, "passed", found.reason, found.job)


def value(case: Case, gate: MetricGate) -> Value | Outcome:
    """A metric that the Job of another gate has reported, or the answer of the gate where there is none."""
    asks = (demand.gates for demand in case.demands if gate in demand.gates.metrics)
    source = next((job for gates in asks for job in gates.jobs if job.name == gate.job), None)
    if source is None:  # the schema lets nobody name a gate that is not there
        return Outcome(GateResult.SKIPPED, f"a rollback need not pass gate {gate.job}, whose Job reports {gate.metric}")
    told = judge(case, source)
    if told.result not in _ANSWERS or told.job is None:
        result = told.result if told.result is GateResult.ERROR else GateResult.WAITING
        return Outcome(result, f"{gate.metric} is reported by the Job of gate {gate.job}, which has not answered yet")
    if gate.metric not in told.job.metrics:
        return absent(gate, f"{gate.metric} was not reported by Job {told.job.name}; have it report it")
    return Value(told.job.metrics[gate.metric], f"version {case.version.version}, by Job {told.job.name},")


def trials(case: Case) -> tuple[Trial, ...]:
    """The Jobs that should be there now; none for what is known, or rests after an error."""
    found = ((gate, known, _next_try(_entry(case, gate), case.now)) for known, gate in _questions(case).items())
    return tuple(Trial(gate, known, tries, _about(case)) for gate, known, tries in found if tries)


def kept(case: Case) -> frozenset[tuple[str, str, int]]:
    """Gate, digest and number of the Jobs of this attempt: of those that are asked for, and of those that answered."""
    entries = ((gate.name, known, _entry(case, gate)) for known, gate in _questions(case).items())
    answered = {(gate, known, entry.job.tries) for gate, known, entry in entries if entry and entry.job}
    return frozenset({(trial.gate.name, trial.known_by, trial.tries) for trial in trials(case)} | answered)


def due(results: Iterable[GateStatus]) -> datetime | None:
    """When a Job is to follow one that has ended in an error."""
    return min((at for result in results if (at := _follows(result))), default=None)


def pending(claim: ModelPromotion) -> dict[str, GateJob]:
    """By digest the Jobs that were in nobody's way, and go on although the version was promoted meanwhile."""
    dry = (g for g in claim.status.gates if g.type == JOB and g.mode == Mode.DRY_RUN)
    return {g.digest: g.job for g in dry if g.result is GateResult.WAITING and g.digest and g.job}


def _questions(case: Case) -> dict[str, JobGate]:
    """The gates by what their results are known by: who asks the same as somebody else shares the Job."""
    return {known_by(case, gate): gate for demand in case.demands for gate in demand.gates.jobs}


def _entry(case: Case, gate: JobGate) -> GateStatus | None:
    """What the status has of the same question."""
    same = (JOB, gate.name, known_by(case, gate))
    return next((e for e in case.claim.status.gates if (e.type, e.name, e.digest) == same), None)


def _stands(entry: GateStatus) -> bool:
    """Whether nothing that happens to its Job changes the result any more."""
    return entry.result in _ANSWERS or (_failed_at(entry) is not None and _follows(entry) is None)


def _next_try(entry: GateStatus | None, now: datetime) -> int | None:
    """Which Job should be there for a question; None while there is none to wait for."""
    if entry is None or entry.job is None:
        return 1
    if _stands(entry):
        return None
    follows = _follows(entry)
    if follows is None:
        return entry.job.tries
    return entry.job.tries + 1 if now >= follows else None


def _follows(entry: GateStatus) -> datetime | None:
    """When another Job follows one that has ended in an error."""
    ended = _failed_at(entry)
    if ended is None or entry.job is None or entry.job.tries >= MOST_TRIES:
        return None
    return ended + _REST[entry.job.tries - 1]


def _failed_at(entry: GateStatus) -> datetime | None:
    """When its Job ended without an answer."""
    return entry.job.finished_at if entry.job and entry.result is GateResult.ERROR else None


def _origin(version: ModelVersion) -> list[str | int]:
    of = Origin.of(version)
    return [of.version, of.created, of.run, of.logged_model]


def _about(case: Case) -> dict[str, str]:
    """What the pod is told; a variable without a value says that there is none."""
    model, version, other = case.claim.spec.model, case.version, holder(case)
    return {
        "MODEL_NAME": model,
        "MODEL_VERSION": version.version,
        "MODEL_URI": f"models:/{model}/{version.version}",
        "RUN_ID": version.run,
        "BASELINE_VERSION": other.version if other else "",
        "BASELINE_URI": f"models:/{model}/{other.version}" if other else "",
    }
