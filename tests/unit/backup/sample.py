"""A small server on files: a database of SQLite with some tables, and a few artifacts."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mlflow_operator.backup.databases.sqlite import SqliteDatabase
from mlflow_operator.backup.manifest import Manifest, Server
from mlflow_operator.backup.places import Place, place
from mlflow_operator.backup.writing import Source, make

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
UID = "0b5e3a52"
ARTIFACTS = {
    "1/a/model.pkl": b"pickle" * 5000,
    "1/a/empty": b"",
    "1/b c/Ü [1]%20.txt": b"words",
    "2/data.bin": bytes(9),
}


class Sample:
    """Where it is, and what it has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "mlflow.db"
        self.artifacts = folder / "artifacts"
        self.moment = NOW

    def fill(self) -> None:
        """Have runs and artifacts."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.executescript(
                "CREATE TABLE runs (name TEXT); CREATE TABLE alembic_version (version_num TEXT);"
                "INSERT INTO alembic_version VALUES ('dc11669786a5');"
            )
            connection.executemany("INSERT INTO runs VALUES (?)", [(f"run {n}",) for n in range(500)])
            connection.commit()
        for name, content in ARTIFACTS.items():
            self.put(name, content)

    def put(self, name: str, content: bytes) -> None:
        """Have one more artifact, or another one."""
        file = self.artifacts / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def source(self, uid: str = UID) -> Source:
        """What is backed up of it."""
        server = Server("team", "mlflow", uid, "3.17.2")
        return Source(server, [SqliteDatabase("tracking", self.database)], place(str(self.artifacts)))

    def back_up(self, to: Place, *, after: timedelta = timedelta(hours=1), uid: str = UID) -> Manifest:
        """Make a backup, some time after the last one."""
        self.moment += after
        return make(self.source(uid), to, lambda: self.moment, "0" * 6)

    def contents(self) -> tuple[list[str], dict[str, bytes]]:
        """What it has: rows, and artifacts."""
        with closing(sqlite3.connect(self.database)) as connection:
            rows = [row[0] for row in connection.execute("SELECT name FROM runs ORDER BY name")]
        files = [file for file in self.artifacts.rglob("*") if file.is_file()]
        return rows, {str(file.relative_to(self.artifacts)): file.read_bytes() for file in files}
