"""Attempts: how one is opened, the one function that ends it, and what is remembered of those before."""

from collections.abc import Sequence
from datetime import UTC, datetime

from mlflow_operator.api.attempt import Attempt, AttemptResult, AttemptType
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot
from mlflow_operator.promotion.wish import Wish


def registered_at(version: ModelVersion) -> datetime | None:
    """When a version was registered, if MLflow tells."""
    return datetime.fromtimestamp(version.created / 1000, UTC) if version.created else None


def is_about(attempt: Attempt, version: ModelVersion) -> bool:
    """Whether an attempt was about this very version, not one that had its number before."""
    return attempt.to_version == version.version and attempt.registered_at in (None, registered_at(version))


def of_wish(claim: ModelPromotion) -> Attempt | None:
    """The attempt that was made for what the claim wants now, under way or over; one that was overtaken is none."""
    latest = claim.status.attempt
    if latest is None or latest.result is AttemptResult.SUPERSEDED or not Wish.of(claim).is_of(latest):
        return None
    return latest


def is_settled(claim: ModelPromotion) -> bool:
    """Whether that attempt is over: from then on the slot is watched, and only its tags are written."""
    attempt = of_wish(claim)
    return attempt is not None and attempt.finished_at is not None


def held_before(claim: ModelPromotion, version: ModelVersion) -> bool:
    """Whether the version has held the slot before, by this claim: it met what is required then."""
    attempts = [*claim.status.history, *([claim.status.attempt] if claim.status.attempt else [])]
    return any(a.result is AttemptResult.PROMOTED and is_about(a, version) for a in attempts)


def rolls_back(claim: ModelPromotion, version: ModelVersion) -> bool:
    """Whether the version is one of the latest that this claim has brought into the slot, before the present one."""
    attempts = [*([claim.status.attempt] if claim.status.attempt else []), *claim.status.history]
    held = {(a.to_version, a.registered_at): a for a in reversed(attempts) if a.result is AttemptResult.PROMOTED}
    newest_first = sorted(held.values(), key=lambda a: a.number, reverse=True)
    return any(is_about(a, version) for a in newest_first[1 : claim.spec.rollback.window + 1])


def next_number(claim: ModelPromotion) -> int:
    """The number of an attempt that would be opened now."""
    latest = claim.status.attempt
    numbers = [a.number for a in (*claim.status.history, *([latest] if latest else []))]
    return max(numbers, default=0) + 1


def opened(claim: ModelPromotion, wish: Wish, version: ModelVersion, snapshot: Snapshot, now: datetime) -> Attempt:
    """A new attempt for what the claim wants."""
    holders = snapshot.holders(claim.spec.target)
    return Attempt(
        number=next_number(claim),
        digest=wish.digest,
        request=wish.request,
        type=_type(claim, version, holders),
        from_version=wish.version if wish.version in holders else next(iter(holders), None),
        to_version=wish.version,
        registered_at=registered_at(version),
        started_at=now,  # to the microsecond: of two claims on one slot, who began last has it
    )


def _type(claim: ModelPromotion, version: ModelVersion, holders: list[str]) -> AttemptType:
    latest = claim.status.attempt
    if version.version in holders:
        return AttemptType.ADOPT
    if not held_before(claim, version):
        return AttemptType.PROMOTE
    again = latest is not None and is_about(latest, version)
    return AttemptType.REASSERT if again else AttemptType.ROLLBACK


def ended(attempt: Attempt, result: AttemptResult, now: datetime) -> Attempt:
    """The attempt with its end; one that has ended stays as it is."""
    if attempt.finished_at:
        return attempt
    onward = {"onward_at": now} if result is AttemptResult.ONWARD else {}
    return attempt.model_copy(update={"finished_at": now, "result": result, **onward})


def left_behind(attempt: Attempt, claim: ModelPromotion, snapshot: Snapshot, now: datetime) -> Attempt:
    """The end of an attempt that nobody saw end, when another wish has come: the operator died, or was too late."""
    version = snapshot.versions.get(attempt.to_version)
    there = attempt.to_version in snapshot.holders(claim.spec.target)
    arrived = there and version is not None and is_about(attempt, version)
    return ended(attempt, AttemptResult.PROMOTED if arrived else AttemptResult.SUPERSEDED, now)


def recorded(history: Sequence[Attempt], attempts: Sequence[Attempt | None], limit: int) -> list[Attempt]:
    """The history with those of the attempts that have ended, newest first; what is in it is never written anew."""
    known = {entry.number for entry in history}
    new = [a for a in attempts if a and a.finished_at and a.number not in known]
    return sorted([*history, *new], key=lambda entry: entry.number, reverse=True)[:limit]
