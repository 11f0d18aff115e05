"""Locks on files, between processes and between threads; the kernel frees those of a process that was killed."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from mlflow_operator.model_registry.errors import Invalid

_POLL_SECONDS = 0.05


class FileLock:
    """A lock that is held: shared with others who share it, or exclusive."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor: int | None = descriptor

    def release(self, *, forget: bool = False) -> None:
        """Let it go; ``forget`` takes the file away too, for whoever has it exclusively."""
        if self._descriptor is None:
            return
        if forget:
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = None


def attempt(path: Path, *, shared: bool = False) -> FileLock | None:
    """The lock, if it is free now.

    Raises:
        Invalid: This system has no such locks.
    """
    try:
        import fcntl  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        raise Invalid("a cache on disk needs a Unix; make the ModelRegistry without one on this system") from None
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), path.stat()):  # else its last owner took the file away
            return FileLock(path, descriptor)
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def acquire(path: Path, check: Callable[[], None], *, shared: bool = False) -> FileLock:
    """The lock, as soon as it is free; ``check`` is called from time to time, and raises to stop the waiting."""
    while True:
        lock = attempt(path, shared=shared)
        if lock is not None:
            return lock
        check()
        time.sleep(_POLL_SECONDS)
