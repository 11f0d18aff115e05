"""The workers run passes, whatever those end with, and begin and end together."""

import asyncio

import pytest

from mlflow_operator.engine.queue import Key, WorkQueue
from mlflow_operator.engine.workers import Pass, Tell, Workers
from mlflow_operator.errors import ClusterUnavailable, Conflict, NotFound, OperatorError
from mlflow_operator.reconcile.objects import PROMOTION
from mlflow_operator.reconcile.process import lists_of
from mlflow_operator.reconcile.world import World

from .listing import CLAIM, Recording, claim, listing, version_of


async def silent(_: Key, __: OperatorError) -> None:
    """Nobody looks."""


def workers(world: World, run: Pass, tell: Tell = silent, **limits: float) -> Workers:
    """Two workers with a pass of the test's own."""
    return Workers(world.queue, lists_of(world), {PROMOTION: run}, count=2, resync=1000, tell=tell, **limits)


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


async def endless(*_: object) -> None:
    """What never comes to an end."""
    await asyncio.Event().wait()


async def away(_: Key, __: OperatorError) -> None:
    """The API server does not answer."""
    raise ClusterUnavailable("ClusterUnavailable", "away")


@pytest.mark.parametrize("tell", [silent, endless, away])
async def test_a_pass_that_hangs_is_given_up_and_tried_again(
    world: World, caplog: pytest.LogCaptureFixture, tell: Tell
) -> None:
    """Nothing holds a worker for ever, and the log names it, whether or not its object can be told."""
    queue = world.queue = Recording()
    await workers(world, endless, tell, deadline=0.01).run(CLAIM)
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
    queue = world.queue = Recording()
    world.store.put(PROMOTION, claim("1000"))
    listing(world).objects = {PROMOTION: [claim("12")]}
    await workers(world, _raising(error)).run(CLAIM)
    assert (version_of(world), queue.seconds < 0.1) == ("12", True)


async def test_what_is_gone_is_dropped_and_not_tried_again(world: World) -> None:
    """A deletion that the watch has not told yet: one more pass cleans up."""
    queue = world.queue = Recording()
    world.store.put(PROMOTION, claim("1"))
    await workers(world, _raising(NotFound(404, "NotFound", ""))).run(CLAIM)
    assert (world.store.keys(PROMOTION), queue.seconds, await queue.get()) == ([], -1, CLAIM)


async def test_an_object_that_cannot_be_read_is_tried_again(world: World) -> None:
    """The API server went away in between."""
    queue = world.queue = Recording()
    world.store.put(PROMOTION, claim("1"))
    listing(world).away = True
    await workers(world, _raising(Conflict(409, "Conflict", ""))).run(CLAIM)
    assert (world.store.keys(PROMOTION), 0.5 <= queue.seconds <= 0.6) == ([CLAIM], True)


def _raising(error: Exception) -> Pass:
    async def run(_: Key) -> None:
        raise error

    return run
