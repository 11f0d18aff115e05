"""Times that come again and again, as cron expressions."""

from typing import Annotated

from pydantic import Field

from mlflow_operator.api.schema import Rule, rules


def _field(value: str, *more: str) -> str:
    """A field of a cron expression: lists of values, spans and steps; ``more`` are words of its own."""
    item = "|".join((f"([*]|({value})(-({value}))?)(/[1-9][0-9]?)?", *more))
    return f"({item})(,({item}))*"


_MONTHS = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
_DAYS = "SUN|MON|TUE|WED|THU|FRI|SAT"
_MINUTE, _HOUR, _MONTH = _field("[0-5]?[0-9]"), _field("[01]?[0-9]|2[0-3]"), _field(f"0?[1-9]|1[0-2]|{_MONTHS}")
_DAY = "0?[1-9]|[12][0-9]|3[01]"
_OF_WINDOWS = (_MINUTE, _HOUR, _field(_DAY, "LW?"), _MONTH)
_CRON = " +".join((*_OF_WINDOWS, _field(f"[0-7]|{_DAYS}", f"([0-7]|{_DAYS})#[1-5]", "[0-7]L")))
_SCHEDULE = " +".join((_MINUTE, _HOUR, _field(_DAY), _MONTH, _field(f"[0-6]|{_DAYS}")))
_NO_SUCH_DAY = "^[^ ]+ +[^ ]+ +((30|31|30-31|30,31) +(0?2|FEB)|31 +(0?[469]|11|APR|JUN|SEP|NOV)) +[*]$"
_WRITE = "write minute, hour, day of the month, month and day of the week, such as"

Cron = Annotated[
    str,
    Field(min_length=9, max_length=100),
    rules(
        Rule(f"self.matches('^(?i:{_CRON})$')", f"{_WRITE} '0 9 * * MON-FRI'"),
        Rule(
            f"!self.matches('(?i:{_NO_SUCH_DAY})')",
            "no month has such a day, so this never begins; for the last day of a month write L",
        ),
    ),
]
"""When a window begins."""

Schedule = Annotated[
    str,
    Field(min_length=9, max_length=100),
    rules(
        Rule(f"self.matches('^(?i:{_SCHEDULE})$')", f"{_WRITE} '30 2 * * *', with 0 for Sunday"),
        Rule(f"!self.matches('(?i:{_NO_SUCH_DAY})')", "no month has such a day, so this never begins"),
    ),
]
"""When a CronJob begins, which knows fewer words."""

_ZONE = Rule(
    "self != 'Local' && timestamp('2024-01-01T00:00:00Z').getHours(self) >= 0",
    "write a time zone by its IANA name, such as Europe/Rome",
)
TimeZone = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"), rules(_ZONE)
]
