"""The workers, which run passes, and the periodic list, which finds what a watch has missed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from mlflow_operator.desired import names
from mlflow_operator.errors import OperatorError
from mlflow_operator.reconcile import model, outcome, promotion, server, telemetry
from mlflow_operator.reconcile.queue import Key
from mlflow_operator.reconcile.store import MODEL, PROMOTION, SERVER, Object, key_of, owner_of, wish
from mlflow_operator.reconcile.world import World

log = logging.getLogger(__name__)

Pass = Callable[[World, Key], Awaitable[float | None]]

PASSES: Mapping[str, Pass] = {SERVER: server.reconcile, PROMOTION: promotion.reconcile, MODEL: model.poll}
"""One function per kind of key."""

OWN = (SERVER, PROMOTION)
CHILDREN = ("Deployment", "StatefulSet", "Job", "Service", "ServiceAccount", "PersistentVolumeClaim")

STUCK = 300.0
"""Seconds after which a key that nobody finishes means that something hangs; the longest pass takes a minute."""
_DEAF = 2
"""Lists in a row that found changes, without a word from the watch in between."""
_AGAIN = 2.0


class Workers:
    """Runs passes until it is told to stop; then the passes under way are finished, and no more begun."""

    def __init__(self, world: World, *, stuck: float = STUCK) -> None:
        self._world = world
        self._stuck = stuck
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting: set[asyncio.Task[None] | None] = set()
        self._missed: dict[str, int] = {}
        self.started = False

    async def start(self) -> None:
        """List everything, so that nothing is taken for missing, then begin."""
        while not await self._listed():  # noqa: ASYNC110 - waits for the API server, not for a task of ours
            await asyncio.sleep(_AGAIN)
        self._missed.clear()
        names = [f"worker-{number}" for number in range(self._world.settings.workers)]
        self._tasks = [asyncio.create_task(self._work(), name=name) for name in names]
        self._tasks.append(asyncio.create_task(self._list_for_ever(), name="lists"))
        self.started = True

    async def stop(self, grace: float) -> None:
        """Finish the passes under way, within so many seconds."""
        for task in self._tasks:
            if task in self._waiting:
                task.cancel()
        busy = {task for task in self._tasks if task not in self._waiting}
        self._tasks, tasks = [], self._tasks
        if busy:
            await asyncio.wait(busy, timeout=grace)
        for task in busy:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def ailment(self) -> str | None:
        """What is wrong with this process, if anything is; a restart is the cure."""
        if dead := [task.get_name() for task in self._tasks if task.done()]:
            return f"task {', '.join(dead)} has ended"
        oldest = self._world.queue.oldest()
        if oldest and oldest[1] > self._stuck:
            return f"{oldest[0].kind} {oldest[0]} has been in the queue for {oldest[1]:.0f} s"
        if deaf := [kind for kind, times in self._missed.items() if times >= _DEAF]:
            return f"the watch of {', '.join(deaf)} brings nothing any more"
        return None

    def heard(self, kind: str) -> None:
        """A watch has brought something."""
        self._missed[kind] = 0

    async def _work(self) -> None:
        me = asyncio.current_task()
        while self._tasks or not self.started:
            self._waiting.add(me)
            key = await self._world.queue.get()
            self._waiting.discard(me)
            try:
                await self._run(key)
            finally:
                self._world.queue.done(key)

    async def _run(self, key: Key) -> None:
        queue = self._world.queue
        telemetry.QUEUE_DEPTH.set(queue.depth())
        with telemetry.PASS_TIME.labels(key.kind).time():
            try:
                rest = await PASSES[key.kind](self._world, key)
            except Exception as error:
                outcome.failed(queue, key, error, self._world.settings.resync)
            else:
                outcome.settled(queue, key, rest)

    async def _list_for_ever(self) -> None:
        me = asyncio.current_task()
        while self._tasks:
            self._waiting.add(me)
            await asyncio.sleep(self._world.settings.relist)
            self._waiting.discard(me)
            await self._listed()

    async def _listed(self) -> bool:
        """List everything; False where the API did not answer."""
        try:
            for kind in (*OWN, *CHILDREN):
                await self._list(kind)
        except OperatorError as error:
            log.warning("could not list: %s", error)
            return False
        return True

    async def _list(self, kind: str) -> None:
        """Bring the store to what the API server has: a watch that broke off never delivers the deletions between."""
        labels = "" if kind in OWN else f"{names.MANAGED_BY_LABEL}={names.MANAGER}"
        before = self._world.store.ages(kind)
        found: set[Key] = set()
        missed: set[Key] = set()
        for namespace in self._world.settings.namespaces or (None,):
            for obj in await self._world.cluster.list(kind, namespace, labels=labels):
                key = key_of(kind, obj)
                found.add(key)
                if keep(self._world, kind, obj):
                    missed.add(key)
        for key, age in self._world.store.ages(kind).items():
            if key not in found and before.get(key) == age:  # what has come since the list was asked for is not in it
                missed.add(key)
                wake(self._world, key)
                self._world.store.drop(key)
        self._missed[kind] = self._missed.get(kind, 0) + 1 if missed else 0
        telemetry.WATCH_MISSED.labels(kind).inc(len(missed))


def keep(world: World, kind: str, obj: Object) -> bool:
    """An object has been seen: keep it, and wake whom it concerns; False where it was known.

    A watch may bring a status before the answer to its write has come. If that woke its object, then what fails again
    and again, and says so in the status, would be tried again at once.
    """
    key = key_of(kind, obj)
    before = world.store.get(*key[:3])
    if not world.store.put(kind, obj):
        return False
    if before is None or kind not in OWN or wish(before) != wish(obj):
        wake(world, key)
    return True


def wake(world: World, key: Key) -> None:
    """An object has changed: queue whatever depends on it. Called before a deletion leaves the store."""
    if key.kind in OWN:
        world.queue.add(key)
        return
    obj = world.store.get(*key[:3])
    if obj and (owner := owner_of(key.kind, obj)):
        world.queue.add(owner)
