"""Time that versions have been in another slot without a break, as far as the operator has seen it.

It is remembered in the claim's status, since a tag on the version could be set by anybody. A stage that was left and
entered again between two looks is noticed by MLflow's time of the version's last change; an alias leaves no such trace.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from mlflow_operator.api.attempt import Soak
from mlflow_operator.api.gates.requires import Requires
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.promotion.policies.demand import Demand
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot, slot_name

_KEPT = 20


def seen(claim: ModelPromotion, demands: Sequence[Demand], snapshot: Snapshot, now: datetime) -> list[Soak]:
    """Which versions are in the slots of ``minSoak``, and since when; of many, the newest and the one wanted."""
    slots = {slot_name(d.requires.min_soak.slot): d.requires.min_soak.slot for d in demands if d.requires.min_soak}
    known = {(entry.slot, entry.version): entry for entry in claim.status.soak}
    return [
        _entry(name, snapshot.versions[version], known.get((name, version)), now)
        for name, slot in slots.items()
        for version in _kept(snapshot.holders(slot), claim.spec.version)
    ]


def of(version: str, requires: Requires, entries: Iterable[Soak]) -> Soak | None:
    """Since when a version is in the slot of ``minSoak``; None where it is not, or none is asked for."""
    if requires.min_soak is None:
        return None
    wanted = (slot_name(requires.min_soak.slot), version)
    return next((entry for entry in entries if (entry.slot, entry.version) == wanted), None)


def _kept(held: list[str], wanted: str) -> list[str]:
    return [*held[: _KEPT - 1], wanted] if wanted in held[_KEPT:] else held[:_KEPT]


def _entry(slot: str, version: ModelVersion, known: Soak | None, now: datetime) -> Soak:
    changed = datetime.fromtimestamp(version.updated / 1000, UTC) if version.updated else None
    if known is not None and known.changed_at == changed:
        return known
    return Soak(slot=slot, version=version.version, changed_at=changed, since=now.replace(microsecond=0))
