"""The workers, which run passes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from mlflow_operator.engine import outcome, telemetry
from mlflow_operator.engine.lists import Lists
from mlflow_operator.engine.queue import Key, WorkQueue

Pass = Callable[[Key], Awaitable[float | None]]
"""One look at a key and what follows from it; the seconds to rest, or None where there is nothing to come back to."""

STUCK = 300.0
"""Seconds after which a key that nobody finishes means that something hangs; the longest pass takes a minute."""


class Workers:
    """Runs passes until it is told to stop; then the passes under way are finished, and no more begun.

    ``passes`` has one function per kind of key; ``resync`` is the seconds until what cannot help itself is looked at
    again, ``relist`` the seconds between two lists of everything.
    """

    def __init__(
        self,
        queue: WorkQueue,
        lists: Lists,
        passes: Mapping[str, Pass],
        *,
        count: int,
        resync: float,
        relist: float,
        stuck: float = STUCK,
    ) -> None:
        self._queue = queue
        self._lists = lists
        self._passes = passes
        self._count = count
        self._resync = resync
        self._relist = relist
        self._stuck = stuck
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting: set[asyncio.Task[None] | None] = set()
        self.started = False

    async def start(self) -> None:
        """List everything, so that nothing is taken for missing, then begin."""
        await self._lists.first()
        names = [f"worker-{number}" for number in range(self._count)]
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
        oldest = self._queue.oldest()
        if oldest and oldest[1] > self._stuck:
            return f"{oldest[0].kind} {oldest[0]} has been in the queue for {oldest[1]:.0f} s"
        return self._lists.ailment()

    async def _work(self) -> None:
        me = asyncio.current_task()
        while self._tasks or not self.started:
            self._waiting.add(me)
            key = await self._queue.get()
            self._waiting.discard(me)
            try:
                await self.run(key)
            finally:
                self._queue.done(key)

    async def run(self, key: Key) -> None:
        """One pass, whatever it ends with."""
        telemetry.QUEUE_DEPTH.set(self._queue.depth())
        with telemetry.PASS_TIME.labels(key.kind).time():
            try:
                rest = await self._passes[key.kind](key)
            except Exception as error:
                outcome.failed(self._queue, key, error, self._resync)
            else:
                outcome.settled(self._queue, key, rest)

    async def _list_for_ever(self) -> None:
        me = asyncio.current_task()
        while self._tasks:
            self._waiting.add(me)
            await asyncio.sleep(self._relist)
            self._waiting.discard(me)
            await self._lists.all()
