"""Who may be worked on now: every key passes through lanes, and each lane has room for so many keys at a time.

Keys with the same lanes wait in one group, so that it costs the same to move one key or a thousand.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

Lane = tuple[Hashable, int]
"""What a lane is known by, and how many keys it has room for."""

Route = tuple[Lane, ...]
"""The lanes of a key, the narrowest first."""


class Lanes(Generic[K]):
    """Keys in the order in which they came, as far as their lanes have room.

    A group that finds a lane full waits there, and not in the lanes where there would have been room: those let the
    next one try. So a lane with room has nobody waiting in it, and no key waits that could run. Lanes that change while
    a key waits are seen when it is its turn.
    """

    def __init__(self, route: Callable[[K], Sequence[Lane]]) -> None:
        self._route = route
        self._waiting: dict[Route, deque[K]] = {}
        """The groups: keys that wait, by their lanes. Each group is in ``_open`` or in one queue of ``_blocked``."""
        self._open: deque[Route] = deque()
        """Groups that may find room."""
        self._blocked: defaultdict[Hashable, deque[Route]] = defaultdict(deque)
        """Groups by the lane that they found full."""
        self._used: Counter[Hashable] = Counter()
        self._taken: dict[K, Route] = {}

    def put(self, key: K) -> None:
        """The key waits from now on."""
        self._join(key, tuple(self._route(key)))

    def take(self) -> K | None:
        """The next key that may run, which takes its room until ``leave``; None where none may."""
        while self._open:
            route = self._open.popleft()
            if full := self._full(route):
                self._blocked[full[0]].append(route)
                self._let_next_try(route)
            elif (key := self._leader(route)) is not None:
                self._used.update(lane for lane, _ in route)
                self._taken[key] = route
                self._let_next_try(route)
                return key
        return None

    def leave(self, key: K) -> None:
        """The key has been worked on: exactly the room that it took is free again."""
        route = self._taken.pop(key)
        for lane, _ in route:
            self._used[lane] -= 1
            if not self._used[lane]:
                del self._used[lane]
        self._let_next_try(route)

    def clear(self) -> None:
        """Nobody waits any more."""
        self._waiting.clear()
        self._open.clear()
        self._blocked.clear()

    def _join(self, key: K, route: Route) -> None:
        if route in self._waiting:
            self._waiting[route].append(key)
        else:
            self._waiting[route] = deque([key])
            self._open.append(route)

    def _leader(self, route: Route) -> K | None:
        """The first key of a group that still belongs to it: its lanes may be others by now, and it changes over."""
        group = self._waiting[route]
        found: K | None = None
        while group and found is None:
            key = group.popleft()
            if (now := tuple(self._route(key))) == route:
                found = key
            else:
                self._join(key, now)
        if group:
            self._open.append(route)
        else:
            del self._waiting[route]
            if found is None:
                self._let_next_try(route)
        return found

    def _full(self, route: Route) -> Lane | None:
        return next((lane for lane in route if self._used[lane[0]] >= lane[1]), None)

    def _let_next_try(self, route: Route) -> None:
        """One group that waits in each of these lanes may find room now; it goes before those that came later."""
        for lane, room in route:
            if self._used[lane] < room and (waiting := self._blocked.get(lane)):
                self._open.appendleft(waiting.popleft())
                if not waiting:
                    del self._blocked[lane]
