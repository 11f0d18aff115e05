"""Which remembered answer may still be given, by somebody who has seen others.

An answer is known by two moments of one clock: before it was asked for, and after it came. It says how the registry was
at some moment in between. So of two answers one is the younger for certain only if it was asked for after the other had
come; where they overlap, nobody knows.
"""

from collections import OrderedDict
from dataclasses import dataclass

_MOST = 10_000
"""Answers of which it is known when they were seen last."""


@dataclass(frozen=True)
class Span:
    """When an answer was asked for and when it came, in ticks of one clock."""

    asked: int
    came: int


@dataclass(frozen=True)
class _Seen:
    came: int
    """When the last of the answers that were seen had come."""
    only: Span | None
    """The answer that is younger than all others that were seen, if one is."""


class Order:
    """What one process has seen. Pure: the moments are those of whoever keeps the answers."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._since: dict[str, int] = {}
        """Before when nothing counts, by group."""
        self._forgotten = 0
        """Before when nothing counts at all: what is not known any more may have been seen until then."""

    def may_give(self, key: str, group: str, span: Span) -> bool:
        """Whether an answer is none older than one that was seen, nor from before a change."""
        if span.asked <= max(self._since.get(group, 0), self._forgotten):
            return False
        seen = self._seen.get(key)
        return seen is None or span == seen.only or span.asked > seen.came

    def saw(self, key: str, span: Span) -> None:
        """An answer was given to somebody."""
        seen = self._seen.pop(key, None)
        if seen is None or span.asked > seen.came:
            self._seen[key] = _Seen(span.came, span)
        elif span == seen.only:
            self._seen[key] = seen
        else:
            self._seen[key] = _Seen(max(span.came, seen.came), None)
        if len(self._seen) > self._most:
            self._forgotten = max(self._forgotten, self._seen.popitem(last=False)[1].came)

    def nothing_before(self, group: str, now: int) -> None:
        """Whatever was asked for until now in a group counts no more."""
        if len(self._since) >= self._most:
            self._forgotten = max(self._forgotten, *self._since.values())
            self._since.clear()
        self._since[group] = max(now, self._since.get(group, 0))
