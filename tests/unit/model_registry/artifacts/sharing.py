"""Entries whose content tells whether all of it is there, and a process that uses them as fast as it can.

``python -m unit.model_registry.artifacts.sharing FOLDER SEED SECONDS`` ends with 1 when an entry is not whole.
"""

import random
import sys
import time
from pathlib import Path

from mlflow_operator.model_registry.artifacts.disk import Disk
from mlflow_operator.model_registry.artifacts.folders import Fill, Reserve

ROOM = 40 * 1024
"""Bytes of the cache that processes share: five of their six entries."""
_KILOBYTES = 4


def go_on() -> None:
    """A check that stops nothing."""


def filling(text: str, kilobytes: int = 1) -> Fill:
    """Writes two files, slowly, whose content tells whether all of it is there."""

    def fill(folder: Path, reserve: Reserve) -> None:
        reserve(2 * kilobytes * 1024)
        (folder / "data").mkdir()
        for name in ("MLmodel", "data/weights"):
            with (folder / name).open("wb") as file:
                for _ in range(kilobytes):
                    file.write((text * 1024)[:1024].encode())
                    time.sleep(0.0005)

    return fill


def is_whole(folder: Path, text: str, kilobytes: int = 1) -> bool:
    """Whether both files have all that was written."""
    wanted = (text * 1024)[:1024].encode() * kilobytes
    return all((folder / name).read_bytes() == wanted for name in ("MLmodel", "data/weights"))


def use(cache: Path, seed: int, seconds: float) -> None:
    """Lease one entry after the other; each has to be whole, also after a while."""
    chance, disk, until = random.Random(seed), Disk(cache, ROOM), time.monotonic() + seconds
    while time.monotonic() < until:
        key = chance.choice("abcdef")
        lease = disk.lease(key, filling(key, _KILOBYTES), go_on)
        assert is_whole(lease.path, key, _KILOBYTES)
        time.sleep(chance.uniform(0, 0.01))
        assert is_whole(lease.path, key, _KILOBYTES), "it went while it was in use"
        lease.release()


if __name__ == "__main__":
    use(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
