"""Artifacts on disk: bounded, shared by any number of processes, and nothing that is half there is ever believed.

    entries/<key>/files        the artifacts of one version
    entries/<key>/entry.json   written before the folder gets its name: every file with its size
    incoming/<key>.<chance>    what is being downloaded, or on its way out
    locks/<key>                shared by who reads the entry, exclusive for who makes or removes it
    locks/room                 for who looks for room

A folder gets its name in ``entries`` by a rename, when all of it is on the disk. What a killed process leaves in
``incoming`` is removed by the next one that gets the lock of the key. The disk has to be a local one: locks of
a network file system are not to be trusted.
"""

import contextlib
import json
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from mlflow_operator.model_registry.artifacts import folders, locks
from mlflow_operator.model_registry.artifacts.folders import Fill, Lease
from mlflow_operator.model_registry.artifacts.locks import FileLock

_ROOM = "room"
_FILES, _ENTRY = "files", "entry.json"


class Disk:
    """A folder of artifacts with a limit."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._limit = limit
        self._entries, self._incoming, self._locks = (folder / name for name in ("entries", "incoming", "locks"))

    def lease(self, key: str, fill: Fill, check: Callable[[], None]) -> Lease:
        """The artifacts of the key, which stay where they are until the lease is released.

        ``check`` is called while another process is waited for, and raises to stop that.

        Raises:
            StorageFull: The disk has no room for them.
            Exception: What ``fill`` or ``check`` raise.
        """
        with folders.storage(self._entries):
            for folder in (self._entries, self._incoming, self._locks):
                folder.mkdir(parents=True, exist_ok=True)
            while True:
                check()
                reading = locks.acquire(self._locks / key, check, shared=True)
                if (found := self._found(key, reading)) is not None:
                    return found
                reading.release()
                making = locks.acquire(self._locks / key, check)
                try:
                    too_large = None if self._valid(key) else self._make(key, fill)
                finally:
                    making.release()
                if too_large is not None:
                    return too_large

    def _found(self, key: str, reading: FileLock) -> Lease | None:
        if (size := self._valid(key)) is None:
            return None
        with contextlib.suppress(PermissionError):  # the entry of another user
            os.utime(self._entries / key)  # by this time it is known who was not used for longest
        return Lease(self._entries / key / _FILES, size, reading.release)

    def _valid(self, key: str) -> int | None:
        """Bytes of the entry; None where there is none, or where a file of it has another size than it had."""
        try:
            sizes: dict[str, int] = json.loads((self._entries / key / _ENTRY).read_text())
            found = folders.sizes(self._entries / key / _FILES)
        except (OSError, ValueError):
            return None
        return sum(sizes.values()) if sizes == found else None

    def _make(self, key: str, fill: Fill) -> Lease | None:
        """Fill the entry, under its lock; what is larger than all the room is leased, and goes after it was used."""
        self._sweep(key)
        made = self._incoming / f"{key}.{uuid.uuid4().hex}"
        try:
            (made / _FILES).mkdir(parents=True)
            fill(made / _FILES, self._reserve)
            sizes = folders.sizes(made / _FILES)
            if sum(sizes.values()) > self._limit:
                return self._once(made, sum(sizes.values()))
            (made / _ENTRY).write_text(json.dumps(sizes))
            folders.flush(made)
            made.rename(self._entries / key)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        self._evict(0, besides=key)
        return None

    def _once(self, made: Path, size: int) -> Lease:
        """A lease on what is not kept, under a name and a lock of its own."""
        name = uuid.uuid4().hex
        lock = locks.acquire(self._locks / name, lambda: None)  # at once: nobody else knows the name
        mine = made.rename(self._incoming / f"{name}.once")

        def remove() -> None:
            shutil.rmtree(mine, ignore_errors=True)
            lock.release(forget=True)

        return Lease(mine / _FILES, size, remove)

    def _reserve(self, wanted: int) -> None:
        """Make room for so many bytes more."""
        self._evict(min(wanted, self._limit), besides=None)
        folders.require(self._incoming, wanted)

    def _evict(self, wanted: int, besides: str | None) -> None:
        """Remove what was not used for longest until so many bytes are free under the limit; nothing that is in use."""
        room = locks.acquire(self._locks / _ROOM, lambda: None)
        try:
            self._sweep_all()
            known = [entry for entry in map(_used, self._entries.iterdir()) if entry is not None]
            taken = sum(size for _, _, size in known)
            for _, key, size in sorted(known):
                if taken + wanted <= self._limit:
                    return
                if key != besides and self._remove(key):
                    taken -= size
        finally:
            room.release()

    def _remove(self, key: str) -> bool:
        """Whether it is gone now; it is not while somebody uses it."""
        lock = locks.attempt(self._locks / key)
        if lock is None:
            return False
        self._sweep(key)
        lock.release(forget=True)
        return True

    def _sweep(self, key: str) -> None:
        """Remove the entry and what is left of it, under its lock."""
        out = self._incoming / f"{key}.{uuid.uuid4().hex}"
        if (self._entries / key).exists():
            (self._entries / key).rename(out)  # at once, so that nobody finds half of it
        for left in self._incoming.glob(f"{key}.*"):
            shutil.rmtree(left, ignore_errors=True)

    def _sweep_all(self) -> None:
        """Remove what killed processes have left of downloads."""
        for key in {left.name.partition(".")[0] for left in self._incoming.iterdir()}:
            lock = locks.attempt(self._locks / key)
            if lock is not None:
                for left in self._incoming.glob(f"{key}.*"):
                    shutil.rmtree(left, ignore_errors=True)
                lock.release(forget=not (self._entries / key).exists())


def _used(entry: Path) -> tuple[float, str, int] | None:
    """When the entry was used last, its key and its bytes; an entry without a list of its files is worth nothing."""
    try:
        sizes = json.loads((entry / _ENTRY).read_text())
        return entry.stat().st_mtime, entry.name, sum(sizes.values())
    except FileNotFoundError:
        return None if not entry.exists() else (0.0, entry.name, 0)
    except ValueError:
        return 0.0, entry.name, 0
