"""Change windows: when a version may be moved."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from mlflow_operator.api.durations import Duration
from mlflow_operator.api.schema import ApiModel, Rule, rules

_MOST = 8


def _field(value: str, *more: str) -> str:
    """A field of a cron expression: lists of values, spans and steps; ``more`` are words of its own."""
    item = "|".join((f"([*]|({value})(-({value}))?)(/[1-9][0-9]?)?", *more))
    return f"({item})(,({item}))*"


_MONTHS = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
_DAYS = "SUN|MON|TUE|WED|THU|FRI|SAT"
_CRON = " +".join(
    (
        _field("[0-5]?[0-9]"),
        _field("[01]?[0-9]|2[0-3]"),
        _field("0?[1-9]|[12][0-9]|3[01]", "LW?"),
        _field(f"0?[1-9]|1[0-2]|{_MONTHS}"),
        _field(f"[0-7]|{_DAYS}", f"([0-7]|{_DAYS})#[1-5]", "[0-7]L"),
    )
)
_NO_SUCH_DAY = "^[^ ]+ +[^ ]+ +((30|31|30-31|30,31) +(0?2|FEB)|31 +(0?[469]|11|APR|JUN|SEP|NOV)) +[*]$"

Cron = Annotated[
    str,
    Field(min_length=9, max_length=100),
    rules(
        Rule(
            f"self.matches('^(?i:{_CRON})$')",
            "write minute, hour, day of the month, month and day of the week, such as '0 9 * * MON-FRI'",
        ),
        Rule(
            f"!self.matches('(?i:{_NO_SUCH_DAY})')",
            "no month has such a day, so this never begins; for the last day of a month write L",
        ),
    ),
]

_ZONE = Rule(
    "self != 'Local' && timestamp('2024-01-01T00:00:00Z').getHours(self) >= 0",
    "write a time zone by its IANA name, such as Europe/Rome",
)
TimeZone = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"), rules(_ZONE)
]


class Mode(StrEnum):
    """What a gate is for."""

    ENFORCE = "Enforce"
    DRY_RUN = "DryRun"


class Window(ApiModel):
    """A time that comes again and again."""

    cron: Cron
    """When it begins: minute, hour, day of the month, month, day of the week."""
    duration: Duration
    """How long it lasts, as in 8h; that many hours pass, also where clocks change."""


class Windows(ApiModel):
    """When a version may be moved: within any of allow, and within none of deny."""

    time_zone: TimeZone | None = None
    """Zone of the cron expressions, by its IANA name. Unset: UTC."""
    allow: Annotated[list[Window], Field(min_length=1, max_length=_MOST)] | None = None
    """It may be moved within any of these. Unset: at any time."""
    deny: Annotated[list[Window], Field(min_length=1, max_length=_MOST)] | None = None
    """It may be moved within none of these; they win."""
    mode: Mode = Mode.ENFORCE
    """DryRun: shown, and in nobody's way."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule("has(self.allow) || has(self.deny)", "windows need times: write allow, deny or both"),
        Rule(
            "!has(self.deny) || !self.deny.exists(w, w.cron.matches('^[*] +[*] +[*] +[*] +[*]$'))",
            "deny with '* * * * *' is always, so the version would never be moved; write when it may not be moved",
            ".deny",
        ),
        Rule(
            "!has(self.allow) || !has(self.deny) || !self.allow.all(a, self.deny.exists(d, d.cron == a.cron"
            " && duration(d.duration) >= duration(a.duration)))",
            "deny covers everything in allow, so the version would never be moved; let one of them be another time",
            ".deny",
        ),
    )
