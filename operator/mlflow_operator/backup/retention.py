"""Which backups may go. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mlflow_operator.backup.manifest import Manifest, began_at

CUT_AFTER = timedelta(days=1)
"""A backup that has not become whole within this long never will."""


@dataclass(frozen=True)
class Retention:
    """How many, and how old; what is not said does not limit."""

    keep_last: int | None = None
    max_age: timedelta | None = None


def superfluous(whole: Sequence[Manifest], keep: Retention, uid: str, now: datetime) -> list[Manifest]:
    """Those of one server that are too many or too old; its latest stays, however old it is.

    Those of another server in the same place stay too: a server that was made anew must not delete what it may want
    to be restored from.

    Args:
        whole: Whole backups, oldest first.
        keep: What stays.
        uid: Of the server.
        now: The moment that ages are counted to.
    """
    own = [one for one in whole if one.server.uid == uid]
    kept = own[-keep.keep_last :] if keep.keep_last else own
    if keep.max_age is not None:
        kept = [one for one in kept if now - one.began <= keep.max_age]
    names = {one.name for one in kept} | {one.name for one in own[-1:]}
    return [one for one in own if one.name not in names]


def abandoned(cut: Sequence[str], now: datetime) -> list[str]:
    """Those that never became whole, and never will."""
    return [name for name in cut if (began := began_at(name)) and now - began > CUT_AFTER]
