"""One look at a claim and at the registry, and what follows from it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mlflow_operator.api.modelpromotion import Attempt, AttemptResult, AttemptType, ModelPromotion, Plan, Stage
from mlflow_operator.api.schema import GROUP
from mlflow_operator.promotion import attempt as attempts
from mlflow_operator.promotion.plan import is_empty, plan, surplus
from mlflow_operator.promotion.requirements import Question, Unmet, unmet
from mlflow_operator.promotion.snapshot import READY, Snapshot, slot_name

_SHOWN = 5
"""Holders of a slot that a message names."""
_HIGHER = {Stage.NONE: (Stage.STAGING, Stage.PRODUCTION), Stage.STAGING: (Stage.PRODUCTION,)}


class Step(StrEnum):
    """What to do next."""

    WRITE = "Write"
    """Bring the version into the slot."""
    HOLD = "Hold"
    """Nothing: the slot is as the claim says."""
    ONWARD = "Onward"
    """Nothing: the version has gone on to a higher stage, and one version has one stage."""
    REPORT = "Report"
    """Nothing: somebody else has moved the slot, and people are not fought."""
    WAIT = "Wait"
    """Nothing yet: something has to come true first."""
    REFUSE = "Refuse"
    """Nothing: somebody has to change something."""
    SHOW = "Show"
    """Nothing: a dry run."""
    REST = "Rest"
    """Nothing: suspended."""


@dataclass(frozen=True)
class Decision:
    """What to do, why, and the attempt that it belongs to."""

    step: Step
    reason: str
    message: str
    attempt: Attempt | None = None
    plan: Plan = field(default_factory=Plan)
    unmet: tuple[Unmet, ...] = ()


def decide(claim: ModelPromotion, snapshot: Snapshot, now: datetime, *, signature: bool | None = None) -> Decision:
    """What follows for a claim from what the registry holds.

    ``signature`` says whether the version has one; only asked for where the claim requires it (``wants_signature``).
    """
    spec, latest = claim.spec, claim.status.attempt
    if spec.suspend:
        return Decision(Step.REST, "Suspended", _suspended(claim, snapshot), latest, _plan(claim, snapshot, None))
    if attempts.is_settled(claim):
        return observe(claim, snapshot, latest)
    version, asked_again = snapshot.versions.get(spec.version), attempts.REASSERT in claim.metadata.annotations
    if version is None:
        return Decision(Step.WAIT, "VersionNotFound", _not_registered(claim, snapshot), latest)
    if _went_onward(claim, snapshot) or (latest is None and not asked_again and _was_onward(claim, snapshot)):
        over = attempts.finish(latest, AttemptResult.PROMOTED, now) if latest else None
        return Decision(Step.ONWARD, "PromotedOnward", _onward(claim, snapshot), over)
    question = Question(spec, snapshot, version, attempts.held_before(claim), signature)
    if missing := unmet(question):
        first = next((m for m in missing if m.final), missing[0])
        step = Step.REFUSE if first.final else Step.WAIT
        text = "; ".join(m.message for m in missing)
        return Decision(step, first.reason, text, latest, _plan(claim, snapshot, None), tuple(missing))
    return _act(claim, snapshot, now)


def wants_signature(claim: ModelPromotion, snapshot: Snapshot) -> bool:
    """Whether the next decision needs to know if the version has a signature; before it is ready it has no files."""
    version = snapshot.versions.get(claim.spec.version)
    ready = version is not None and version.status == READY
    return claim.spec.requires.signature and ready and not attempts.is_settled(claim)


def observe(claim: ModelPromotion, snapshot: Snapshot, finished: Attempt | None) -> Decision:
    """After the attempt: is the slot still as the claim says?"""
    if _went_onward(claim, snapshot) or _was_onward(claim, snapshot):
        return Decision(Step.ONWARD, "PromotedOnward", _onward(claim, snapshot), finished)
    left = _plan(claim, snapshot, None)
    if claim.spec.version in snapshot.versions and is_empty(left):
        return Decision(Step.HOLD, "Promoted", _holds(claim), finished)
    return Decision(Step.REPORT, "DriftDetected", _drifted(claim, snapshot, left), finished, left)


def repair(claim: ModelPromotion, snapshot: Snapshot) -> Plan:
    """After a write that raced with somebody else's: the other holders, if ours is among several.

    MLflow's archiving is not exclusive: concurrent calls leave several holders behind. If ours is gone, then somebody
    has moved it since, and that is reported, not repaired.
    """
    if claim.spec.version not in snapshot.holders(claim.spec.target):
        return Plan()
    return Plan(moves=surplus(claim.spec, snapshot))


def _act(claim: ModelPromotion, snapshot: Snapshot, now: datetime) -> Decision:
    if claim.spec.dry_run:
        todo = plan(claim.spec, snapshot, claim.spec.tags)  # without the moment, which would be another at each look
        return Decision(Step.SHOW, "DryRunSucceeded", _dry_run(claim, todo), claim.status.attempt, todo)
    attempt = attempts.open_attempt(claim, snapshot, now)
    todo = _plan(claim, snapshot, attempt)
    if is_empty(todo):
        done = attempts.finish(attempt, AttemptResult.PROMOTED, now)
        return Decision(Step.HOLD, "Promoted", _holds(claim), done)
    message = f"bringing version {claim.spec.version} into {slot_name(claim.spec.target)}"
    return Decision(Step.WRITE, "Promoting", message, attempt, todo)


def _plan(claim: ModelPromotion, snapshot: Snapshot, attempt: Attempt | None) -> Plan:
    """What is still to be written; with an attempt, its tags too."""
    if claim.spec.version not in snapshot.versions:
        return Plan()
    return plan(claim.spec, snapshot, _tags(claim, attempt) if attempt else {})


def _tags(claim: ModelPromotion, attempt: Attempt) -> dict[str, str]:
    """The trail in MLflow: who put the version there, and when."""
    meta = claim.metadata
    tags = {
        **claim.spec.tags,
        f"{GROUP}/promotion": f"{meta.namespace}/{meta.name}",
        f"{GROUP}/slot": slot_name(claim.spec.target),
    }
    if attempt.type is AttemptType.ADOPT:
        return tags  # it came into the slot some other time
    return tags | {f"{GROUP}/promoted-at": attempt.started_at.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _went_onward(claim: ModelPromotion, snapshot: Snapshot) -> bool:
    version, stage = snapshot.versions.get(claim.spec.version), claim.spec.target.stage
    return version is not None and stage is not None and version.stage in _HIGHER.get(stage, ())


def _was_onward(claim: ModelPromotion, snapshot: Snapshot) -> bool:
    """Whether the version went on, and has been archived there since: its time in the lower stage is over."""
    version = snapshot.versions.get(claim.spec.version)
    onward = any(c.type == "InSync" and c.reason == "PromotedOnward" for c in claim.status.conditions)
    same = claim.status.desired_version == claim.spec.version
    return version is not None and version.stage == Stage.ARCHIVED and onward and same


def _held(holders: list[str]) -> str:
    """Who holds a slot, in words; None and Archived can have thousands of holders."""
    if not holders:
        return "no version"
    more = f" and {len(holders) - _SHOWN} more" if len(holders) > _SHOWN else ""
    return f"version {', '.join(holders[:_SHOWN])}{more}"


def _holds(claim: ModelPromotion) -> str:
    return f"version {claim.spec.version} of {claim.spec.model} holds {slot_name(claim.spec.target)}"


def _onward(claim: ModelPromotion, snapshot: Snapshot) -> str:
    stage = snapshot.versions[claim.spec.version].stage
    if stage == Stage.ARCHIVED:
        return f"version {claim.spec.version} had gone on to a higher stage, and has been archived since"
    return f"version {claim.spec.version} has gone on to {stage}; a version has one stage"


def _not_registered(claim: ModelPromotion, snapshot: Snapshot) -> str:
    spec = claim.spec
    if not snapshot.versions:
        return f"model {spec.model} is not registered; waiting for its version {spec.version}"
    newest = max(snapshot.versions, key=int)
    return f"version {spec.version} of {spec.model} is not registered, the newest is {newest}; waiting for it"


def _drifted(claim: ModelPromotion, snapshot: Snapshot, left: Plan) -> str:
    spec, slot = claim.spec, slot_name(claim.spec.target)
    holders = snapshot.holders(spec.target)
    held = _held(holders)
    if holders == [spec.version]:
        moved = ", ".join(f"{a.name} is at version {a.from_version or 'none'}" for a in left.aliases)
        found = f"{slot} holds version {spec.version}, but alias {moved}"
    else:
        found = f"{slot} holds {held} and should hold version {spec.version}"
    if spec.version not in snapshot.versions:
        return f"version {spec.version} has been deleted, and {slot} holds {held}; set spec.version to another"
    back = f"annotate {attempts.REASSERT} with a new value to put it back"
    return f"{found}; somebody else moved it: {_accept(spec.version, holders)}{back}"


def _accept(version: str, holders: list[str]) -> str:
    """How to agree with what was found, where that is possible."""
    if version in holders:
        return "remove the others in MLflow, or " if len(holders) > 1 else ""
    return f"set spec.version to {holders[0]} to accept it, or " if len(holders) == 1 else ""


def _dry_run(claim: ModelPromotion, todo: Plan) -> str:
    if is_empty(todo):
        return f"{_holds(claim)}; nothing to write"
    words = [f"{m.version}: {m.from_stage} to {m.to_stage}" for m in todo.moves]
    words += [f"alias {a.name}: {a.from_version or 'none'} to {a.to_version}" for a in todo.aliases]
    return f"would write: {'; '.join(words) or 'tags'}"


def _suspended(claim: ModelPromotion, snapshot: Snapshot) -> str:
    held = _held(snapshot.holders(claim.spec.target))
    return f"suspended; {slot_name(claim.spec.target)} holds {held}, spec.version is {claim.spec.version}"
