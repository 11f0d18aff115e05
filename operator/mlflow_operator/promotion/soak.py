"""Time that versions have been in another slot without a break, as far as the operator has seen it.

It is remembered in the claim's status, since a tag on the version could be set by anybody. A stage that was left and
entered again between two looks is noticed by MLflow's time of the version's last change; an alias leaves no such trace.
"""

from datetime import UTC, datetime

from mlflow_operator.api.attempt import Soak
from mlflow_operator.api.durations import span
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot

_KEPT = 20


def seen(claim: ModelPromotion, snapshot: Snapshot, now: datetime) -> list[Soak]:
    """Which versions are in the slot of ``minSoak``, and since when; of many, the newest and the one that is wanted."""
    wanted = claim.spec.requires.min_soak
    if wanted is None:
        return []
    held = snapshot.holders(wanted.slot)
    kept = held[:_KEPT]
    if claim.spec.version in held[_KEPT:]:
        kept = [*kept[:-1], claim.spec.version]
    known = {entry.version: entry for entry in claim.status.soak}
    return [_entry(snapshot.versions[name], known.get(name), now) for name in kept]


def ends(claim: ModelPromotion, entry: Soak) -> datetime | None:
    """When a version that is in the slot has been there for long enough."""
    wanted = claim.spec.requires.min_soak
    return entry.since + span(wanted.duration) if wanted else None


def _entry(version: ModelVersion, known: Soak | None, now: datetime) -> Soak:
    changed = datetime.fromtimestamp(version.updated / 1000, UTC) if version.updated else None
    if known is not None and known.changed_at == changed:
        return known
    return Soak(version=version.version, changed_at=changed, since=now.replace(microsecond=0))
