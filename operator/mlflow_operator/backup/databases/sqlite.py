"""SQLite, by its online backup: a copy of one moment, whoever reads and writes meanwhile."""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mlflow_operator.backup.databases import RESTORED, Copying
from mlflow_operator.backup.errors import BackupError, Damaged, Refused, Unreachable
from mlflow_operator.backup.manifest import DatabaseCopy
from mlflow_operator.backup.streams import CHUNK

_WAIT_SECONDS = 60
_PAGES = 1000
"""Pages that are copied at once; in between others may write."""


class SqliteDatabase:
    """One file."""

    kind = "sqlite"
    suffix = ".sqlite"

    def __init__(self, name: str, file: Path) -> None:
        self.name = name
        self.file = file
        self._restored = file.with_name(f"{file.name}.restored")
        self._under_way = file.with_name(f"{file.name}.restoring")

    @contextmanager
    def copying(self) -> Iterator[Copying]:
        """A copy in a temporary file."""
        if not self.file.exists():
            raise Refused("DatabaseMissing", f"there is no {self.file}; has the server started once?")
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy.sqlite"
            try:
                with _opened(self.file) as source, _opened(copy) as target:
                    source.backup(target, pages=_PAGES, sleep=0.01)
                    rows, revisions = _checked(target, self.file)
            except sqlite3.Error as error:
                raise Unreachable("DatabaseUnreachable", f"{self.file} could not be copied: {error}") from error
            yield Copying(_chunks(copy), rows, revisions, f"SQLite {sqlite3.sqlite_version}")

    def restored_from(self) -> str | None:
        """As a file beside it says."""
        if not self.file.exists() or not self.file.stat().st_size:
            return None
        said = self._restored.read_text() if self._restored.exists() else ""
        if not said.startswith(RESTORED):
            raise Refused("NotEmpty", f"{self.file} exists; a backup is restored into a server that has no data yet")
        return said.removeprefix(RESTORED)

    def restore(self, chunks: Iterable[bytes], copy: DatabaseCopy, backup: str) -> None:
        """Into a file beside it, which takes its place once it is known to be right."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._under_way.open("wb") as target:
                for chunk in chunks:
                    target.write(chunk)
            with _opened(self._under_way) as restored:
                rows, _ = _checked(restored, self.file)
            _compare(rows, copy.rows)
            self._restored.write_text(RESTORED + backup)
            self._under_way.replace(self.file)
        except (OSError, sqlite3.Error) as error:
            raise Unreachable("DatabaseUnreachable", f"{self.file} could not be written: {error}") from error
        except BackupError:
            self._under_way.unlink(missing_ok=True)
            raise


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file, timeout=_WAIT_SECONDS)) as connection:
        yield connection


def _checked(connection: sqlite3.Connection, file: Path) -> tuple[dict[str, int], dict[str, str]]:
    """Rows of each table, and where the schema stands.

    Raises:
        Damaged: SQLite finds it so.
    """
    if (found := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
        raise Damaged(f"{file}: {found}")
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    tables = [name for name in names if not name.startswith("sqlite_")]
    rows = {name: connection.execute(f"SELECT count(*) FROM {_quoted(name)}").fetchone()[0] for name in tables}  # noqa: S608
    revisions = {
        name: connection.execute(f"SELECT min(version_num) FROM {_quoted(name)}").fetchone()[0]  # noqa: S608
        for name in tables
        if name.startswith("alembic_version")
    }
    return rows, revisions


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _compare(found: dict[str, int], expected: dict[str, int]) -> None:
    other = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
    if other:
        told = ", ".join(f"{name}: {found.get(name)}, not {expected.get(name)}" for name in other[:5])
        raise Damaged(f"after it was restored tables have other rows than the backup says ({told})")


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while chunk := source.read(CHUNK):
            yield chunk
