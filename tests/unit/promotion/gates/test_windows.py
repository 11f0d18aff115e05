"""Windows: open or closed, and when that changes, in every zone and on the days on which clocks change."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_operator.api.gates.gates import GateResult, WindowStatus
from mlflow_operator.api.gates.windows import Windows
from mlflow_operator.promotion.gates.windows import judge, state, together

ROME = ZoneInfo("Europe/Rome")
OFFICE = {"cron": "0 9 * * MON-FRI", "duration": "8h"}
NIGHT = {"cron": "30 2 * * *", "duration": "1h"}


def at(text: str, zone: str = "Europe/Rome", fold: int = 0) -> datetime:
    """A local moment."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def stands(now: datetime, zone: str | None = "Europe/Rome", **spec: Any) -> WindowStatus:
    """Where windows stand."""
    return state([Windows.model_validate({"timeZone": zone, **spec})], now)


CASES: dict[str, tuple[dict[str, Any], str, bool, str | None]] = {
    "before the first hour": ({"allow": [OFFICE]}, "2026-01-05 08:59:59", False, "2026-01-05 09:00"),
    "at the first second": ({"allow": [OFFICE]}, "2026-01-05 09:00:00", True, "2026-01-05 17:00"),
    "at the last second": ({"allow": [OFFICE]}, "2026-01-05 16:59:59", True, "2026-01-05 17:00"),
    "at the end": ({"allow": [OFFICE]}, "2026-01-05 17:00:00", False, "2026-01-06 09:00"),
    "over the weekend": ({"allow": [OFFICE]}, "2026-01-09 17:00:00", False, "2026-01-12 09:00"),
    "nothing allowed, nothing denied now": ({"deny": [OFFICE]}, "2026-01-05 08:00", True, "2026-01-05 09:00"),
    "denied now": ({"deny": [OFFICE]}, "2026-01-05 10:00", False, "2026-01-05 17:00"),
    "deny wins": (
        {"allow": [OFFICE], "deny": [{"cron": "0 12 * * *", "duration": "1h"}]},
        "2026-01-05 12:30",
        False,
        "2026-01-05 13:00",
    ),
    "until deny begins": (
        {"allow": [OFFICE], "deny": [{"cron": "0 12 * * *", "duration": "1h"}]},
        "2026-01-05 11:30",
        True,
        "2026-01-05 12:00",
    ),
    "one after the other": (
        {"allow": [{"cron": "0 9 * * *", "duration": "3h"}, {"cron": "0 12 * * *", "duration": "2h"}]},
        "2026-01-05 10:00",
        True,
        "2026-01-05 14:00",
    ),
    "longer than its period": ({"allow": [{"cron": "0 * * * *", "duration": "2h"}]}, "2026-01-05 10:30", True, None),
    "over midnight": (
        {"allow": [{"cron": "0 22 * * *", "duration": "6h"}]},
        "2026-01-06 01:00",
        True,
        "2026-01-06 04:00",
    ),
    "denied for two weeks of holidays": (
        {"allow": [OFFICE], "deny": [{"cron": "0 0 20 DEC *", "duration": "336h"}]},
        "2026-12-28 10:00",
        False,
        "2027-01-04 09:00",
    ),
    "the last day of a month": (
        {"allow": [{"cron": "0 0 L * *", "duration": "24h"}]},
        "2026-02-27 12:00",
        False,
        "2026-02-28 00:00",
    ),
    "every minute for an hour": (
        {"allow": [{"cron": "* 9 * * *", "duration": "1m"}]},
        "2026-01-05 09:50:30",
        True,
        "2026-01-05 10:00",
    ),
}


@pytest.mark.parametrize(("spec", "now", "is_open", "change"), CASES.values(), ids=CASES)
def test_windows_open_and_close(spec: dict[str, Any], now: str, is_open: bool, change: str | None) -> None:
    """They are open from the first second to the last, and say when that ends."""
    found = stands(at(now), **spec)
    assert found.open is is_open
    assert (found.next_close if is_open else found.next_open) == (at(change) if change else None)
    assert (found.next_open if is_open else found.next_close) is None


CLOCKS: dict[str, tuple[dict[str, str], datetime, bool, datetime | None]] = {
    "winter: nine is eight in UTC": (OFFICE, datetime(2026, 3, 27, 8, tzinfo=UTC), True, None),
    "summer: nine is seven in UTC": (OFFICE, datetime(2026, 3, 30, 7, tzinfo=UTC), True, None),
    "what begins in the hour left out begins after it": (NIGHT, at("2026-03-29 03:00"), True, at("2026-03-29 04:00")),
    "and not before": (NIGHT, at("2026-03-29 01:59"), False, at("2026-03-29 03:00")),
    "in the hour that comes twice it begins in the first": (
        NIGHT,
        at("2026-10-25 02:30"),
        True,
        at("2026-10-25 02:30", fold=1),
    ),
    "and lasts for an hour that passes": (NIGHT, at("2026-10-25 02:10", fold=1), True, at("2026-10-25 02:30", fold=1)),
    "a short one is over before the hour comes again": (
        NIGHT | {"duration": "15m"},
        at("2026-10-25 02:10", fold=1),
        False,
        at("2026-10-26 02:30"),
    ),
    "and does not begin again": (NIGHT, at("2026-10-25 02:30", fold=1), False, at("2026-10-26 02:30")),
}


@pytest.mark.parametrize(("window", "now", "is_open", "change"), CLOCKS.values(), ids=CLOCKS)
def test_clocks_change(window: dict[str, str], now: datetime, is_open: bool, change: datetime | None) -> None:
    """A window begins at its local time on both sides of a clock change, once, and lasts as long as it says."""
    found = stands(now, allow=[window])
    assert found.open is is_open
    if change is not None:
        assert (found.next_close if is_open else found.next_open) == change.astimezone(UTC)


def test_without_a_zone_it_is_utc() -> None:
    """Nobody's laptop decides when models are moved."""
    assert stands(datetime(2026, 7, 6, 9, tzinfo=UTC), None, allow=[OFFICE]).open
    assert not stands(datetime(2026, 7, 6, 8, 59, tzinfo=UTC), None, allow=[OFFICE]).open


@pytest.mark.parametrize(
    "spec",
    [
        {"timeZone": "Europe/Rom", "allow": [OFFICE]},
        {"allow": [{"cron": "0 17-9 * * *", "duration": "8h"}]},
    ],
    ids=["no such zone", "backwards"],
)
def test_windows_that_say_nothing_are_an_error(spec: dict[str, Any]) -> None:
    """What the API server lets pass is not open, and not waited for."""
    windows, now = Windows.model_validate(spec), at("2026-01-05 10:00")
    outcome = judge(windows, now)
    assert (outcome.result, together([windows], now)) == (GateResult.ERROR, None)
    assert "correct the windows" in outcome.message


def test_windows_of_several_who_ask_are_open_while_all_are() -> None:
    """Each has its own zone; one that is only tried out is in nobody's way, and shown where there is no other."""
    office = Windows.model_validate({"timeZone": "Europe/Rome", "allow": [OFFICE]})
    late = Windows.model_validate({"allow": [{"cron": "0 12 * * *", "duration": "12h"}]})
    tried = Windows.model_validate({"allow": [{"cron": "0 3 * * *", "duration": "1h"}], "mode": "DryRun"})
    morning, noon = datetime(2026, 1, 5, 10, tzinfo=UTC), datetime(2026, 1, 5, 12, tzinfo=UTC)
    evening = datetime(2026, 1, 5, 16, tzinfo=UTC)
    assert together([office, None, late, tried], morning) == WindowStatus(open=False, next_open=noon)
    assert together([late, office], noon) == WindowStatus(open=True, next_close=evening)
    assert together([tried], noon) == state([tried], noon)
    assert together([None], noon) is None


crons = st.sampled_from(
    ["0 9 * * MON-FRI", "30 2 * * *", "0 0 1 * *", "*/20 * * * *", "15 1,2,3 * * *", "0 2 * MAR,OCT SUN", "0 0 29 2 *"]
)
spans = st.sampled_from(["5m", "59m", "1h", "8h", "24h", "100h"])
some: st.SearchStrategy[list[dict[str, str]]] = st.lists(
    st.builds(dict, cron=crons, duration=spans), min_size=1, max_size=3
)
zones = st.sampled_from(["UTC", "Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
moments = st.integers(0, 3 * 365 * 24 * 60).map(lambda m: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=m))


@settings(deadline=None, max_examples=60)
@given(st.none() | some, some, zones, moments)
def test_nothing_changes_before_it_is_said_to(
    allow: list[dict[str, str]] | None, deny: list[dict[str, str]], zone: str, now: datetime
) -> None:
    """Until the moment that the status names the windows stay as they are, and then they do change."""
    spec = {"timeZone": zone, "deny": deny} | ({"allow": allow} if allow else {})
    windows = Windows.model_validate(spec)
    found = state([windows], now)
    change = found.next_close or found.next_open
    if change is None:
        return
    assert change > now
    assert state([windows], change).open is not found.open
    assert state([windows], change - timedelta(seconds=1)) == found
    assert state([windows], now + (change - now) / 2) == found
