"""Windows: when a version may be moved."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSimError

from mlflow_operator.api.gates import GateResult, WindowStatus
from mlflow_operator.api.windows import Windows
from mlflow_operator.promotion.gates import schedule
from mlflow_operator.promotion.gates.case import Outcome

WINDOW, NAME = "Window", "window"
_CHANGES = 32
"""Beginnings and ends that are looked through for the next change; windows that follow each other without a gap have
none."""


class BadWindow(Exception):
    """Windows that the API server has let pass, and that say nothing; the text says which."""


def state(windows: Windows, now: datetime) -> WindowStatus:
    """Whether the windows are open, and when they change next.

    Raises:
        BadWindow: The zone or a cron expression is none.
    """
    try:
        zone = ZoneInfo(windows.time_zone or "UTC")
    except (KeyError, ValueError, OSError):
        raise BadWindow(f"time zone {windows.time_zone} is not known") from None
    try:
        now = now.astimezone(UTC)
        is_open = _is_open(windows, zone, now)
        change = _next_change(windows, zone, now)
    except CronSimError as error:
        raise BadWindow(f"{error}: in one of the cron expressions") from None
    return WindowStatus(open=is_open, next_close=change) if is_open else WindowStatus(open=False, next_open=change)


def judge(windows: Windows, now: datetime) -> tuple[Outcome, WindowStatus | None]:
    """Whether the version may be moved now, and where the windows stand."""
    try:
        found = state(windows, now)
    except BadWindow as error:
        return Outcome(GateResult.ERROR, f"{error}; correct spec.gates.windows"), None
    if found.open:
        closes = f", until {_moment(found.next_close)}" if found.next_close else ""
        return Outcome(GateResult.PASSED, f"the windows are open{closes}", "open", "open"), found
    opens = f"until {_moment(found.next_open)}" if found.next_open else "and do not open within sight"
    return Outcome(GateResult.WAITING, f"the windows are closed {opens}", "closed", "open"), found


def _is_open(windows: Windows, zone: ZoneInfo, now: datetime) -> bool:
    allowed = windows.allow is None or any(schedule.ends(window, zone, now) for window in windows.allow)
    return allowed and not any(schedule.ends(window, zone, now) for window in windows.deny or ())


def _next_change(windows: Windows, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When they open or close, whichever they do next."""
    is_open, moment = _is_open(windows, zone, now), now
    every = [*(windows.allow or ()), *(windows.deny or ())]
    for _ in range(_CHANGES):
        steps = (schedule.ends(w, zone, moment) or schedule.next_beginning(w, zone, moment) for w in every)
        following = min((step for step in steps if step is not None), default=None)
        if following is None:
            return None
        moment = following
        if _is_open(windows, zone, moment) != is_open:
            return moment
    return None


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else "never"
