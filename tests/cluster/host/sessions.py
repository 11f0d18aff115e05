"""A folder for each test session, so that several can run on one machine, and the end of what died sessions left."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from cluster.host import folders, process

OWNER = "owner"


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Give a folder for the processes of this session; end them all afterwards and delete it."""
    sweep()
    path = folders.state() / f"session-{os.getpid()}"
    unowned = path.with_name(f"new-{os.getpid()}")  # a name that the sweep of another session passes over
    unowned.mkdir()
    (unowned / OWNER).write_text(f"{os.getpid()} {process.start_time(os.getpid())}")
    unowned.rename(path)
    try:
        yield path
    finally:
        _clear(path)


def sweep() -> None:
    """End what sessions left that were killed before they could clean up."""
    for path in folders.state().glob("session-*"):
        if not _is_owned(path):
            _clear(path)


def _is_owned(path: Path) -> bool:
    with contextlib.suppress(OSError, ValueError):
        pid, started = (path / OWNER).read_text().split()
        return str(process.start_time(int(pid))) == started
    return False


def _clear(path: Path) -> None:
    for record in path.rglob("*.process"):
        process.Process(record.stem, record.parent).kill()
    for pointer in path.rglob("postgres.data"):
        shutil.rmtree(pointer.read_text(), ignore_errors=True)
    shutil.rmtree(path, ignore_errors=True)
