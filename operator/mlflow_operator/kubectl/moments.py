"""Times as people read them."""

from datetime import datetime, timedelta

_UNITS = (("d", 86400), ("h", 3600), ("m", 60))


def parsed(text: str | None) -> datetime | None:
    """A time as the API server writes it."""
    return datetime.fromisoformat(text) if text else None


def age(moment: datetime | None, now: datetime) -> str:
    """How long ago, as kubectl says it: 12s, 3m, 5h, 8d; empty where it is not known."""
    if moment is None:
        return ""
    seconds = int(max(now - moment, timedelta(0)).total_seconds())
    return next((f"{seconds // size}{unit}" for unit, size in _UNITS if seconds >= 2 * size), f"{seconds}s")


def written(text: str | None) -> str:
    """A time of a status, in UTC and to the second."""
    moment = parsed(text)
    return moment.strftime("%Y-%m-%d %H:%M:%SZ") if moment else ""
