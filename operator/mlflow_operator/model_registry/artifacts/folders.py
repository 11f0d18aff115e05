"""Folders with artifacts: sizes, what is safe in them, and a lease on one."""

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from mlflow_operator.model_registry.errors import Invalid, StorageFull

MIB = 2**20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


Reserve = Callable[[int], None]
"""Called with the bytes that will be written next; raises StorageFull when there is no room for them."""


class Fill(Protocol):
    """Writes artifacts into an empty folder."""

    def __call__(self, folder: Path, reserve: Reserve) -> None:
        """Raise whatever goes wrong; what was written by then is removed."""


@dataclass(frozen=True)
class Lease:
    """A folder that stays as it is until it is released."""

    path: Path
    size: int
    """Bytes of all its files."""
    release: Callable[[], None]


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of each file below the folder, by its path in it."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}


def inside(folder: Path, name: str) -> Path:
    """The path of that name in the folder.

    Raises:
        Invalid: The name leads out of the folder, by itself or over a link.
    """
    parts = PurePosixPath(name)
    if not name or parts.is_absolute() or ".." in parts.parts or "\\" in name or "\0" in name:
        raise Invalid(f"the artifacts have a file {name!r}, whose name leads out of their folder; it is not written")
    path = folder / parts
    if not path.resolve().is_relative_to(folder.resolve()):
        raise Invalid(f"the artifacts have a file {name!r}, which leads out of their folder over a link")
    return path


def flush(folder: Path) -> None:
    """Return when all that is in it is on the disk, also should the machine stop."""
    for path in (*folder.rglob("*"), folder, folder.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def storage(folder: Path) -> Iterator[None]:
    """Turn a disk without room into an error with a sentence.

    Raises:
        StorageFull: The body met a full disk, a quota or a limit on the size of files.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        message = f"no room on the disk of {folder}: {os.strerror(error.errno)}"
        raise StorageFull(f"{message}; make room, or choose another folder (TMPDIR, or that of the cache)") from error


def temporary() -> Lease:
    """A new empty folder, which goes with its lease."""
    with storage(Path(tempfile.gettempdir())):
        path = Path(tempfile.mkdtemp(prefix="model-registry-"))
    return Lease(path, 0, lambda: shutil.rmtree(path, ignore_errors=True))


def filled(fill: Fill) -> Lease:
    """A new folder with what is filled in, which goes with its lease.

    Raises:
        StorageFull: There is no room for it.
        Exception: What ``fill`` raises.
    """
    empty = temporary()
    try:
        with storage(empty.path):
            fill(empty.path, lambda wanted: require(empty.path, wanted))
            return Lease(empty.path, sum(sizes(empty.path).values()), empty.release)
    except BaseException:
        empty.release()
        raise


def require(folder: Path, wanted: int) -> None:
    """See that so many bytes are free on the disk of a folder.

    Raises:
        StorageFull: They are not.
    """
    free = shutil.disk_usage(folder).free
    if wanted > free:
        message = f"the disk of {folder} has {free // MIB} MiB free, and {wanted // MIB + 1} MiB are needed"
        raise StorageFull(f"{message}; make room, or choose another folder (TMPDIR, or that of the cache)")
