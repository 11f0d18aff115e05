"""Spans of time as users write them: hours, minutes and seconds, such as 1h30m."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from mlflow_operator.api.schema import Rule, rules

_PATTERN = "^([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,5}s)?$"

_SPAN = Rule(
    f"self.matches('{_PATTERN}') && duration(self) >= duration('1m')",
    "write hours, minutes and seconds, a minute at least, such as 30m, 8h or 720h",
)
_WEEK = Rule("duration(self) <= duration('168h')", "write a week at most, 168h")

Duration = Annotated[str, Field(min_length=2, max_length=18), rules(_SPAN)]
"""A span of time of a minute at least."""
Deadline = Annotated[str, Field(min_length=2, max_length=18), rules(_SPAN, _WEEK)]
"""A span of time of a minute at least, and a week at most."""

Days = Annotated[
    str,
    Field(min_length=3, max_length=6),
    rules(
        Rule(
            "self.matches('^[1-9][0-9]{1,4}h$') && int(self.replace('h', '')) % 24 == 0",
            "stores count whole days: write a multiple of 24 hours, such as 24h, 168h or 720h",
        )
    ),
]
"""A span of time of whole days."""

Timeout = Annotated[
    str,
    Field(min_length=2, max_length=3),
    rules(
        Rule(
            "self.matches('^[0-9]{1,2}s$') && duration(self) >= duration('1s') && duration(self) <= duration('30s')",
            "write seconds, from 1s to 30s, such as 10s",
        )
    ),
]
"""For how long an answer is waited for: 30 seconds at most."""

Seconds = Annotated[
    str,
    Field(min_length=2, max_length=5),
    rules(
        Rule(
            "self.matches('^[0-9]{1,4}s$') && duration(self) <= duration('3600s')",
            "write seconds, from 0s to 3600s, such as 60s",
        )
    ),
]
"""A span of time of seconds, or of none: an hour at most."""


def span(text: str) -> timedelta:
    """The time that a duration is.

    Raises:
        ValueError: It is none.
    """
    found = re.fullmatch(_PATTERN, text)
    if not found or not text:
        raise ValueError(f"{text!r} is no duration")
    hours, minutes, seconds = (int(part[:-1]) if part else 0 for part in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
