"""Times as people read them."""

import re
from datetime import datetime, timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600}


def parsed(text: str | None) -> datetime | None:
    """A time as the API server writes it."""
    return datetime.fromisoformat(text) if text else None


def patience(text: str) -> timedelta:
    """A time such as 90s, 10m or 2h.

    Raises:
        ValueError: It is none.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smh])", text)
    if not found:
        raise ValueError(f"{text} is no time; write one such as 90s, 10m or 2h")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def written(text: str | None) -> str:
    """A time of a status, in UTC and to the second."""
    moment = parsed(text)
    return moment.strftime("%Y-%m-%d %H:%M:%SZ") if moment else ""
