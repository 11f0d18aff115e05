"""What came of something that was tried elsewhere, and when it is worth trying again.

Every ``now`` is in seconds of a clock that never goes back.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_BASE, _CAP = 5.0, 600.0
"""Seconds after the first failure, which double with each one that follows, up to a cap."""
_FORGOTTEN = 86400.0

T = TypeVar("T")


@dataclass(frozen=True)
class _Tried(Generic[T]):
    outcome: T
    at: float
    due: float
    failures: int


@dataclass
class Tries(Generic[T]):
    """By what each thing is known by."""

    _known: dict[str, _Tried[T]] = field(default_factory=dict)

    def of(self, ids: Iterable[str], now: float, *, within: float = math.inf) -> dict[str, T]:
        """What came of these, within so many seconds."""
        known = {id_: self._known[id_] for id_ in ids if id_ in self._known}
        return {id_: tried.outcome for id_, tried in known.items() if now - tried.at <= within}

    def due(self, ids: Iterable[str], now: float) -> list[str]:
        """What is worth trying now."""
        return [id_ for id_ in ids if id_ not in self._known or now >= self._known[id_].due]

    def rest(self, ids: Iterable[str], now: float) -> float:
        """Seconds until any of these is; infinite where none is going to be."""
        due = (self._known[id_].due if id_ in self._known else now for id_ in ids)
        return max(min(due, default=math.inf) - now, 0.0)

    def succeeded(self, id_: str, outcome: T, now: float, *, again: float = math.inf) -> bool:
        """It is tried again in so many seconds; whether the outcome is anything new."""
        return self._learn(id_, _Tried(outcome, now, now + again, 0))

    def failed(self, id_: str, outcome: T, now: float, *, least: float = 0.0) -> bool:
        """It is tried again after its backoff, and no sooner than in so many seconds; whether that is anything new."""
        before = self._known.get(id_)
        failures = before.failures if before else 0
        rest = max(min(_CAP, _BASE * 2.0 ** min(failures, 16)), least)
        return self._learn(id_, _Tried(outcome, now, now + rest, failures + 1))

    def _learn(self, id_: str, tried: _Tried[T]) -> bool:
        before = self._known.get(id_)
        self._known = {i: known for i, known in self._known.items() if tried.at - known.at < _FORGOTTEN}
        self._known[id_] = tried
        return before is None or before.outcome != tried.outcome
