"""What logins and trust were made of, Secrets and ConfigMaps, for as long as they are known to be as they were read."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlflow_operator.clients.kinds import REFERENCED

_KEPT = 600.0
"""Seconds after which an object is read again, should a watch have missed its change."""

Object = Mapping[str, Any]
Get = Callable[[str, str, str], Awaitable[Object | None]]


@dataclass
class Logins:
    """By kind, namespace and name; forgotten when it changes, and when a server refuses what is in it."""

    clock: Callable[[], float] = time.monotonic
    _known: dict[tuple[str, str, str], tuple[float, Object]] = field(default_factory=dict, repr=False)
    _forgotten: int = 0

    async def read(self, kind: str, namespace: str, name: str, get: Get) -> Object | None:
        """The object as it was read, or as it is; one that does not exist is asked for each time."""
        since, known = self._known.get((kind, namespace, name), (0.0, None))
        if known is not None and self.clock() - since < _KEPT:
            return known
        before, now = self._forgotten, self.clock()
        found = await get(kind, namespace, name)
        if found is not None and before == self._forgotten:  # else the change may be newer than what was read
            self._known[kind, namespace, name] = (now, found)
        return found

    def forget(self, namespace: str, name: str) -> None:
        """Read what has the name again before it is used."""
        self._forgotten += 1
        for kind in REFERENCED:
            self._known.pop((kind, namespace, name), None)
