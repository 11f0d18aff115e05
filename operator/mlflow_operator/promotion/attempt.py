"""Attempts: each new desire opens one, and the one before it is closed with what became of it."""

import json
from datetime import datetime
from hashlib import sha256

from mlflow_operator.api.modelpromotion import Attempt, AttemptResult, AttemptType, ModelPromotion
from mlflow_operator.api.schema import GROUP
from mlflow_operator.promotion.plan import archives
from mlflow_operator.promotion.snapshot import Snapshot

REASSERT = f"{GROUP}/reassert"
"""Annotation: a new value asks once more for the same version, after somebody else has moved it."""


def desire(claim: ModelPromotion) -> str:
    """A digest of what the claim wants; a change of it is a new attempt."""
    spec = claim.spec
    wanted = [spec.version, archives(spec), sorted(spec.tags.items())]
    return sha256(json.dumps(wanted).encode()).hexdigest()[:12]


def is_settled(claim: ModelPromotion) -> bool:
    """Whether the claim's latest attempt is for what it wants now, and is over."""
    attempt = claim.status.attempt
    return attempt is not None and attempt.finished_at is not None and not _is_new(claim, attempt)


def _is_new(claim: ModelPromotion, attempt: Attempt) -> bool:
    asked = claim.metadata.annotations.get(REASSERT)
    return attempt.digest != desire(claim) or (asked is not None and asked != attempt.request)


def held_before(claim: ModelPromotion) -> bool:
    """Whether the version has held the slot before, by this claim: it met what is required then."""
    attempts = [*claim.status.history, *([claim.status.attempt] if claim.status.attempt else [])]
    return any(a.to_version == claim.spec.version and a.result is AttemptResult.PROMOTED for a in attempts)


def _type(claim: ModelPromotion, holders: list[str]) -> AttemptType:
    latest = claim.status.attempt
    if claim.spec.version in holders:
        return AttemptType.ADOPT
    if not held_before(claim):
        return AttemptType.PROMOTE
    again = latest is not None and latest.to_version == claim.spec.version
    return AttemptType.REASSERT if again else AttemptType.ROLLBACK


def open_attempt(claim: ModelPromotion, snapshot: Snapshot, now: datetime) -> Attempt:
    """The attempt that is under way for what the claim wants, or a new one."""
    latest, version = claim.status.attempt, claim.spec.version
    if latest and not _is_new(claim, latest):
        return latest
    holders = snapshot.holders(claim.spec.target)
    return Attempt(
        number=latest.number + 1 if latest else 1,
        digest=desire(claim),
        request=claim.metadata.annotations.get(REASSERT),
        type=_type(claim, holders),
        from_version=version if version in holders else next(iter(holders), None),
        to_version=version,
        started_at=now.replace(microsecond=0),
    )


def finish(attempt: Attempt, result: AttemptResult, now: datetime) -> Attempt:
    """The attempt with its end, unless it has one."""
    if attempt.finished_at:
        return attempt
    return attempt.model_copy(update={"finished_at": now.replace(microsecond=0), "result": result})


def history(claim: ModelPromotion, attempt: Attempt | None, snapshot: Snapshot, now: datetime) -> list[Attempt]:
    """Finished attempts, newest first, with the one that ``attempt`` ends or replaces."""
    before, kept = claim.status.attempt, list(claim.status.history)
    known = {entry.number for entry in kept}
    if before and attempt and before.number != attempt.number and before.number not in known:
        # Nobody saw its end: the operator died in between, or the wish changed while it was under way.
        there = before.to_version in snapshot.holders(claim.spec.target)
        kept.insert(0, finish(before, AttemptResult.PROMOTED if there else AttemptResult.SUPERSEDED, now))
    if attempt and attempt.finished_at and attempt.number not in known:
        kept.insert(0, attempt)
    return kept[: claim.spec.history_limit]
