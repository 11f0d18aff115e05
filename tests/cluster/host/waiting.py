"""Waiting for something that gets ready by itself."""

import time
from collections.abc import Callable

from cluster.host.errors import ClusterError


def until(ready: Callable[[], bool], *, what: str, seconds: float, pause: float = 0.05) -> None:
    """Return once `ready()` is true.

    Raises:
        ClusterError: it was not within `seconds`; the message says `what` was waited for.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise ClusterError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(pause)
