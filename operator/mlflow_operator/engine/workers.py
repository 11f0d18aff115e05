"""The workers, which run passes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from mlflow_operator.engine import outcome, telemetry
from mlflow_operator.engine.lists import Lists
from mlflow_operator.engine.queue import Key, WorkQueue
from mlflow_operator.errors import Conflict, NotFound, OperatorError, Unavailable

log = logging.getLogger(__name__)

Pass = Callable[[Key], Awaitable[float | None]]
"""One look at a key and what follows from it; the seconds to rest, or None where there is nothing to come back to."""

Tell = Callable[[Key, OperatorError], Awaitable[None]]
"""Says to whoever looks at a key why its pass was given up: the pass itself could not."""

DEADLINE = 120.0
"""Seconds after which a pass is given up; the longest takes a minute."""
STUCK = 300.0
"""Seconds without the end of any pass, although there is work, after which something hangs that no deadline ends."""


class Workers:
    """Runs passes between ``start`` and ``stop``, which may follow each other again and again.

    ``passes`` has one function per kind of key; ``resync`` is the seconds until what cannot help itself is looked at
    again.
    """

    def __init__(
        self,
        queue: WorkQueue,
        lists: Lists,
        passes: Mapping[str, Pass],
        *,
        count: int,
        resync: float,
        tell: Tell,
        deadline: float = DEADLINE,
        stuck: float = STUCK,
    ) -> None:
        self._queue = queue
        self._lists = lists
        self._passes = passes
        self._count = count
        self._resync = resync
        self._tell = tell
        self._deadline = deadline
        self._stuck = stuck
        self._tasks: list[asyncio.Task[None]] = []
        self._idle: set[asyncio.Task[None] | None] = set()
        self._since = 0.0
        """When they were started."""

    @property
    def started(self) -> bool:
        """Whether passes are run."""
        return bool(self._tasks)

    def start(self) -> None:
        """Begin to run passes."""
        self._since = asyncio.get_running_loop().time()
        self._tasks = [asyncio.create_task(self._work(), name=f"worker-{number}") for number in range(self._count)]

    async def stop(self, grace: float) -> None:
        """Begin no more passes, and finish those under way within so many seconds; the rest is cancelled."""
        self._tasks, tasks = [], self._tasks
        busy = [task for task in tasks if task not in self._idle]
        for task in tasks:
            if task in self._idle:
                task.cancel()
        if busy:
            await asyncio.wait(busy, timeout=grace)
        for task in busy:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def ailment(self) -> str | None:
        """What is wrong, if anything is; a restart is the cure. A backlog that moves is not wrong."""
        if dead := [task.get_name() for task in self._tasks if task.done()]:
            return f"task {', '.join(dead)} has ended"
        now = asyncio.get_running_loop().time()
        if self._tasks and min(self._queue.stalled(), now - self._since) > self._stuck:
            return f"no pass has ended for {self._stuck:.0f} s, and {self._queue.depth()} objects wait"
        return None

    async def run(self, key: Key) -> None:
        """One pass, whatever it ends with."""
        telemetry.QUEUE_DEPTH.set(self._queue.depth())
        with telemetry.PASS_TIME.labels(key.kind).time():
            try:
                try:
                    rest = await self._in_time(key)
                except (Conflict, NotFound):
                    outcome.outdated(self._queue, key, there=await self._lists.refresh(key))
                else:
                    outcome.settled(self._queue, key, rest)
            except Exception as error:
                outcome.failed(self._queue, key, error, self._resync)

    async def _in_time(self, key: Key) -> float | None:
        """A pass with a deadline.

        Raises:
            Unavailable: It has been given up.
        """
        try:
            async with asyncio.timeout(self._deadline) as time:
                return await self._passes[key.kind](key)
        except TimeoutError:
            if not time.expired():
                raise
        message = f"the pass did not end within {self._deadline:.0f} s and was given up; it is tried again"
        error = Unavailable("PassTimeout", message)
        await self._give_up(key, error)
        raise error

    async def _give_up(self, key: Key, error: OperatorError) -> None:
        """Say it where users look, as far as that can be done soon; the log has it anyway."""
        try:
            async with asyncio.timeout(self._deadline):
                await self._tell(key, error)
        except (OperatorError, TimeoutError) as cause:
            log.warning("%s %s: its status does not say %s: %s", key.kind, key, error.reason, cause)

    async def _work(self) -> None:
        me = asyncio.current_task()
        while me in self._tasks:
            self._idle.add(me)
            try:
                key = await self._queue.get()
            finally:
                self._idle.discard(me)
            try:
                await self.run(key)
            except asyncio.CancelledError:
                self._queue.add(key)  # whoever works next does it
                raise
            finally:
                self._queue.done(key)
