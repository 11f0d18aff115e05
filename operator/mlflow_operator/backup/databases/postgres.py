"""PostgreSQL, by pg_dump and pg_restore; what is restored is checked and then true, in one transaction.

How many rows there are is counted in the transaction whose snapshot pg_dump takes too. The tools get the address and
the password as variables of libpq, never as arguments.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from mlflow_operator.backup.databases import RESTORED, Copying, tools
from mlflow_operator.backup.errors import Refused, Unreachable
from mlflow_operator.backup.manifest import DatabaseCopy

_CONNECT_SECONDS = "10"
_DUMP = ("pg_dump", "--format=custom", "--compress=0", "--no-password")
_LEFT_OUT = ("owner", "privileges", "comments", "publications", "subscriptions", "security-labels", "tablespaces")
_READ = ("pg_restore", "--file=-", *(f"--no-{what}" for what in _LEFT_OUT))
_WRITE = ("psql", "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1")
_OWN = "schemaname NOT LIKE 'pg\\_%' AND schemaname <> 'information_schema'"
_TABLES = f"SELECT format('%I.%I', schemaname, tablename), tablename FROM pg_tables WHERE {_OWN} ORDER BY 1"  # noqa: S608
_PROCESS, _LOOKS = "SELECT pg_backend_pid()", 3
_LATER_SETTINGS = re.compile(rb"^SET transaction_timeout = 0;\n", re.MULTILINE)
"""What pg_restore of PostgreSQL 17 says first, and an older server does not know."""


class PostgresDatabase:
    """One database of a PostgreSQL."""

    kind = "postgresql"
    suffix = ".dump"

    def __init__(self, name: str, uri: str, environ: Mapping[str, str]) -> None:
        self.name = name
        self._environ = dict(environ) | {"PGCONNECT_TIMEOUT": _CONNECT_SECONDS} | _variables(uri)

    @contextmanager
    def copying(self) -> Iterator[Copying]:
        """A dump of one moment."""
        version = tools.version("pg_dump")
        self._need_a_connection()
        with self._connected() as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            rows, revisions = _counted(connection)
            snapshot = _one(connection, "SELECT pg_export_snapshot()")
            with tools.Tool((*_DUMP, f"--snapshot={snapshot}"), self._environ, writes=True) as dump:
                yield Copying(_to_the_end(dump), rows, revisions, version)

    def restored_from(self) -> str | None:
        """As the comment of a table says."""
        with self._connected() as connection:
            tables = connection.execute(_TABLES).fetchall()
            if not tables:
                return None
            said = connection.execute("SELECT obj_description(%s::regclass, 'pg_class')", (tables[0][0],)).fetchone()
        text = said[0] if said and said[0] else ""
        if not text.startswith(RESTORED):
            message = f"the database has {len(tables)} tables; a backup is restored into a server that has no data yet"
            raise Refused("NotEmpty", message)
        return str(text.removeprefix(RESTORED))

    def restore(self, chunks: Iterable[bytes], copy: DatabaseCopy, backup: str) -> None:
        """The statements of the dump, the checks and the mark, in one transaction."""
        with (
            tools.Tool(_READ, self._environ, reads=True, writes=True) as source,
            tools.Tool(_WRITE, self._environ, reads=True) as target,
        ):
            source.feed(chunks)
            target.write(b"BEGIN;\n")
            for number, text in enumerate(source.chunks()):
                target.write(text if number else _LATER_SETTINGS.sub(b"", text))
            source.end()
            # What the dump sets for itself stays with the connection, which a pooler may give to others.
            target.write(f"{_checks(copy, backup)}RESET ALL;\nCOMMIT;\n".encode())
            target.end()

    def _need_a_connection(self) -> None:
        """Refuse a pooler that gives each transaction another connection: pg_dump's settings would get to others.

        Raises:
            Refused: ConnectionsShared.
        """
        seen = set()
        with self._connected() as one, self._connected() as other:
            for _ in range(_LOOKS):
                seen.add(_one(one, _PROCESS))
                with other.transaction():  # takes what is free, which one may have had
                    other.execute(_PROCESS)
                    seen.add(_one(one, _PROCESS))
        if len(seen) > 1:
            found = "the database is behind a pooler that gives each transaction another connection"
            advice = "copy from the database itself, or by a pool in session mode (BACKUP_DATABASE)"
            raise Refused("ConnectionsShared", f"{found}; pg_dump needs one of its own: {advice}")

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        told: dict[str, Any] = {key: self._environ[env] for key, env in _known().items() if env in self._environ}
        try:
            with psycopg.connect(autocommit=True, **told) as connection:
                yield connection
        except psycopg.OperationalError as error:
            raise Unreachable("DatabaseUnreachable", f"the database cannot be used: {_said(error, told)}") from None
        except psycopg.Error as error:
            raise Refused("DatabaseRefused", f"the database said no: {_said(error, told)}") from None


def _to_the_end(dump: tools.Tool) -> Iterator[bytes]:
    """All of it, or an error: what ends early is no dump."""
    yield from dump.chunks()
    dump.end()


def _counted(connection: psycopg.Connection[Any]) -> tuple[dict[str, int], dict[str, str]]:
    """Rows of each table, and where the schemas stand."""
    tables = connection.execute(_TABLES).fetchall()
    if not tables:
        raise Refused("DatabaseMissing", "the database has no tables; has the server started once?")
    rows = {quoted: _one(connection, f"SELECT count(*) FROM {quoted}") for quoted, _ in tables}  # noqa: S608
    versions = [(quoted, name) for quoted, name in tables if name.startswith("alembic_version")]
    revisions = {name: _one(connection, f"SELECT min(version_num) FROM {quoted}") for quoted, name in versions}  # noqa: S608
    return rows, revisions


def _checks(copy: DatabaseCopy, backup: str) -> str:
    """Statements that fail where a table has other rows than the backup says; then the mark of what was restored."""
    checks = []
    for table, rows in copy.rows.items():
        name = table.replace("'", "''")
        wrong = f"RAISE EXCEPTION 'table % has other rows than the backup says', '{name}'"
        checks.append(f"IF (SELECT count(*) FROM {table}) <> {int(rows)} THEN {wrong}; END IF;\n")  # noqa: S608
    mark = f"COMMENT ON TABLE {min(copy.rows)} IS '{RESTORED}{backup}';\n"
    return f"DO $check$ BEGIN\n{''.join(checks)}END $check$;\n{mark}"


def _one(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def _variables(uri: str) -> dict[str, str]:
    """What an address of SQLAlchemy says, as variables of libpq.

    Raises:
        Refused: InvalidUri.
    """
    try:
        told = conninfo_to_dict(re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", uri))
    except psycopg.ProgrammingError:
        raise Refused("InvalidUri", "the address of the database is none that libpq understands") from None
    known = _known()
    return {known[key]: str(value) for key, value in told.items() if key in known and value not in (None, "")}


def _known() -> dict[str, str]:
    """The words of libpq, and their variables."""
    return {o.keyword.decode(): o.envvar.decode() for o in Conninfo.get_defaults() if o.envvar}


def _said(error: psycopg.Error, told: Mapping[str, Any]) -> str:
    first = str(error).strip().partition("\n")[0][:300]
    password = told.get("password")
    return first.replace(str(password), "…") if password else first
