"""The rules, in the order in which they are asked. Each is about one situation, and leaves all others to the next."""

from dataclasses import replace
from datetime import datetime

from mlflow_operator.api.attempt import Attempt, AttemptResult, AttemptType, Plan
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.promotionpolicy import PromotionPolicy
from mlflow_operator.api.schema import GROUP
from mlflow_operator.api.slots import Stage
from mlflow_operator.promotion import words
from mlflow_operator.promotion.attempt import ended, opened
from mlflow_operator.promotion.conflict import Contender
from mlflow_operator.promotion.decision import Decision, Rule, Step, first_answer
from mlflow_operator.promotion.evidence import NOTHING, Evidence
from mlflow_operator.promotion.facts import Facts
from mlflow_operator.promotion.plan import is_empty, plan
from mlflow_operator.promotion.policies.governing import stamp
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot, slot_name
from mlflow_operator.promotion.unmet import Way, worst

_SOON = 5.0
"""Seconds until the next look for a claim that waits: what it waits for usually follows the apply."""
APPROVED_BY = f"{GROUP}/approved-by"
_STEPS = {Way.CHANGE: Step.REFUSE, Way.PERSON: Step.PAUSE, Way.WORLD: Step.WAIT, Way.TIME: Step.CLOSED}


def suspended(facts: Facts) -> Decision | None:
    """A person asked the operator to look and not to touch."""
    if not facts.claim.spec.suspend:
        return None
    gates = None if facts.settled else ()
    status, message = facts.claim.status, words.suspended(facts)
    return Decision(
        Step.REST, "Suspended", message, status.attempt, plan=facts.left, gates=gates, approval=status.approval
    )


def outdone(facts: Facts) -> Decision | None:
    """Another claim has the slot: of several one writes."""
    if facts.rival is None:
        return None
    message, approval = words.conflict(facts, facts.rival), facts.claim.status.approval
    return Decision(Step.YIELD, "Conflict", message, facts.latest, gates=(), approval=approval)


def tags_changed(facts: Facts) -> Decision | None:
    """The version was promoted, and other tags are wanted on it now: they are written, and nothing moves."""
    done, version = facts.settled, facts.version
    if done is None or version is None or facts.is_anew(done) or facts.claim.spec.dry_run:
        return None
    if done.result is not AttemptResult.PROMOTED or facts.wish.tagged == done.tagged:
        return None
    missing = {key: value for key, value in facts.wish.tags.items() if version.tags.get(key) != value}
    return Decision(Step.WRITE, "Promoting", words.tagging(facts), done, plan=Plan(tags=missing))


def gone_onward(facts: Facts) -> Decision | None:
    """After the attempt the version went on to a higher stage; it may have been archived there since."""
    done = facts.settled
    if done is None or facts.version is None or facts.is_anew(done):
        return None
    if facts.is_onward:
        seen = done if done.onward_at else done.model_copy(update={"onward_at": facts.now.replace(microsecond=0)})
        return Decision(Step.ONWARD, "PromotedOnward", words.onward(facts), seen)
    if done.onward_at and facts.version.stage == Stage.ARCHIVED:
        return Decision(Step.ONWARD, "PromotedOnward", words.onward(facts), done)
    return None


def held(facts: Facts) -> Decision | None:
    """After the attempt the slot is as the claim says."""
    done = facts.settled
    if done is None or facts.version is None or facts.is_anew(done) or not is_empty(facts.left):
        return None
    here = done.model_copy(update={"onward_at": None})
    return Decision(Step.HOLD, "Promoted", words.holds(facts), here)


def drifted(facts: Facts) -> Decision | None:
    """After the attempt somebody else has moved the slot, or deleted what was in it."""
    done = facts.settled
    if done is None:
        return None
    return Decision(Step.REPORT, "DriftDetected", words.drifted(facts, done), done, plan=facts.left)


def not_registered(facts: Facts) -> Decision | None:
    """The version is not there yet."""
    if facts.version is not None:
        return None
    return _before(facts, Step.WAIT, "VersionNotFound", words.not_registered(facts), look_again=_SOON)


def onward_already(facts: Facts) -> Decision | None:
    """The version is in a higher stage already: the attempt is over before it began, and is remembered."""
    if facts.version is None or not facts.is_onward:
        return None
    if facts.claim.spec.dry_run:
        return Decision(Step.ONWARD, "PromotedOnward", words.onward(facts), facts.latest, gates=())
    over = ended(_attempt(facts, facts.version, asked=False), AttemptResult.ONWARD, facts.now)
    return Decision(Step.ONWARD, "PromotedOnward", words.onward(facts), over, facts.left_behind, gates=())


def unqualified(facts: Facts) -> Decision | None:
    """Something that is required is not true, or a gate is not passed: all of it is said, and the worst counts."""
    obstacles = facts.unmet + facts.checklist.obstacles
    if not obstacles:
        return None
    first, text = worst(obstacles), "; ".join(m.message for m in obstacles)
    look_again = _SOON if facts.unmet else None  # of what the gates ask nothing is in a list of versions
    return _before(facts, _STEPS[first.way], first.reason, text, plan=facts.left, look_again=look_again)


def unapproved(facts: Facts) -> Decision | None:
    """People have to approve this attempt, and have not; or one of them has rejected it."""
    if not facts.checklist.unapproved:
        return None
    first = facts.checklist.unapproved[0]
    step = Step.ASK if first.way is Way.PERSON else Step.REFUSE
    return _before(facts, step, first.reason, first.message, plan=facts.left)


def dry_run(facts: Facts) -> Decision | None:
    """Somebody wants to see what would be written."""
    if not facts.claim.spec.dry_run:
        return None
    # Without the trail: its moment would be another one at each look.
    todo = plan(facts.claim.spec.target, facts.wish, facts.snapshot, facts.wish.tags)
    return _before(facts, Step.SHOW, "DryRunSucceeded", words.dry_run(facts, todo), plan=todo)


def closed(facts: Facts) -> Decision | None:
    """Everything is true, and it is not the time for it."""
    if not facts.checklist.closed:
        return None
    first = facts.checklist.closed[0]
    return _before(facts, _STEPS[first.way], first.reason, first.message, plan=facts.left)


def promote(facts: Facts) -> Decision | None:
    """Nothing is in the way."""
    if facts.version is None:
        return None
    attempt = _attempt(facts, facts.version, asked=True)
    todo = plan(facts.claim.spec.target, facts.wish, facts.snapshot, trail(facts.claim, attempt, facts.version))
    gates, approval = facts.checklist.results, facts.checklist.approval
    if not is_empty(todo):
        message = words.promoting(facts)
        left = facts.left_behind
        return Decision(Step.WRITE, "Promoting", message, attempt, left, plan=todo, gates=gates, approval=approval)
    done = ended(attempt.model_copy(update={"tagged": facts.wish.tagged}), AttemptResult.PROMOTED, facts.now)
    return Decision(Step.HOLD, "Promoted", words.holds(facts), done, facts.left_behind, gates=gates, approval=approval)


RULES: tuple[Rule, ...] = (
    suspended,
    outdone,
    tags_changed,
    gone_onward,
    held,
    drifted,  # from here on nothing was done about the wish yet
    not_registered,
    onward_already,
    unqualified,  # here follow pods that validate
    unapproved,  # after all that machines can say, so that nobody is asked in vain
    dry_run,
    closed,  # last, since whatever is asked before may take its time
    promote,
)


def decide(
    claim: ModelPromotion,
    snapshot: Snapshot,
    now: datetime,
    evidence: Evidence = NOTHING,
    *,
    rival: Contender | None = None,
    policies: tuple[PromotionPolicy, ...] = (),
) -> Decision:
    """What follows for a claim from what the registry holds.

    ``evidence`` is what else is known; ``facts.wants_file`` and ``facts.needs`` say what has to be. ``rival`` is
    another claim that has the slot, ``policies`` are those that govern the claim.
    """
    facts = Facts(claim, snapshot, now, evidence, rival, policies)
    return replace(first_answer(RULES, facts), soak=tuple(facts.soaks), late=facts.late)


def trail(claim: ModelPromotion, attempt: Attempt, version: ModelVersion) -> dict[str, str]:
    """The tags of a promoted version: those of the spec, and in MLflow's own words who put it there, and when."""
    meta = claim.metadata
    tags = {
        **claim.spec.tags,
        f"{GROUP}/promotion": f"{meta.namespace}/{meta.name}",
        f"{GROUP}/slot": slot_name(claim.spec.target),
    }
    if attempt.approved_by or APPROVED_BY in version.tags:  # else it would name who has approved another attempt
        tags[APPROVED_BY] = ", ".join(attempt.approved_by) or "nobody"
    if attempt.type is AttemptType.ADOPT:
        return tags  # it came into the slot some other time
    return tags | {f"{GROUP}/promoted-at": attempt.started_at.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _attempt(facts: Facts, version: ModelVersion, *, asked: bool) -> Attempt:
    """The attempt that is under way, or a new one, with what was asked of the version and by whom."""
    attempt = facts.attempt or opened(facts.claim, facts.wish, version, facts.snapshot, facts.now)
    request = facts.wish.request or attempt.request
    required = facts.wish.required if asked else None
    gated = facts.wish.gated if asked and facts.has_gates else None
    policies = attempt.policies if facts.is_passed else [stamp(policy) for policy in facts.policies if asked]
    approval = facts.checklist.approval if asked else None
    by = approval.by if approval else []
    asked_of = {"required": required, "gated": gated, "policies": policies, "approved_by": by}
    return attempt.model_copy(update={"request": request, **asked_of})


def _before(
    facts: Facts,
    step: Step,
    reason: str,
    message: str,
    *,
    plan: Plan | None = None,
    look_again: float | None = None,
) -> Decision:
    """A decision that opens no attempt; one for another wish has ended all the same."""
    return Decision(
        step,
        reason,
        message,
        facts.latest,
        plan=plan or Plan(),
        unmet=facts.unmet,
        blocked=facts.checklist.obstacles + facts.checklist.unapproved + facts.checklist.closed,
        unapproved=facts.checklist.unapproved,
        gates=facts.checklist.results,
        approval=facts.checklist.approval,
        window=facts.checklist.window,
        until=facts.until,
        look_again=look_again,
    )
