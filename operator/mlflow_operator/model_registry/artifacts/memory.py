"""Models in memory: the least recently used go when there is no room."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, NamedTuple


class Kept(NamedTuple):
    """A model, and how many bytes it counts for."""

    model: Any
    size: int


class Memory:
    """Keeps models by key, within so many bytes in sum.

    A model counts for what its files take on disk: nobody can tell what a Python object takes in memory, and weights,
    which are nearly all of a large one, take the same in both.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._sum = 0
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes that are taken, by the count above."""
        return self._sum

    def get(self, key: Hashable) -> Kept | None:
        """What is kept under the key, which is now the most recently used."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Hashable, model: Any, size: int) -> None:
        """Keep it, and let those go that were not used for longest; what is larger than all the room is not kept."""
        with self._lock:
            self._drop(key)
            if size > self._room:
                return
            while self._sum + size > self._room:
                self._drop(next(iter(self._kept)))
            self._kept[key] = Kept(model, size)
            self._sum += size

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._kept.clear()
            self._sum = 0

    def _drop(self, key: Hashable) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._sum -= gone.size
