"""What was trusted for a server until a moment ago: pods serve a renewed certificate later than it is known."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

_LONGEST = 300.0
"""Seconds until a kubelet has brought a changed Secret into every pod, and more."""


class _Trust(NamedTuple):
    now: str
    former: str
    since: float


@dataclass
class Renewals:
    """By where a server is; what a process that has just begun has not seen, it does not know."""

    clock: Callable[[], float] = time.monotonic
    _known: dict[tuple[str, str], _Trust] = field(default_factory=dict)

    def with_former(self, server: tuple[str, str], certificates: str) -> str:
        """These certificates, and for a while after a change those before them."""
        known = self._known.get(server)
        if known is None or known.now != certificates:
            known = _Trust(certificates, known.now if known else "", self.clock())
            self._known[server] = known
        return certificates + known.former if self.clock() - known.since < _LONGEST else certificates
