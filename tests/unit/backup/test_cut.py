"""Backups and restores that are cut off: at each thing they write, and in the middle of it."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mlflow_operator.backup import catalogue, checking, restoring
from mlflow_operator.backup.places import Place, place
from unit.backup.sample import Sample


class Killed(BaseException):
    """The process is no more."""


class Mortal(Place):
    """A place whose user is killed at its n-th write: before it, in the middle, or when it was just done."""

    def __init__(self, uri: str, fatal: int, when: str) -> None:
        super().__init__(uri, place(uri)._store)
        self._left = fatal
        self._when = when

    def write(self, name: str, chunks: Iterable[bytes], media_type: str | None = None) -> int:
        """Write, or be killed."""
        self._left -= 1
        if self._left:
            return super().write(name, chunks, media_type)
        if self._when == "before":
            raise Killed
        size = super().write(name, self._cut(chunks) if self._when == "amid" else chunks, media_type)
        raise Killed(size)

    def _cut(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            yield chunk[: len(chunk) // 2]
            raise Killed
        raise Killed

    @property
    def survived(self) -> bool:
        """Whether there was no such write."""
        return self._left > 0


@pytest.mark.parametrize("when", ["before", "amid", "after"])
def test_a_backup_that_was_cut_off_is_never_taken_for_one(server: Sample, to: Place, when: str) -> None:
    """At whichever write it is killed, it is none, or it is whole; and the next is made as if nothing was."""
    fatal, whole = 0, 0
    while True:
        fatal += 1
        server.put("2/data.bin", bytes([fatal]) * 10)
        where = Mortal(to.uri, fatal, when)
        with suppress(Killed):
            server.back_up(where)
        found = catalogue.find(to).whole
        for one in found[whole:]:
            assert checking.broken(to, one) == []
        whole = len(found)
        if where.survived:
            break
        server.put("2/data.bin", bytes([fatal + 100]) * 10)
        assert checking.broken(to, server.back_up(to)) == []
        whole += 1
    assert fatal > 4, "there are as many writes as that"


@pytest.mark.parametrize("when", ["before", "amid", "after"])
def test_a_restore_that_was_cut_off_goes_on(server: Sample, to: Place, tmp_path: Path, when: str) -> None:
    """At whichever write it is killed, no database is there before all artifacts are, and the next try ends it."""
    made = server.back_up(to)
    fatal = 0
    while True:
        fatal += 1
        folder = tmp_path / str(fatal)
        folder.mkdir()
        new = Sample(folder)
        source = new.source()
        artifacts = Mortal(str(new.artifacts), fatal, when)
        try:
            restoring.restore(made, to, source.databases, artifacts)
        except Killed:
            assert not new.database.exists()
        restoring.restore(made, to, source.databases, source.artifacts)
        assert new.contents() == server.contents()
        if artifacts.survived:
            break
    assert fatal > 4, "there are as many writes as that"
