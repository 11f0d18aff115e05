"""The status of a ModelPromotion: what the registry holds, what was decided, and how the pass ended."""

from collections.abc import Callable
from datetime import datetime

from mlflow_operator.api.meta import Condition
from mlflow_operator.api.modelpromotion import AttemptResult, ModelPromotion, ModelPromotionStatus
from mlflow_operator.promotion.attempt import history
from mlflow_operator.promotion.decision import Decision, Step
from mlflow_operator.promotion.plan import is_empty
from mlflow_operator.promotion.snapshot import Snapshot, slot_name
from mlflow_operator.status import conditions
from mlflow_operator.status.conditions import State, Verdict

_VERDICTS: dict[Step, tuple[Callable[[str, str], Verdict], str]] = {
    Step.WRITE: (conditions.progressing, "Promoting"),
    Step.HOLD: (conditions.done, "Promoted"),
    Step.ONWARD: (conditions.done, "PromotedOnward"),
    Step.SHOW: (conditions.done, "DryRun"),
    Step.REPORT: (conditions.stalled, "Drifted"),
    Step.REFUSE: (conditions.stalled, "Refused"),
    Step.WAIT: (conditions.progressing, "Waiting"),
    Step.REST: (conditions.suspended, "Suspended"),
}
"""What each step means for kstatus, and the phase that sums it up."""


def compute(claim: ModelPromotion, snapshot: Snapshot, decision: Decision, now: datetime) -> ModelPromotionStatus:
    """The status after a look at the registry."""
    make, phase = _VERDICTS[decision.step]
    verdict = make(decision.reason, decision.message)
    holders = snapshot.holders(claim.spec.target)
    current = claim.spec.version if claim.spec.version in holders else next(iter(holders), None)
    return claim.status.model_copy(
        update={
            "observed_generation": claim.metadata.generation,
            "phase": phase,
            "slot": slot_name(claim.spec.target),
            "desired_version": claim.spec.version,
            "current_version": current,
            "previous_version": _previous(claim, decision),
            "holders": holders,
            "model_uri": f"models:/{claim.spec.model}/{current}" if current else None,
            "attempt": decision.attempt,
            "plan": None if is_empty(decision.plan) else decision.plan,
            "history": history(claim, decision.attempt, snapshot, now),
            "conditions": _summary(claim, verdict, now) + _details(claim, snapshot, decision, now),
        }
    )


def compute_failed(claim: ModelPromotion, error: Exception, now: datetime) -> ModelPromotionStatus:
    """The status after a pass that could not look: the last known facts stay."""
    verdict = conditions.of_error(error)
    summary = _summary(claim, verdict, now)
    kept = [c for c in claim.status.conditions if c.type in _DETAILS]
    return claim.status.model_copy(
        update={
            "observed_generation": claim.metadata.generation,
            "phase": "Failed" if verdict.state == "Stalled" else "Waiting",
            "slot": slot_name(claim.spec.target),
            "desired_version": claim.spec.version,
            "conditions": summary + kept,
        }
    )


def _previous(claim: ModelPromotion, decision: Decision) -> str | None:
    attempt = decision.attempt
    replaced = attempt is not None and attempt.result is AttemptResult.PROMOTED and attempt.from_version
    if attempt and replaced and attempt.from_version != attempt.to_version:
        return attempt.from_version
    return claim.status.previous_version


def _summary(claim: ModelPromotion, verdict: Verdict, now: datetime) -> list[Condition]:
    return conditions.summary(verdict, claim.status.conditions, generation=claim.metadata.generation, now=now)


_DETAILS = ("VersionResolved", "RequirementsMet", "Promoted", "InSync")


def _details(claim: ModelPromotion, snapshot: Snapshot, decision: Decision, now: datetime) -> list[Condition]:
    answers = {
        "VersionResolved": _resolved(claim, snapshot),
        "RequirementsMet": _requirements(claim, snapshot, decision),
        "Promoted": _promoted(decision),
        "InSync": _in_sync(decision),
    }
    return [
        conditions.condition(claim.status.conditions, type_, *answer, generation=claim.metadata.generation, now=now)
        for type_, answer in answers.items()
    ]


Answer = tuple[State | bool, str, str]


def _resolved(claim: ModelPromotion, snapshot: Snapshot) -> Answer:
    version = claim.spec.version
    if version in snapshot.versions:
        return True, "VersionFound", f"version {version} of {claim.spec.model} is registered"
    return False, "VersionNotFound", f"version {version} of {claim.spec.model} is not registered"


def _requirements(claim: ModelPromotion, snapshot: Snapshot, decision: Decision) -> Answer:
    if decision.unmet:
        return False, decision.reason, "; ".join(u.message for u in decision.unmet)
    if claim.spec.version not in snapshot.versions or decision.step is Step.REST:
        return "Unknown", "NotChecked", "not checked yet"
    return True, "RequirementsMet", "everything under spec.requires was true when the attempt began"


def _promoted(decision: Decision) -> Answer:
    attempt = decision.attempt
    if decision.step in (Step.HOLD, Step.REPORT, Step.ONWARD) and attempt and attempt.finished_at:
        return True, attempt.type.value, f"attempt {attempt.number} brought version {attempt.to_version} into the slot"
    return False, decision.reason, decision.message


def _in_sync(decision: Decision) -> Answer:
    if decision.step in (Step.HOLD, Step.ONWARD):
        return True, decision.reason, decision.message
    return False, decision.reason, decision.message
