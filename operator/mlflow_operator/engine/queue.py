"""The work queue, with the semantics of client-go's: nothing is lost, and nothing is worked on twice at a time.

A key that is added while a worker has it is worked on once more afterwards; a hundred additions in between are one.
(https://pkg.go.dev/k8s.io/client-go/util/workqueue)
"""

import asyncio
import random
from collections import deque
from typing import NamedTuple

from mlflow_operator.engine import telemetry

_BASE, _CAP = 0.5, 60.0
_SPREAD = 0.2


class Key(NamedTuple):
    """What a pass is about: an object, or a registered model on the server of that name."""

    kind: str
    namespace: str
    name: str
    model: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.namespace, self.name, self.model) if part)


class WorkQueue:
    """Keys to work on, now or later; one event loop only."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready: deque[Key] = deque()
        self._since: dict[Key, float] = {}
        """Keys that need work, and since when."""
        self._busy: dict[Key, float] = {}
        """Keys that a worker has, and since when."""
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._failures: dict[Key, tuple[int, str]] = {}
        """How often a key has failed in a row, and why the last time."""
        self._wake = asyncio.Event()

    def add(self, key: Key) -> None:
        """The key needs work now."""
        if key in self._since:
            return
        telemetry.QUEUE_ADDS.labels(key.kind).inc()
        self._since[key] = self._loop.time()
        if key not in self._busy:
            self._ready.append(key)
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

    def retry(self, key: Key, why: str = "", *, base: float = _BASE) -> float:
        """The key needs work after its backoff, which doubles with each failure; returns the seconds."""
        failures = self._failures.get(key, (0, ""))[0] + 1
        self._failures[key] = (failures, why)
        telemetry.QUEUE_RETRIES.labels(key.kind).inc()
        seconds = min(_CAP, base * 2.0 ** min(failures - 1, 16)) * (1 + _SPREAD * random.random())  # noqa: S311
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

    async def get(self) -> Key:
        """The next key; the caller has it until ``done``."""
        while not self._ready:
            self._wake.clear()
            await self._wake.wait()
        key = self._ready.popleft()
        now = self._loop.time()
        telemetry.QUEUE_WAIT.labels(key.kind).observe(now - self._since.pop(key))
        self._busy[key] = now
        return key

    def done(self, key: Key) -> None:
        """The caller has finished with the key."""
        telemetry.WORK_TIME.labels(key.kind).observe(self._loop.time() - self._busy.pop(key))
        if key in self._since:
            self._ready.append(key)
            self._wake.set()

    def depth(self) -> int:
        """Keys that wait for a worker."""
        return len(self._since)

    def oldest(self) -> tuple[Key, float] | None:
        """The key that has waited or been worked on the longest, and for how many seconds."""
        now = self._loop.time()
        ages = {key: now - since for key, since in (*self._since.items(), *self._busy.items())}
        return max(ages.items(), key=lambda item: item[1]) if ages else None

    def _due(self, key: Key) -> None:
        self._timers.pop(key, None)
        self.add(key)
