"""The workers and the periodic list, on a cluster that is a dictionary."""

import asyncio
import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from mlflow_operator.clients.cluster import Cluster
from mlflow_operator.clients.registry import Mlflow
from mlflow_operator.config import Settings
from mlflow_operator.engine import outcome
from mlflow_operator.engine.queue import Key, WorkQueue
from mlflow_operator.engine.workers import Pass, Workers
from mlflow_operator.errors import ClusterUnavailable, Conflict, NotFound, RegistryUnavailable, Terminal, Waiting
from mlflow_operator.reconcile.objects import PROMOTION, SERVER
from mlflow_operator.reconcile.process import lists_of
from mlflow_operator.reconcile.world import World

CLAIM = Key(PROMOTION, "team", "fraud")


class Listing:
    """A cluster that can only be read, and that can be away, as a whole or for a kind."""

    def __init__(self) -> None:
        self.objects: dict[str, list[dict[str, Any]]] = {}
        self.away = False
        self.forbidden: set[tuple[str, str | None]] = set()
        self.meanwhile: Callable[[], object] = lambda: None
        """What happens, and what the watch says, while an answer is on its way."""

    async def list(self, kind: str, namespace: str | None = None, *, labels: str = "") -> list[dict[str, Any]]:
        """What was there when it was asked for."""
        if self.away or (kind, namespace) in self.forbidden:
            raise ClusterUnavailable("ClusterUnavailable", "away")
        found = [o for o in self.objects.get(kind, []) if namespace in (None, o["metadata"]["namespace"])]
        if kind == PROMOTION:
            self.meanwhile()
        return copy.deepcopy(found)

    async def get(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        """One object."""
        found = [o for o in await self.list(kind, namespace) if o["metadata"]["name"] == name]
        return found[0] if found else None


def claim(version: str, namespace: str = "team") -> dict[str, Any]:
    """A claim with a resourceVersion."""
    meta = {"name": "fraud", "namespace": namespace, "uid": "u", "resourceVersion": version}
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


def version_of(world: World) -> str:
    """The claim's resourceVersion, as the store has it."""
    found = world.store.get(*CLAIM[:3])
    assert found is not None
    return str(found["metadata"]["resourceVersion"])


async def test_everything_is_listed_however_long_it_takes(world: World) -> None:
    """A claim is not told that its server is missing because the API server was away."""
    listing(world).objects = {PROMOTION: [claim("1")], SERVER: []}
    listing(world).away = True
    first = asyncio.create_task(lists_of(world).first(again=0.01))
    await asyncio.sleep(0.03)
    assert not first.done()
    listing(world).away = False
    await asyncio.wait_for(first, 1)
    assert world.store.keys(PROMOTION) == [CLAIM]


async def test_everything_is_listed_again_and_again(world: World) -> None:
    """What a watch misses is found within the time that is set for it, also after an outage."""
    lists = lists_of(world)
    listing(world).away = True
    keeping = asyncio.create_task(lists.keep_up(0.01))
    await asyncio.sleep(0.03)
    listing(world).away = False
    listing(world).objects = {PROMOTION: [claim("1")]}
    assert await asyncio.wait_for(world.queue.get(), 1) == CLAIM
    assert lists.ailment() is None
    keeping.cancel()


async def test_what_cannot_be_listed_keeps_nothing_else_from_it(world: World) -> None:
    """A right that is missing for one kind, or in one namespace, leaves the others as they were."""
    world.settings = Settings(namespaces=("closed", "team"))
    lists = lists_of(world)
    world.store.put(PROMOTION, claim("1", "closed"))
    listing(world).forbidden = {(SERVER, "closed"), (SERVER, "team"), (PROMOTION, "closed")}
    listing(world).objects = {PROMOTION: [claim("1")]}
    assert not await lists.all()
    assert {key.namespace for key in world.store.keys(PROMOTION)} == {"closed", "team"}


async def test_an_object_that_went_unseen_is_dropped_and_woken(world: World) -> None:
    """A watch that broke off never delivers the deletions between: the list does."""
    lists = lists_of(world)
    world.store.put(PROMOTION, claim("1"))
    await lists.all()
    assert (world.store.keys(PROMOTION), await world.queue.get()) == ([], CLAIM)


async def test_a_list_does_not_bring_back_what_was_deleted_meanwhile(world: World) -> None:
    """The watch's deletion is newer than the list."""
    listing(world).objects = {PROMOTION: [claim("5")]}
    listing(world).meanwhile = lambda: world.store.bury(PROMOTION, claim("6"))
    await lists_of(world).all()
    assert world.store.keys(PROMOTION) == []


async def test_a_list_does_not_drop_what_was_created_meanwhile(world: World) -> None:
    """The watch's object is newer than the list."""
    listing(world).meanwhile = lambda: world.store.put(PROMOTION, claim("7"))
    await lists_of(world).all()
    assert world.store.keys(PROMOTION) == [CLAIM]


async def test_an_etcd_that_went_back_is_followed_at_the_next_list(world: World) -> None:
    """After a restore from a backup every object is older than it was known to be."""
    lists = lists_of(world)
    listing(world).objects = {PROMOTION: [claim("1000")]}
    await lists.all()
    listing(world).objects = {PROMOTION: [claim("12")]}
    await lists.all()
    assert version_of(world) == "12"


async def test_a_deaf_watch_is_an_ailment_and_named(world: World) -> None:
    """Twice in a row the list found what the watch of that namespace should have brought: a restart is the cure."""
    world.settings = Settings(namespaces=("other", "team"))
    lists = lists_of(world)
    await lists.first()
    for version in "23":
        assert lists.ailment() is None
        listing(world).objects = {PROMOTION: [claim(version), claim(version, "other")]}
        await lists.all()
        lists.heard(PROMOTION, "other")
    assert lists.ailment() == "the watch of ModelPromotion in namespace team brings nothing any more"
    lists.heard(PROMOTION, "team")
    assert lists.ailment() is None


def workers(world: World, run: Pass, **limits: float) -> Workers:
    """Two workers with a pass of the test's own."""
    return Workers(world.queue, lists_of(world), {PROMOTION: run}, count=2, resync=1000, **limits)


async def test_workers_stop_and_start_again(world: World) -> None:
    """Who does not lead any more stops, loses nothing of what was under way, and goes on when it leads again."""
    done, release = [], asyncio.Event()

    async def run(key: Key) -> None:
        await release.wait()
        done.append(key)

    team = workers(world, run)
    assert not team.started
    team.start()
    world.queue.add(CLAIM)
    await asyncio.sleep(0.01)
    await team.stop(0)
    assert (team.started, done, world.queue.depth()) == (False, [], 1)
    release.set()
    await asyncio.sleep(0.01)
    assert done == []
    team.start()
    await asyncio.sleep(0.01)
    assert (team.started, done) == (True, [CLAIM])
    await team.stop(1)


async def test_a_stop_finishes_what_is_under_way_and_begins_nothing(world: World) -> None:
    """A pod that is told to end leaves no attempt half done."""
    done = []

    async def run(key: Key) -> None:
        await asyncio.sleep(0.03)
        done.append(key)

    team = workers(world, run)
    team.start()
    keys = [CLAIM._replace(name=name) for name in "abc"]
    for key in keys:
        world.queue.add(key)
    await asyncio.sleep(0.01)
    await team.stop(5)
    assert (done, world.queue.depth()) == (keys[:2], 1)


async def test_a_pass_that_hangs_is_given_up_and_tried_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing holds a worker for ever, and the log names it."""

    async def run(_: Key) -> None:
        await asyncio.Event().wait()

    queue = world.queue = _Recording()
    await workers(world, run, deadline=0.01).run(CLAIM)
    assert 0.5 <= queue.seconds <= 0.6
    assert "team/fraud: PassTimeout: the pass did not end within" in caplog.text


async def test_a_standstill_is_an_ailment_and_a_backlog_is_not(world: World) -> None:
    """Only where no pass ends at all does a restart help; who does not lead has a backlog and nothing to end."""
    moving = True

    async def run(_: Key) -> None:
        await asyncio.sleep(0.02 if moving else 60)

    team = workers(world, run, stuck=0.06)
    for number in range(20):
        world.queue.add(CLAIM._replace(name=str(number)))
    await asyncio.sleep(0.1)
    assert team.ailment() is None
    team.start()
    for _ in range(6):
        await asyncio.sleep(0.02)
        assert team.ailment() is None
    assert world.queue.depth()
    moving = False
    await asyncio.sleep(0.15)
    assert "no pass has ended" in (team.ailment() or "")
    await team.stop(0)


async def test_a_worker_that_died_is_an_ailment(world: World) -> None:
    """What nobody foresaw in the machinery itself ends a worker; the others would not tell."""

    class Broken(WorkQueue):
        def done(self, key: Key) -> None:
            raise RuntimeError

    async def run(_: Key) -> None:
        return

    world.queue = Broken()
    team = workers(world, run)
    team.start()
    world.queue.add(CLAIM)
    await asyncio.sleep(0.01)
    assert team.ailment() == "task worker-0 has ended"
    await team.stop(0)


@pytest.mark.parametrize("error", [Conflict(409, "Conflict", ""), NotFound(404, "NotFound", "")], ids=["409", "404"])
async def test_what_the_api_server_knows_otherwise_is_read_and_tried_again(world: World, error: Exception) -> None:
    """An object that was changed, or made again, before the watch told: no such answer ends in silence."""
    queue = world.queue = _Recording()
    world.store.put(PROMOTION, claim("1000"))
    listing(world).objects = {PROMOTION: [claim("12")]}
    await workers(world, _raising(error)).run(CLAIM)
    assert (version_of(world), queue.seconds < 0.1) == ("12", True)


async def test_what_is_gone_is_dropped_and_not_tried_again(world: World) -> None:
    """A deletion that the watch has not told yet: one more pass cleans up."""
    queue = world.queue = _Recording()
    world.store.put(PROMOTION, claim("1"))
    await workers(world, _raising(NotFound(404, "NotFound", ""))).run(CLAIM)
    assert (world.store.keys(PROMOTION), queue.seconds, await queue.get()) == ([], -1, CLAIM)


async def test_an_object_that_cannot_be_read_is_tried_again(world: World) -> None:
    """The API server went away in between."""
    queue = world.queue = _Recording()
    world.store.put(PROMOTION, claim("1"))
    listing(world).away = True
    await workers(world, _raising(Conflict(409, "Conflict", ""))).run(CLAIM)
    assert (world.store.keys(PROMOTION), 0.5 <= queue.seconds <= 0.6) == ([CLAIM], True)


def _raising(error: Exception) -> Pass:
    async def run(_: Key) -> None:
        raise error

    return run


OUTCOMES = {
    "waiting": (Waiting("X", "", after=20), 18, 22),
    "terminal": (Terminal("X", ""), 900, 1100),
    "unavailable": (RegistryUnavailable("X", ""), 0.5, 0.6),
    "asked to come later": (RegistryUnavailable("X", "", after=120), 120, 120),
    "unexpected": (KeyError("x"), 0.5, 0.6),
}


@pytest.mark.parametrize(("error", "least", "most"), OUTCOMES.values(), ids=OUTCOMES)
async def test_the_next_look_depends_on_how_the_pass_ended(error: Exception, least: float, most: float) -> None:
    """At once, after a while, after a long while, or with backoff."""
    queue = _Recording()
    outcome.failed(queue, CLAIM, error, resync=1000)
    assert least <= queue.seconds <= most


async def test_what_was_started_together_does_not_stay_together() -> None:
    """A thousand claims that were applied at once are not looked at in one moment of every ten minutes."""
    queue, rests = _Recording(), []
    for _ in range(20):
        outcome.settled(queue, CLAIM, 600)
        rests.append(queue.seconds)
    assert 540 <= min(rests) < max(rests) - 1 <= 659


class _Recording(WorkQueue):
    """A queue that says for when a key was put back."""

    seconds = -1.0

    def add_after(self, key: Key, seconds: float) -> None:
        """Remember instead of waiting."""
        self.seconds = seconds
