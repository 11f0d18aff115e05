"""Where answers are remembered: in the process, by default."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mlflow_operator.model_registry.metadata.order import Span
from mlflow_operator.model_registry.rest import Answer

_MOST = 4096
"""Answers that a process remembers."""


@dataclass(frozen=True)
class Remembered:
    """An answer, and when it was given."""

    span: Span
    answer: Answer


class Store(Protocol):
    """A memory with a clock of its own; it may forget at any time, and answers None where it does not work."""

    async def now(self) -> int | None:
        """A moment later than all before; None: nobody knows, since the memory does not answer."""

    async def read(self, key: str, group: str) -> Remembered | None:
        """What is remembered under a key, unless its group has changed since."""

    async def write(self, key: str, remembered: Remembered, seconds: float) -> None:
        """Remember an answer for so many seconds."""

    async def forget(self, group: str) -> int | None:
        """Nothing of a group is remembered that was asked for until now; the moment, as ``now``."""

    async def close(self) -> None:
        """Nothing more is asked by the running event loop."""


class InProcess:
    """The memory of this process alone; its clock counts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = _MOST) -> None:
        self._clock = clock
        self._most = most
        self._ticks = 0
        self._kept: OrderedDict[str, tuple[float, Remembered]] = OrderedDict()

    async def now(self) -> int:
        """The next tick."""
        self._ticks += 1
        return self._ticks

    async def read(self, key: str, group: str) -> Remembered | None:
        """What is remembered and has not run out."""
        until, found = self._kept.get(key, (0.0, None))
        return found if until > self._clock() else None

    async def write(self, key: str, remembered: Remembered, seconds: float) -> None:
        """Remember; what was written first goes first where there is no room."""
        self._kept.pop(key, None)
        self._kept[key] = (self._clock() + seconds, remembered)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    async def forget(self, group: str) -> int:
        """The moment; what is older runs out by itself."""
        return await self.now()

    async def close(self) -> None:
        """Nothing is open."""
