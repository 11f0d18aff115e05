"""Databases that can be copied: PostgreSQL by its own tools, SQLite by its own backup."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mlflow_operator.backup.errors import Refused
from mlflow_operator.backup.manifest import DatabaseCopy

RESTORED = "restored from backup "
"""What a database says that was restored, before the name of the backup."""


@dataclass(frozen=True)
class Copying:
    """A copy as it comes, of one moment."""

    chunks: Iterator[bytes]
    rows: dict[str, int]
    revisions: dict[str, str]
    made_with: str


class Database(Protocol):
    """One database of a server."""

    name: str
    kind: str
    suffix: str
    """How the file of a copy ends before it is compressed."""

    def copying(self) -> AbstractContextManager[Copying]:
        """A copy of this moment, while the server works.

        Raises:
            BackupError: It cannot be copied, or not be reached.
        """

    def restored_from(self) -> str | None:
        """The backup that it was restored from; None where it is empty.

        Raises:
            Refused: NotEmpty.
        """

    def restore(self, chunks: Iterable[bytes], copy: DatabaseCopy, backup: str) -> None:
        """Have what was copied, whole or not at all; ``chunks`` raise if they are not what they should be.

        Raises:
            BackupError: It did not come about.
        """


def database(name: str, uri: str, environ: Mapping[str, str]) -> Database:
    """The database at an address as SQLAlchemy has it; what the address does not say, libpq's variables do.

    Raises:
        Refused: UnsupportedDatabase.
    """
    kind = re.match(r"[a-z0-9]+", uri)
    if kind and kind[0] in ("postgresql", "postgres"):
        from mlflow_operator.backup.databases.postgres import PostgresDatabase  # noqa: PLC0415 - a driver that others lack

        return PostgresDatabase(name, uri, environ)
    if kind and kind[0] == "sqlite":
        from mlflow_operator.backup.databases.sqlite import SqliteDatabase  # noqa: PLC0415

        return SqliteDatabase(name, Path(uri.partition("://")[2].removeprefix("/").partition("?")[0]))
    known = kind[0] if kind else "what it says"
    raise Refused("UnsupportedDatabase", f"{known} cannot be backed up here; use the means of that database")
