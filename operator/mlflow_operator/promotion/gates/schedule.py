"""When a window that comes again and again is under way, and when it begins next.

Cron expressions are read by cronsim, which does with clock changes what Debian's cron does: what would begin in an hour
that is left out begins right after it, and what would begin in an hour that comes twice begins in the first.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from mlflow_operator.api.durations import span
from mlflow_operator.api.gates.windows import Window


def beginnings(window: Window, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """The moments at which a window begins, after one, in UTC.

    Raises:
        CronSimError: The expression says nothing, in a way that the API server does not see.
    """
    for local in CronSim(window.cron, after.astimezone(zone)):
        moment = local.astimezone(UTC)
        if moment > after:  # of a local time that comes twice cronsim takes the first, which may be over
            yield moment


def next_beginning(window: Window, zone: ZoneInfo, after: datetime) -> datetime | None:
    """When a window begins next; None where it does not within fifty years."""
    return next(beginnings(window, zone, after), None)


def ends(window: Window, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the window that is under way ends; None where none is.

    Of several that overlap it is the latest that counts, so the beginnings before now are looked at from short to long
    distances: those of a window that begins every minute and lasts for a year are not counted.
    """
    lasts = span(window.duration)
    some = next_beginning(window, zone, now - lasts)
    if some is None or some > now:
        return None
    distance = timedelta(hours=1)
    while (latest := _latest(window, zone, now - min(distance, lasts), now)) is None:
        distance *= 2
    return latest + lasts


def _latest(window: Window, zone: ZoneInfo, after: datetime, until: datetime) -> datetime | None:
    """The last beginning after one moment, and not after another."""
    latest = None
    for moment in beginnings(window, zone, after):
        if moment > until:
            break
        latest = moment
    return latest
