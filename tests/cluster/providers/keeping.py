"""When the e2e cluster may go: nobody asked to keep it, and the last session that used it has ended."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from cluster.host import folders
from cluster.providers.provider import Cluster


def keep() -> None:
    """Let it outlive the test sessions."""
    _wish().touch()


def forget() -> None:
    """Let the last session take it down."""
    _wish().unlink(missing_ok=True)


@contextlib.contextmanager
def in_use(cluster: Cluster) -> Iterator[None]:
    """Protect the cluster from the end of other sessions while the body runs; afterwards take it down, if it may go."""
    with (folders.state() / "users.lock").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield
        finally:
            if not _wish().exists():
                _end_if_last(cluster, users)


def _end_if_last(cluster: Cluster, users: TextIO) -> None:
    with contextlib.suppress(BlockingIOError):  # somebody else uses it, and will take it down
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        cluster.down()


def _wish() -> Path:
    return folders.state() / "keep-cluster"
