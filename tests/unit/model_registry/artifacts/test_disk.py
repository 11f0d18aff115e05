"""Artifacts on disk: bounded, shared by processes, and nothing half-written is ever believed."""

import itertools
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mlflow_operator.model_registry.artifacts import locks
from mlflow_operator.model_registry.artifacts.disk import Disk
from mlflow_operator.model_registry.artifacts.folders import MIB, Reserve
from mlflow_operator.model_registry.errors import StorageFull, Unavailable
from unit.model_registry.artifacts.sharing import ROOM, filling, go_on, is_whole


def never(folder: Path, reserve: Reserve) -> None:
    """What must not be downloaded again."""
    raise AssertionError(f"{folder} was filled again")


def kept(cache: Path) -> list[str]:
    """Keys that have an entry."""
    return sorted(entry.name for entry in (cache / "entries").iterdir())


def test_what_is_there_is_not_downloaded_again(tmp_path: Path) -> None:
    """By another object too, as another process makes one."""
    Disk(tmp_path, MIB).lease("a", filling("a"), go_on).release()
    lease = Disk(tmp_path, MIB).lease("a", never, go_on)
    assert is_whole(lease.path, "a")
    assert lease.size == 2048


def test_the_least_recently_used_goes_when_there_is_no_room(tmp_path: Path) -> None:
    """Using counts, not making."""
    disk = Disk(tmp_path, 3 * 2048)
    for key in "abc":
        disk.lease(key, filling(key), go_on).release()
        time.sleep(0.01)
    disk.lease("a", never, go_on).release()
    time.sleep(0.01)
    disk.lease("d", filling("d"), go_on).release()
    assert kept(tmp_path) == ["a", "c", "d"]


def test_what_is_in_use_does_not_go(tmp_path: Path) -> None:
    """Rather there is more than the limit for a while; it goes when it is free and room is needed."""
    disk = Disk(tmp_path, 2048)
    lease = disk.lease("a", filling("a"), go_on)
    disk.lease("b", filling("b"), go_on).release()
    assert is_whole(lease.path, "a")
    lease.release()
    disk.lease("c", filling("c"), go_on).release()
    assert kept(tmp_path) == ["c"]


def test_what_is_larger_than_the_limit_is_used_once_and_not_kept(tmp_path: Path) -> None:
    """It is there as long as somebody has it, also while others come and go."""
    disk = Disk(tmp_path, 3000)
    giant = disk.lease("giant", filling("g", 4), go_on)
    disk.lease("a", filling("a"), go_on).release()
    assert is_whole(giant.path, "g", 4)
    giant.release()
    assert kept(tmp_path) == ["a"]
    assert list((tmp_path / "incoming").iterdir()) == []


@pytest.mark.parametrize("harm", ["shorter", "missing", "more", "list"])
def test_an_entry_that_somebody_has_changed_is_made_again(tmp_path: Path, harm: str) -> None:
    """Sizes and names of all files are those that were written, or the entry is not believed."""
    disk = Disk(tmp_path, MIB)
    disk.lease("a", filling("a"), go_on).release()
    entry = tmp_path / "entries" / "a"
    weights = entry / "files" / "data" / "weights"
    if harm == "shorter":
        os.truncate(weights, 100)
    elif harm == "missing":
        weights.unlink()
    elif harm == "more":
        (entry / "files" / "left").write_text("")
    else:
        (entry / "entry.json").write_text("{")
    lease = disk.lease("a", filling("A"), go_on)
    assert is_whole(lease.path, "A")


def test_a_download_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """Neither an entry nor files, and the next one begins anew."""

    def breaks(folder: Path, reserve: Reserve) -> None:
        (folder / "MLmodel").write_text("half")
        raise Unavailable("the connection was cut")

    disk = Disk(tmp_path, MIB)
    with pytest.raises(Unavailable, match="cut"):
        disk.lease("a", breaks, go_on)
    assert (kept(tmp_path), list((tmp_path / "incoming").iterdir())) == ([], [])
    assert is_whole(disk.lease("a", filling("a"), go_on).path, "a")


def test_what_a_killed_process_has_left_is_removed(tmp_path: Path) -> None:
    """By the next one that makes room, whatever it wants; what a living one downloads stays."""
    disk = Disk(tmp_path, MIB)
    disk.lease("a", filling("a"), go_on).release()
    (tmp_path / "incoming" / "dead.1" / "files").mkdir(parents=True)
    (tmp_path / "incoming" / "alive.1" / "files").mkdir(parents=True)
    living = locks.acquire(tmp_path / "locks" / "alive", go_on)
    disk.lease("b", filling("b"), go_on).release()
    assert [left.name for left in (tmp_path / "incoming").iterdir()] == ["alive.1"]
    living.release()


@contextmanager
def files_of_at_most(limit: int) -> Iterator[None]:
    """Have the kernel refuse to let any file of this process grow beyond a size, as a quota does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_takes_no_more_is_an_error_of_ours_and_leaves_nothing(tmp_path: Path) -> None:
    """Whoever loads is told where there was no room."""
    disk = Disk(tmp_path, MIB)
    with files_of_at_most(20 * 1024), pytest.raises(StorageFull, match=str(tmp_path)):
        disk.lease("a", filling("a", 64), go_on)
    assert (kept(tmp_path), list((tmp_path / "incoming").iterdir())) == ([], [])


def test_what_the_disk_cannot_hold_is_refused_before_it_is_downloaded(tmp_path: Path) -> None:
    """No file of it is written."""

    def fill(folder: Path, reserve: Reserve) -> None:
        reserve(2**60)
        raise AssertionError("it was told that there is room")

    with pytest.raises(StorageFull, match="MiB free"):
        Disk(tmp_path, 2**61).lease("a", fill, go_on)


def test_processes_that_share_a_cache_and_are_killed_never_see_half_an_entry(tmp_path: Path) -> None:
    """Four processes, room for five of six entries; again and again one is killed, and another takes its place."""
    seconds, began, seeds = 8.0, time.monotonic(), itertools.count()

    def start() -> subprocess.Popen[bytes]:
        left = str(seconds - (time.monotonic() - began))
        program = [sys.executable, "-m", "unit.model_registry.artifacts.sharing", str(tmp_path), str(next(seeds)), left]
        return subprocess.Popen(program, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})

    running, ended = [start() for _ in range(4)], list[subprocess.Popen[bytes]]()
    while time.monotonic() < began + seconds - 1:
        time.sleep(0.4)
        oldest = running.pop(0)  # the younger ones may not be done with their imports
        oldest.kill()
        ended.append(oldest)
        running.append(start())
    assert {process.wait(60) for process in running} == {0}
    assert {process.wait(60) for process in ended} == {-signal.SIGKILL}
    assert (tmp_path / "entries").exists(), "none of them got as far as an entry"
    Disk(tmp_path, ROOM).lease("new", filling("n", 4), go_on).release()
    assert list((tmp_path / "incoming").iterdir()) == [], "what the killed ones left"
    taken = sum(file.stat().st_size for file in (tmp_path / "entries").rglob("files/**/*") if file.is_file())
    assert taken <= ROOM
