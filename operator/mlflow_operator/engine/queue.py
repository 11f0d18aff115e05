"""The work queue, with the semantics of client-go's: nothing is lost, and nothing is worked on twice at a time.

A key that is added while a worker has it is worked on once more afterwards; a hundred additions in between are one.
(https://pkg.go.dev/k8s.io/client-go/util/workqueue) Unlike there, a key that waits for room in one of its lanes waits
here, and holds no worker.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from mlflow_operator.engine import telemetry
from mlflow_operator.engine.lanes import Lane, Lanes

_BASE, _CAP = 0.5, 60.0
_SPREAD = 0.2


class Key(NamedTuple):
    """What a pass is about: an object, or something that is on the server of that name, such as a registered model."""

    kind: str
    namespace: str
    name: str
    model: str = ""
    workspace: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.namespace, self.name, self.workspace, self.model) if part)


class WorkQueue:
    """Keys to work on, now or later; one event loop only.

    ``lanes`` answers with the lanes of a key, the narrowest first; it may answer differently later.
    """

    def __init__(self, lanes: Callable[[Key], Sequence[Lane]] = lambda _: ()) -> None:
        self._loop = asyncio.get_running_loop()
        self._lanes = Lanes(lanes)
        self._since: dict[Key, float] = {}
        """Keys that need work, and since when."""
        self._busy: dict[Key, float] = {}
        """Keys that a worker has, and since when."""
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._failures: dict[Key, tuple[int, str]] = {}
        """How often a key has failed in a row, and why the last time."""
        self._wake = asyncio.Event()
        self._moved = self._loop.time()
        """When a worker finished with a key, or the first work after a rest came."""

    def add(self, key: Key) -> None:
        """The key needs work now."""
        if key in self._since:
            return
        telemetry.QUEUE_ADDS.labels(key.kind).inc()
        now = self._loop.time()
        if not self._since and not self._busy:
            self._moved = now
        self._since[key] = now
        if key not in self._busy:
            self._lanes.put(key)
            self._wake.set()

    def add_after(self, key: Key, seconds: float) -> None:
        """The key needs work after a while; replaces an earlier such request, since the later one knows more."""
        if timer := self._timers.pop(key, None):
            timer.cancel()
        self._timers[key] = self._loop.call_later(seconds, self._due, key)

    def ensure(self, key: Key, seconds: float) -> None:
        """The key needs work after a while, unless it is already going to get some."""
        if key not in self._timers and key not in self._since and key not in self._busy:
            self.add_after(key, seconds)

    def hasten(self, key: Key, seconds: float) -> None:
        """The key needs work within a while, unless it is going to get some by then."""
        timer = self._timers.get(key)
        if timer is None:
            self.ensure(key, seconds)
        elif timer.when() > self._loop.time() + seconds:
            self.add_after(key, seconds)

    def retry(self, key: Key, why: str = "", *, base: float = _BASE, least: float = 0.0) -> float:
        """The key needs work after its backoff, which doubles with each failure; returns the seconds."""
        failures = self._failures.get(key, (0, ""))[0] + 1
        self._failures[key] = (failures, why)
        telemetry.QUEUE_RETRIES.labels(key.kind).inc()
        seconds = min(_CAP, base * 2.0 ** min(failures - 1, 16)) * (1 + _SPREAD * random.random())  # noqa: S311
        seconds = max(seconds, least)
        self.add_after(key, seconds)
        return seconds

    def why(self, key: Key) -> str:
        """Why the key failed the last time, if that was not followed by a success."""
        return self._failures.get(key, (0, ""))[1]

    def forget(self, key: Key) -> None:
        """The key did well: its next failure starts from the shortest backoff."""
        self._failures.pop(key, None)

    def drop(self, key: Key) -> None:
        """The key's object is gone."""
        self.forget(key)
        if timer := self._timers.pop(key, None):
            timer.cancel()

    def clear(self) -> None:
        """Nothing needs work, now or later; called while no worker has a key."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._since.clear()
        self._failures.clear()
        self._lanes.clear()

    async def get(self) -> Key:
        """The next key whose lanes have room; the caller has it, and the room, until ``done``."""
        while (key := self._lanes.take()) is None:
            self._wake.clear()
            await self._wake.wait()
        now = self._loop.time()
        telemetry.QUEUE_WAIT.labels(key.kind).observe(now - self._since.pop(key))
        self._busy[key] = now
        return key

    def done(self, key: Key) -> None:
        """The caller has finished with the key."""
        self._moved = self._loop.time()
        telemetry.WORK_TIME.labels(key.kind).observe(self._moved - self._busy.pop(key))
        self._lanes.leave(key)
        if key in self._since:
            self._lanes.put(key)
        self._wake.set()

    def depth(self) -> int:
        """Keys that wait for a worker."""
        return len(self._since)

    def stalled(self) -> float:
        """For how many seconds no worker has finished with a key although there was work; 0 where there is none."""
        return self._loop.time() - self._moved if self._since or self._busy else 0.0

    def _due(self, key: Key) -> None:
        self._timers.pop(key, None)
        self.add(key)
