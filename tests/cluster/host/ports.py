"""TCP ports on loopback."""

import contextlib
import functools
import itertools
import os
import random
import socket
from collections.abc import Iterator

FIRST, EACH, WORKERS = 12_000, 1_000, 16
"""Below the ports that the kernel lends to clients: one of those could get the port of a server that restarts."""


def free(count: int) -> list[int]:
    """Return `count` different ports that nothing listens on now, and that this process has not given away lately."""
    return list(itertools.islice(filter(_is_free, _own()), count))


def answers(host: str, port: int) -> bool:
    """Tell whether something accepts a connection."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


@functools.cache
def _own() -> Iterator[int]:
    """The ports of this worker of pytest, round and round; another session on the machine begins elsewhere."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    start = random.randrange(EACH)
    return (FIRST + worker * EACH + (start + n) % EACH for n in itertools.count())


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
