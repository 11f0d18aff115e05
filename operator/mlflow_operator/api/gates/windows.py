"""Change windows: when a version may be moved."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from mlflow_operator.api.cron import Cron, TimeZone
from mlflow_operator.api.durations import Duration
from mlflow_operator.api.schema import ApiModel, Rule

_MOST = 8


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
