"""Of several processes one works, whatever is lost, delayed or frozen between them and the Lease."""

import asyncio
import copy
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mlflow_operator.engine import leader
from mlflow_operator.engine.leader import DEADLINE, DURATION, Election
from mlflow_operator.errors import ClusterUnavailable, Conflict, LeadershipLost, NotFound

SECOND = 0.01
"""How long a second of the election takes here."""


class Leases:
    """An API server with one Lease; it can be away, and the answers to writes can get lost."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.away = False
        self.deaf = False
        self.hangs = False

    async def get(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        """The Lease."""
        await self._answer()
        assert (kind, namespace, name) == ("Lease", "ops", "mlflow-operator")
        return copy.deepcopy(self.lease)

    async def create(self, obj: dict[str, Any]) -> dict[str, Any]:
        """Make it."""
        await self._answer()
        if self.lease is not None:
            raise Conflict(409, "AlreadyExists", "")
        return await self._keep(obj, 1)

    async def replace(self, obj: dict[str, Any]) -> dict[str, Any]:
        """Write it as a whole."""
        await self._answer()
        if self.lease is None:
            raise NotFound(404, "NotFound", "")
        known = self.lease["metadata"]["resourceVersion"]
        if known != obj["metadata"]["resourceVersion"]:
            raise Conflict(409, "Conflict", "")
        return await self._keep(obj, int(known) + 1)

    def holder(self) -> str:
        """Who holds it, by the Lease."""
        return str(self.lease["spec"]["holderIdentity"]) if self.lease else ""

    async def _answer(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.away:
            raise ClusterUnavailable("ClusterUnavailable", "away")

    async def _keep(self, obj: dict[str, Any], version: int) -> dict[str, Any]:
        self.lease = copy.deepcopy(obj)
        self.lease["metadata"]["resourceVersion"] = str(version)
        if self.deaf:
            raise ClusterUnavailable("ClusterUnavailable", "the answer was lost")
        return copy.deepcopy(self.lease)


class Process:
    """One process that takes part; it can be killed, and frozen."""

    def __init__(self, leases: Leases, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self.election = Election(leases, "ops/mlflow-operator", name, clock=self.clock)
        self.task = asyncio.create_task(self.election.run())

    def clock(self) -> float:
        """Seconds."""
        return self._loop.time() / SECOND

    async def kill(self) -> None:
        """As kill -9: it says nothing to anybody."""
        self.task.cancel()
        await asyncio.wait([self.task])

    async def stop(self) -> None:
        """As SIGTERM."""
        await self.kill()
        await self.election.give_back()


@pytest.fixture
async def leases(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Leases]:
    """A Lease that nobody has made yet, with seconds that are short."""
    for name in ("_RENEW", "_LOOK", "_ANSWER"):
        monkeypatch.setattr(leader, name, getattr(leader, name) * SECOND)
    yield Leases()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


async def after(seconds: float) -> None:
    """Let time go by."""
    await asyncio.sleep(seconds * SECOND)


async def pair(leases: Leases) -> tuple[Process, Process]:
    """One that leads, and one that stands by."""
    first = Process(leases, "first")
    await asyncio.wait_for(first.election.won(), 1)
    second = Process(leases, "second")
    await after(5)
    assert (first.election.holds(), second.election.holds()) == (True, False)
    return first, second


async def test_the_holder_renews_and_the_other_stands_by(leases: Leases) -> None:
    """As long as it lives it leads, and what stands by may write nothing."""
    first, second = await pair(leases)
    await after(3 * DURATION)
    assert (first.election.holds(), second.election.holds()) == (True, False)
    first.election.check()
    with pytest.raises(LeadershipLost):
        second.election.check()


async def test_who_ends_in_an_orderly_way_is_followed_at_once(leases: Leases) -> None:
    """An upgrade takes no longer than a look of the one that stands by."""
    first, second = await pair(leases)
    await first.stop()
    assert (leases.holder(), first.election.holds()) == ("", False)
    await after(4)
    assert second.election.holds()


async def test_who_was_killed_is_followed_when_its_lease_is_over(leases: Leases) -> None:
    """Not before, since nobody can know whether it lives."""
    first, second = await pair(leases)
    await first.kill()
    await after(DEADLINE)
    assert not second.election.holds()
    await asyncio.wait_for(second.election.won(), (DURATION + 10) * SECOND)


async def test_who_cannot_renew_stops_before_another_begins(leases: Leases) -> None:
    """The API server cannot be reached, or does not answer: nobody works, and one does when it is back."""
    first, second = await pair(leases)
    leases.hangs = True
    await asyncio.wait_for(first.election.lost(), 1)
    assert not second.election.holds()
    leases.hangs = False
    await after(6)
    assert first.election.holds() != second.election.holds()


async def test_who_was_frozen_writes_nothing_when_it_runs_again(leases: Leases) -> None:
    """It looks at the clock before each write, and needs nobody to tell it."""
    first, second = await pair(leases)
    await first.kill()
    await asyncio.wait_for(second.election.won(), 2 * DURATION * SECOND)
    with pytest.raises(LeadershipLost):
        first.election.check()
    first.task = asyncio.create_task(first.election.run())
    await asyncio.wait_for(first.election.lost(), 1)
    await after(5)
    assert (first.election.holds(), second.election.holds(), leases.holder()) == (False, True, "second")


async def test_an_answer_that_was_lost_ends_nothing(leases: Leases) -> None:
    """The Lease was renewed and nobody told its holder: it finds itself in it and goes on."""
    first, second = await pair(leases)
    leases.deaf = True
    await after(3)
    leases.deaf = False
    await after(2 * DEADLINE)
    assert (first.election.holds(), second.election.holds(), leases.holder()) == (True, False, "first")


async def test_of_many_that_start_at_once_one_leads(leases: Leases) -> None:
    """Each write goes with the version that was read."""
    processes = [Process(leases, str(number)) for number in range(9)]
    for _ in range(20):
        await after(1)
        assert sum(process.election.holds() for process in processes) <= 1
    assert sum(process.election.holds() for process in processes) == 1


async def test_a_lease_that_somebody_deleted_is_made_again(leases: Leases) -> None:
    """Whoever gets it leads."""
    first, second = await pair(leases)
    leases.lease = None
    await after(8)
    assert first.election.holds() != second.election.holds()
    assert leases.holder() in ("first", "second")


async def test_a_slow_answer_makes_the_lease_no_longer(leases: Leases) -> None:
    """Others count from the write, which may have been long before its answer: so does its holder."""
    now = 0.0

    class Slow(Leases):
        async def create(self, obj: dict[str, Any]) -> dict[str, Any]:
            nonlocal now
            written, now = await super().create(obj), now + 3
            return written

    election = Election(Slow(), "ops/mlflow-operator", "first", clock=lambda: now)
    running = asyncio.create_task(election.run())
    await asyncio.wait_for(election.won(), 1)
    running.cancel()
    now = DEADLINE - 0.1
    assert election.holds()
    now = DEADLINE + 0.1
    assert not election.holds()
