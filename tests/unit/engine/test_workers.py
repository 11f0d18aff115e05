"""The workers and the periodic list, on a cluster that is a dictionary."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from mlflow_operator.clients.cluster import Cluster
from mlflow_operator.clients.registry import Mlflow
from mlflow_operator.config import Settings
from mlflow_operator.engine import outcome
from mlflow_operator.engine.queue import Key, WorkQueue
from mlflow_operator.errors import ClusterUnavailable, Conflict, NotFound, RegistryUnavailable, Terminal, Waiting
from mlflow_operator.reconcile.objects import PROMOTION, SERVER
from mlflow_operator.reconcile.process import lists_of, workers_of
from mlflow_operator.reconcile.world import World

CLAIM = Key(PROMOTION, "team", "fraud")


class Listing:
    """A cluster that can only be listed, and that can be away."""

    def __init__(self) -> None:
        self.objects: dict[str, list[dict[str, Any]]] = {}
        self.away = False

    async def list(self, kind: str, namespace: str | None = None, *, labels: str = "") -> list[dict[str, Any]]:
        """What is there."""
        if self.away:
            raise ClusterUnavailable("ClusterUnavailable", "away")
        return list(self.objects.get(kind, []))


def claim(version: str) -> dict[str, Any]:
    """A claim with a resourceVersion; it is being deleted, so a pass over it has nothing to do."""
    meta = {
        "name": "fraud",
        "namespace": "team",
        "resourceVersion": version,
        "deletionTimestamp": "2026-01-01T00:00:00Z",
    }
    return {"metadata": meta, "spec": {"serverRef": {"name": "mlflow"}, "model": "fraud"}}


@pytest.fixture
async def world() -> World:
    """A world whose cluster is a Listing."""
    return World(
        settings=Settings(relist=0.05, workers=2),
        cluster=cast("Cluster", Listing()),
        mlflow=Mlflow(),
        queue=WorkQueue(),
        clock=lambda: datetime.now(UTC),
        instance="test",
    )


def listing(world: World) -> Listing:
    """The cluster as what it is."""
    return cast("Listing", world.cluster)


async def test_everything_is_listed_before_the_first_pass(world: World) -> None:
    """A claim is not told that its server is missing because the server's watch came later."""
    listing(world).objects = {PROMOTION: [claim("1")], SERVER: []}
    workers = workers_of(world, lists_of(world))
    await workers.start()
    assert (workers.started, world.store.keys(PROMOTION)) == (True, [CLAIM])
    await workers.stop(1)


async def test_an_object_that_went_unseen_is_dropped(world: World) -> None:
    """A watch that broke off never delivers the deletions between: the list does."""
    listing(world).objects = {PROMOTION: [claim("1")]}
    workers = workers_of(world, lists_of(world))
    await workers.start()
    listing(world).objects = {}
    await asyncio.sleep(0.1)
    assert world.store.keys(PROMOTION) == []
    await workers.stop(1)


class Slow(Listing):
    """A cluster that changes, and whose watch says so, while a list of it is on its way."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    async def list(self, kind: str, namespace: str | None = None, *, labels: str = "") -> list[dict[str, Any]]:
        """What was there when it was asked for."""
        found = await super().list(kind, namespace, labels=labels)
        if kind == PROMOTION:
            self.meanwhile()
        return found


async def test_a_list_does_not_bring_back_what_was_deleted_meanwhile(world: World) -> None:
    """The watch's deletion is newer than the list."""
    cluster = world.cluster = cast("Any", Slow())
    cluster.objects = {PROMOTION: [claim("5")]}
    cluster.meanwhile = lambda: world.store.bury(CLAIM, claim("6"))
    workers = workers_of(world, lists_of(world))
    await workers.start()
    assert world.store.keys(PROMOTION) == []
    await workers.stop(1)


async def test_a_list_does_not_drop_what_was_created_meanwhile(world: World) -> None:
    """The watch's object is newer than the list."""
    cluster = world.cluster = cast("Any", Slow())
    cluster.meanwhile = lambda: world.store.put(PROMOTION, claim("7"))
    workers = workers_of(world, lists_of(world))
    await workers.start()
    assert world.store.keys(PROMOTION) == [CLAIM]
    await workers.stop(1)


async def test_a_deaf_watch_is_an_ailment(world: World) -> None:
    """Twice in a row the list found what the watch should have brought: a restart is the cure."""
    lists = lists_of(world)
    workers = workers_of(world, lists)
    await workers.start()
    assert workers.ailment() is None
    for version in range(2, 60):
        listing(world).objects = {PROMOTION: [claim(str(version))]}
        await asyncio.sleep(0.01)
    assert "the watch of ModelPromotion" in (workers.ailment() or "")
    lists.heard(PROMOTION)
    assert workers.ailment() is None
    await workers.stop(1)


async def test_an_api_server_that_is_away_is_no_ailment(world: World) -> None:
    """An outage is not cured by a restart."""
    workers = workers_of(world, lists_of(world))
    await workers.start()
    listing(world).away = True
    await asyncio.sleep(0.15)
    assert workers.ailment() is None
    await workers.stop(1)


async def test_an_object_that_nobody_finishes_is_an_ailment(world: World) -> None:
    """What hangs is named."""
    workers = workers_of(world, lists_of(world), stuck=0.02)
    world.queue.add(CLAIM)
    await asyncio.sleep(0.05)
    assert "ModelPromotion team/fraud has been in the queue" in (workers.ailment() or "")


OUTCOMES = {
    "conflict": (Conflict(409, "Conflict", ""), 0.0, 0.1),
    "waiting": (Waiting("X", "", after=20), 18, 22),
    "terminal": (Terminal("X", ""), 900, 1100),
    "unavailable": (RegistryUnavailable("X", ""), 0.5, 0.6),
    "unexpected": (KeyError("x"), 0.5, 0.6),
}


@pytest.mark.parametrize(("error", "least", "most"), OUTCOMES.values(), ids=OUTCOMES)
async def test_the_next_look_depends_on_how_the_pass_ended(error: Exception, least: float, most: float) -> None:
    """At once, after a while, after a long while, or with backoff."""
    queue = _Recording()
    outcome.failed(queue, CLAIM, error, resync=1000)
    assert least <= queue.seconds <= most


async def test_an_object_that_is_gone_is_not_looked_at_again() -> None:
    """NotFound ends it."""
    queue = _Recording()
    outcome.failed(queue, CLAIM, NotFound(404, "NotFound", ""), resync=1000)
    assert queue.seconds == -1


class _Recording(WorkQueue):
    """A queue that says for when a key was put back."""

    seconds = -1.0

    def add_after(self, key: Key, seconds: float) -> None:
        """Remember instead of waiting."""
        self.seconds = seconds
