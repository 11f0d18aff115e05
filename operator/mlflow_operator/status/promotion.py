"""The status of a ModelPromotion: what the registry holds, what was decided, and how the pass ended."""

from collections.abc import Callable, Sequence
from datetime import datetime

from mlflow_operator.api.attempt import AttemptResult
from mlflow_operator.api.gates.webhooks import Untold
from mlflow_operator.api.meta import Condition
from mlflow_operator.api.modelpromotion import ModelPromotion, ModelPromotionStatus
from mlflow_operator.promotion.attempt import recorded
from mlflow_operator.promotion.decision import Decision, Step
from mlflow_operator.promotion.gates.checklist import summary
from mlflow_operator.promotion.plan import is_empty
from mlflow_operator.promotion.policies.demand import own
from mlflow_operator.promotion.snapshot import Snapshot, slot_name
from mlflow_operator.promotion.unmet import worst
from mlflow_operator.promotion.webhooks import telling
from mlflow_operator.promotion.webhooks.telling import NONE, Reports
from mlflow_operator.promotion.wish import Wish
from mlflow_operator.status import conditions
from mlflow_operator.status.conditions import Answer, Verdict

_VERDICTS: dict[Step, tuple[Callable[[str, str], Verdict], str]] = {
    Step.WRITE: (conditions.progressing, "Promoting"),
    Step.HOLD: (conditions.done, "Promoted"),
    Step.ONWARD: (conditions.done, "PromotedOnward"),
    Step.SHOW: (conditions.done, "DryRun"),
    Step.REPORT: (conditions.stalled, "Drifted"),
    Step.REFUSE: (conditions.stalled, "Refused"),
    Step.PAUSE: (conditions.suspended, "Inconclusive"),
    Step.ASK: (conditions.suspended, "AwaitingApproval"),
    Step.CLOSED: (conditions.suspended, "AwaitingWindow"),
    Step.YIELD: (conditions.stalled, "Conflict"),
    Step.WAIT: (conditions.progressing, "Waiting"),
    Step.REST: (conditions.suspended, "Suspended"),
}
"""What each step means for kstatus, and the phase that sums it up."""
CONFLICT_FREE = "ConflictFree"
"""The condition that says whether another claim has the slot."""
APPROVED = "Approved"
"""The condition that says whether people have approved the attempt."""
_NAMED = 20
"""Holders that a status names."""


def compute(
    claim: ModelPromotion, snapshot: Snapshot, decision: Decision, now: datetime, reports: Reports = NONE
) -> ModelPromotionStatus:
    """The status after a look at the registry; ``reports`` say what webhooks have taken since."""
    make, phase = _VERDICTS[decision.step]
    verdict = make(decision.reason, decision.message)
    status, holders = _about_the_wish(claim), snapshot.holders(claim.spec.target)
    kept = decision.late if status.gates and decision.late is not None else status.gates
    gates = list(kept if decision.gates is None else decision.gates)
    history = recorded(status.history, (decision.left_behind, decision.attempt), claim.spec.history_limit)
    untold = telling.untold(claim, decision, history, holders, now, reports=reports)
    return status.model_copy(
        update={
            "observed_generation": claim.metadata.generation,
            "phase": phase,
            **_held(claim, holders),
            "previous_version": _previous(claim, decision),
            "attempt": decision.attempt,
            "gates": gates,
            "gate_summary": summary(gates),
            "approval": status.approval if decision.gates is None else decision.approval,
            "window": decision.window,
            "soak": list(decision.soak),
            "plan": None if is_empty(decision.plan) else decision.plan,
            "history": history,
            "untold": untold,
            "conditions": [
                *_summary(claim, verdict, now),
                *_details(claim, snapshot, decision, now),
                *_told(claim, untold, now),
            ],
        }
    )


def _about_the_wish(claim: ModelPromotion) -> ModelPromotionStatus:
    """The status without what was found of another version, which was wanted before this one came back."""
    status = claim.status
    if status.desired_version in (None, claim.spec.version):
        return status
    return status.model_copy(update={"gates": [], "approval": None})


def _held(claim: ModelPromotion, holders: Sequence[str]) -> dict[str, object]:
    """The slot, what should hold it, and what does."""
    version, model = claim.spec.version, claim.spec.model
    current = version if version in holders else next(iter(holders), None)
    return {
        "slot": slot_name(claim.spec.target),
        "desired_version": version,
        "current_version": current,
        "holders": list(holders[:_NAMED]),
        "holder_count": len(holders) if len(holders) > _NAMED else None,
        "model_uri": f"models:/{model}/{current}" if current else None,
    }


def compute_failed(
    claim: ModelPromotion, error: Exception, now: datetime, reports: Reports = NONE
) -> ModelPromotionStatus:
    """The status after a pass that could not look: the last known facts stay, and so does a person's suspension."""
    verdict = conditions.of_error(error)
    phase = "Failed" if verdict.state == "Stalled" else "Waiting"
    if claim.spec.suspend:
        phase, verdict = "Suspended", conditions.suspended("Suspended", f"suspended; meanwhile {verdict.message}")
    kept = [c for c in claim.status.conditions if c.type in _DETAILS]
    untold = telling.left(claim, now, reports)
    return claim.status.model_copy(
        update={
            "observed_generation": claim.metadata.generation,
            "phase": phase,
            "slot": slot_name(claim.spec.target),
            "desired_version": claim.spec.version,
            "untold": untold,
            "conditions": [*_summary(claim, verdict, now), *kept, *_told(claim, untold, now)],
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


_DETAILS = (CONFLICT_FREE, "VersionResolved", "RequirementsMet", "GatesPassed", APPROVED, "Promoted", "InSync")


def _details(claim: ModelPromotion, snapshot: Snapshot, decision: Decision, now: datetime) -> list[Condition]:
    answers = {
        CONFLICT_FREE: _conflict_free(claim, decision),
        "VersionResolved": _resolved(claim, snapshot),
        "RequirementsMet": _requirements(claim, decision),
        **_gates_passed(claim, decision),
        **_approval(claim, decision),
        "Promoted": _promoted(decision),
        "InSync": _in_sync(decision),
    }
    return [
        conditions.condition(claim.status.conditions, type_, *answer, generation=claim.metadata.generation, now=now)
        for type_, answer in answers.items()
    ]


def _told(claim: ModelPromotion, untold: Sequence[Untold], now: datetime) -> list[Condition]:
    """Whether webhooks know what they have to, where there are any that are told something."""
    if not claim.spec.gates.listeners:
        return []
    generation, answer = claim.metadata.generation, telling.verdict(untold)
    return [conditions.condition(claim.status.conditions, "Told", *answer, generation=generation, now=now)]


def _conflict_free(claim: ModelPromotion, decision: Decision) -> Answer:
    if decision.step is Step.YIELD:
        return Answer(False, decision.reason, decision.message)
    if claim.spec.dry_run or claim.spec.suspend:
        return Answer("Unknown", "NotChecked", "not checked: nothing is written")
    return Answer(True, CONFLICT_FREE, "no other claim has the slot")


def _resolved(claim: ModelPromotion, snapshot: Snapshot) -> Answer:
    version = claim.spec.version
    if version in snapshot.versions:
        return Answer(True, "VersionFound", f"version {version} of {claim.spec.model} is registered")
    return Answer(False, "VersionNotFound", f"version {version} of {claim.spec.model} is not registered")


def _requirements(claim: ModelPromotion, decision: Decision) -> Answer:
    attempt, wish = decision.attempt, Wish.of(claim)
    if decision.unmet:
        return Answer(False, worst(decision.unmet).reason, "; ".join(u.message for u in decision.unmet))
    if decision.step is Step.SHOW or decision.blocked:
        return Answer(True, "RequirementsMet", "everything under spec.requires is true")
    if attempt is None or attempt.required is None or attempt.to_version != wish.version:
        return Answer("Unknown", "NotChecked", "not checked")
    if attempt.required != wish.required:
        return Answer(
            "Unknown",
            "NotChecked",
            f"spec.requires has changed since attempt {attempt.number} was asked",
        )
    return Answer(True, "RequirementsMet", "everything under spec.requires was true when the attempt began")


def _gates_passed(claim: ModelPromotion, decision: Decision) -> dict[str, Answer]:
    """The condition of the gates, where anybody asks for any, or did when the attempt began."""
    attempt = decision.attempt
    asked = own(claim).has_gates or decision.gates or (attempt is not None and attempt.gated)
    return {"GatesPassed": _gates(claim, decision)} if asked else {}


def _gates(claim: ModelPromotion, decision: Decision) -> Answer:
    attempt, wish = decision.attempt, Wish.of(claim)
    if decision.blocked:
        return Answer(False, worst(decision.blocked).reason, "; ".join(u.message for u in decision.blocked))
    known = attempt if attempt and attempt.gated and attempt.to_version == wish.version else None
    if known and known.gated == wish.gated:
        return Answer(True, "GatesPassed", "every gate that is enforced was passed when the attempt began")
    if decision.gates:
        return Answer(True, "GatesPassed", "every gate that is enforced is passed")
    if known:
        return Answer("Unknown", "NotChecked", f"spec.gates has changed since attempt {known.number} passed them")
    return Answer("Unknown", "NotChecked", "not checked")


def _approval(claim: ModelPromotion, decision: Decision) -> dict[str, Answer]:
    """The condition of people, where anybody asks for their approval, or did when the attempt began."""
    attempt = decision.attempt
    asked = claim.spec.gates.approval or decision.unapproved or decision.approval or (attempt and attempt.approved_by)
    return {APPROVED: _approved(claim, decision)} if asked else {}


def _approved(claim: ModelPromotion, decision: Decision) -> Answer:
    asked, attempt, wish = decision.approval, decision.attempt, Wish.of(claim)
    if decision.unapproved:
        first = decision.unapproved[0]
        return Answer(False, first.reason, first.message)
    if decision.gates is None and attempt and (attempt.gated, attempt.to_version) == (wish.gated, wish.version):
        return Answer(True, APPROVED, f"approved by {', '.join(attempt.approved_by)}")
    if asked and len(asked.by) >= asked.required and decision.gates:
        return Answer(True, APPROVED, f"approved by {', '.join(asked.by)}")
    return Answer("Unknown", "NotChecked", "not asked")


_OVER = (Step.HOLD, Step.REPORT, Step.ONWARD)


def _promoted(decision: Decision) -> Answer:
    attempt = decision.attempt
    if decision.step not in _OVER or attempt is None or attempt.finished_at is None:
        return Answer(False, decision.reason, decision.message)
    if attempt.result is AttemptResult.ONWARD:
        return Answer(
            True, attempt.result, f"version {attempt.to_version} was in a higher stage already; nothing was moved"
        )
    return Answer(True, attempt.type, f"attempt {attempt.number} brought version {attempt.to_version} into the slot")


def _in_sync(decision: Decision) -> Answer:
    return Answer(decision.step in (Step.HOLD, Step.ONWARD), decision.reason, decision.message)
