"""Two operators, one Lease: one of them works, and the other takes over, however the first one ends."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.host import waiting
from cluster.plane.control_plane import ControlPlane
from cluster.services.operator_process import ACCOUNT, NAMESPACE, OperatorProcess
from cluster.services.registry import Registry
from cluster.services.team import Team
from integration.conftest import QUICK

pytestmark = pytest.mark.integration

LEASE = {"LEASE": f"{NAMESPACE}/{ACCOUNT}"}
LEADS = f'leader_election_master_status{{name="{ACCOUNT}"}}'
ORDERLY_SECONDS = 4
"""Two by promise, and some for a loaded machine."""
LEASE_SECONDS = 30
"""Fifteen by promise, counted from the last look, and some for a loaded machine."""


def leads(operator: OperatorProcess) -> bool:
    """Whether it says of itself that it works."""
    return operator.metric(LEADS) == 1


def passes(operator: OperatorProcess) -> float:
    """How many passes over claims went well in it."""
    return operator.metric('controller_runtime_reconcile_total{controller="ModelPromotion",result="success"}')


@pytest.fixture
def pair(
    tmp_path: Path, installed: ControlPlane, operator_of_session: OperatorProcess
) -> Iterator[tuple[OperatorProcess, OperatorProcess]]:
    """One that leads and one that stands by, and no other operator beside them."""
    operator_of_session.stop()
    first, second = (OperatorProcess(tmp_path / name, installed, QUICK | LEASE) for name in ("first", "second"))
    try:
        first.start()
        waiting.until(lambda: leads(first), what="the first operator to lead", seconds=LEASE_SECONDS)
        second.start()
        yield first, second
    finally:
        first.kill()
        second.kill()
        installed.kubectl("delete", "lease", ACCOUNT, "-n", NAMESPACE, "--ignore-not-found")


def took_over(operator: OperatorProcess, since: float, limit: float) -> float:
    """Wait until it leads; the seconds since then."""
    waiting.until(lambda: leads(operator), what="the other operator to lead", seconds=limit, pause=0.02)
    return time.monotonic() - since


def test_one_works_and_the_other_stands_by_ready(
    pair: tuple[OperatorProcess, OperatorProcess], team: Team, registry: Registry, model: str
) -> None:
    """Both are ready; passes are run in one."""
    first, second = pair
    team.external_server(registry.url)
    team.promote("fraud", model, 7)
    team.ready("modelpromotion", "fraud")
    assert (leads(first), leads(second)) == (True, False)
    assert passes(first) > 0 == passes(second)


def test_who_is_told_to_end_is_followed_at_once(
    pair: tuple[OperatorProcess, OperatorProcess],
    team: Team,
    registry: Registry,
    model: str,
) -> None:
    """An upgrade, or the drain of a node: the other works within seconds, and lists nothing anew for it."""
    first, second = pair
    team.external_server(registry.url)
    since = time.monotonic()
    first.interrupt()
    seconds = took_over(second, since, LEASE_SECONDS)
    print(f"SIGTERM: {seconds:.2f} s")
    assert seconds < ORDERLY_SECONDS
    team.promote("fraud", model, 7)
    team.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["7"]


def test_who_is_killed_is_followed_when_its_lease_is_over(
    pair: tuple[OperatorProcess, OperatorProcess], team: Team, registry: Registry, model: str
) -> None:
    """What it had begun is ended by the other: same attempt, one holder."""
    first, second = pair
    team.external_server(registry.url)
    team.promote("fraud", model, 7)
    time.sleep(0.1)
    since = time.monotonic()
    first.kill()
    print(f"kill -9: {took_over(second, since, LEASE_SECONDS):.2f} s")
    team.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["7"]
    assert [entry["number"] for entry in team.status("modelpromotion", "fraud")["history"]] == [1]


def test_who_was_frozen_writes_nothing_when_it_runs_again(
    pair: tuple[OperatorProcess, OperatorProcess], team: Team, registry: Registry, model: str
) -> None:
    """It is stopped in the middle of a promotion; meanwhile the other ends it, and another wish comes true."""
    first, second = pair
    team.external_server(registry.url)
    team.promote("fraud", model, 7)
    time.sleep(0.05)
    with first.process.frozen():
        print(f"SIGSTOP: {took_over(second, time.monotonic(), LEASE_SECONDS):.2f} s")
        team.ready("modelpromotion", "fraud")
        team.promote("fraud", model, 8)
        team.ready("modelpromotion", "fraud")
    waiting.until(lambda: not leads(first), what="the first operator to stand by", seconds=10)
    time.sleep(3)  # polls, resyncs and retries of whatever it had begun
    assert registry.holders(model, "Production") == ["8"]
    history = team.status("modelpromotion", "fraud")["history"]
    assert [(entry["number"], entry["toVersion"], entry["result"]) for entry in history] == [
        (2, "8", "Promoted"),
        (1, "7", "Promoted"),
    ]
    second.interrupt()
    took_over(first, time.monotonic(), LEASE_SECONDS)
    team.promote("fraud", model, 9)
    team.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["9"]
