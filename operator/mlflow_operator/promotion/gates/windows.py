"""Windows: when a version may be moved."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSimError

from mlflow_operator.api.gates.gates import GateResult, WindowStatus
from mlflow_operator.api.gates.windows import Mode, Windows
from mlflow_operator.promotion.gates import schedule
from mlflow_operator.promotion.gates.case import Outcome

WINDOW, NAME = "Window", "window"
_CHANGES, _LONG = 32, 4000
"""Beginnings and ends that are looked through for the next change; windows that follow each other without a gap have
none. Where nobody waits for the answer it is the second number, divided by that of windows: a second at most."""
_YEAR = timedelta(days=366)


class BadWindow(Exception):
    """Windows that the API server has let pass, and that say nothing; the text says which."""


@dataclass(frozen=True)
class _Hours:
    """Windows, in their zone."""

    windows: Windows
    zone: ZoneInfo

    @property
    def count(self) -> int:
        """How many windows there are."""
        return len(self.windows.allow or ()) + len(self.windows.deny or ())

    def is_open(self, now: datetime) -> bool:
        """Whether the version may be moved."""
        allow, deny = self.windows.allow, self.windows.deny or ()
        allowed = allow is None or any(schedule.ends(window, self.zone, now) for window in allow)
        return allowed and not any(schedule.ends(window, self.zone, now) for window in deny)

    def steps(self, now: datetime) -> Iterator[datetime]:
        """When each of its windows ends, or begins next."""
        for window in (*(self.windows.allow or ()), *(self.windows.deny or ())):
            step = schedule.ends(window, self.zone, now) or schedule.next_beginning(window, self.zone, now)
            if step is not None:
                yield step


def state(every: Sequence[Windows], now: datetime) -> WindowStatus:
    """Whether all of these windows are open, and when that changes next.

    Raises:
        BadWindow: A zone or a cron expression is none.
    """
    hours = [_Hours(windows, _zone(windows)) for windows in every]
    try:
        now = now.astimezone(UTC)
        is_open = _are_open(hours, now)
        change = _next_change(hours, now)
    except CronSimError as error:
        raise BadWindow(f"{error}: in one of the cron expressions") from None
    return WindowStatus(open=is_open, next_close=change) if is_open else WindowStatus(open=False, next_open=change)


def judge(windows: Windows, now: datetime) -> Outcome:
    """Whether the version may be moved now."""
    try:
        found = state([windows], now)
    except BadWindow as error:
        return Outcome(GateResult.ERROR, f"{error}; correct the windows")
    if found.open:
        closes = f", until {_moment(found.next_close)}" if found.next_close else ""
        return Outcome(GateResult.PASSED, f"the windows are open{closes}", "open", "open")
    opens = f"until {_moment(found.next_open)}" if found.next_open else "and do not open within sight"
    return Outcome(GateResult.WAITING, f"the windows are closed {opens}", "closed", "open")


def together(every: Iterable[Windows | None], now: datetime) -> WindowStatus | None:
    """Where all windows stand that have to be open; those of dry runs only where there are no others."""
    asked = [windows for windows in every if windows is not None]
    enforced = [windows for windows in asked if windows.mode is not Mode.DRY_RUN] or asked
    try:
        return state(enforced, now) if enforced else None
    except BadWindow:
        return None  # the result of the gate says so


def ever_open(every: Sequence[Windows], now: datetime) -> bool | None:
    """Whether there is a time within a year at which all of these windows are open; None where that is not found out.

    Raises:
        BadWindow: A zone or a cron expression is none.
    """
    hours, moment, end = [_Hours(windows, _zone(windows)) for windows in every], now.astimezone(UTC), now + _YEAR
    try:
        for _ in range(_LONG // sum(each.count for each in hours)):
            if _are_open(hours, moment):
                return True
            following = min((step for each in hours for step in each.steps(moment)), default=end)
            if following >= end:
                return False
            moment = following
    except CronSimError as error:
        raise BadWindow(f"{error}: in one of the cron expressions") from None
    return None


def _zone(windows: Windows) -> ZoneInfo:
    try:
        return ZoneInfo(windows.time_zone or "UTC")
    except (KeyError, ValueError, OSError):
        raise BadWindow(f"time zone {windows.time_zone} is not known") from None


def _are_open(every: Iterable[_Hours], now: datetime) -> bool:
    return all(hours.is_open(now) for hours in every)


def _next_change(every: Sequence[_Hours], now: datetime) -> datetime | None:
    """When they open or close, whichever they do next."""
    are_open, moment = _are_open(every, now), now
    for _ in range(_CHANGES):
        following = min((step for hours in every for step in hours.steps(moment)), default=None)
        if following is None:
            return None
        moment = following
        if _are_open(every, moment) != are_open:
            return moment
    return None


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else "never"
