"""Secrets that logins were made of, for as long as they are known to be as they were read."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_KEPT = 600.0
"""Seconds after which a Secret is read again, should a watch have missed its change."""

Secret = Mapping[str, Any]


@dataclass
class Logins:
    """By namespace and name; forgotten when the Secret changes, and when a server refuses what is in it."""

    clock: Callable[[], float] = time.monotonic
    _known: dict[tuple[str, str], tuple[float, Secret]] = field(default_factory=dict, repr=False)
    _forgotten: int = 0

    async def read(self, namespace: str, name: str, get: Callable[[], Awaitable[Secret | None]]) -> Secret | None:
        """The Secret as it was read, or as it is; one that does not exist is asked for each time."""
        since, secret = self._known.get((namespace, name), (0.0, None))
        if secret is not None and self.clock() - since < _KEPT:
            return secret
        before, now = self._forgotten, self.clock()
        found = await get()
        if found is not None and before == self._forgotten:  # else the change may be newer than what was read
            self._known[namespace, name] = (now, found)
        return found

    def forget(self, namespace: str, name: str) -> None:
        """Read the Secret again before it is used."""
        self._forgotten += 1
        self._known.pop((namespace, name), None)
