"""Brings the schema of MLflow's database up to date, by MLflow's own engine and migrations.

Whatever kills it, the next one can go on: PostgreSQL and SQLite change the whole schema in one transaction, and go back
to where they were. So no lock is needed either: of two at once one waits or fails, and then finds the work done. MySQL
has no such transactions.
"""

import logging
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import mlflow
import sqlalchemy
from alembic import command
from alembic.ddl.sqlite import SQLiteImpl
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from mlflow.store.db import utils
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from mlflow_operator.desired.preparation.program import authorities, connections, credentials
from mlflow_operator.desired.preparation.program.database_errors import (
    CONNECT,
    MIGRATE,
    PLAN,
    VERIFY,
    Place,
    misfit,
    problem,
)
from mlflow_operator.desired.preparation.program.patience import Hopeless, Patience, Problem
from mlflow_operator.desired.preparation.program.report import Report
from mlflow_operator.desired.preparation.program.size import size

CONNECT_SECONDS = 5
LOCK_SECONDS = 5
SQLITE_LOCK_SECONDS = 20
"""As long as MLflow waits itself."""
_WRITES = "mlflow_operator_writes"
_DRIVERS_WITH_TIMEOUT = ("psycopg2", "psycopg", "pymysql", "mysqldb", "mysqlconnector")
_LIMITED_WAIT = (
    f"SELECT set_config('lock_timeout', '{LOCK_SECONDS}s', true) WHERE current_setting('lock_timeout') = '0'"
)
"""A statement that waits for a lock makes everybody after it wait; a limit of the user's own stays."""
_UNDOING = ("postgresql", "sqlite", "mssql")
"""Databases that undo changes of a schema."""
PLANNED = "MigrationPlanned"
"""The reason of a database that would be migrated, and was not yet."""
_DOUBTFUL = ("MigrationHalfDone", "MigrationFailed")
_IF_CREDENTIALS_ARE_WRONG = ("LoginRefused", "DatabaseMissing", "InvalidUri", "DatabaseUnreachable", "DriverMissing")

T = TypeVar("T")
log = logging.getLogger("prepare")


class Schema(NamedTuple):
    """How far the schema is."""

    revisions: tuple[str, ...]
    tables: frozenset[str]


def prepare_database(uri: str, patience: Patience) -> Report:
    """Log in, read the revision of the schema, and migrate if this MLflow has newer ones.

    Raises:
        Problem: It did not come about, and why.
    """
    try:
        return _prepare(uri, patience)
    except Problem as problem_:
        ends = credentials.ending_in_whitespace(credentials.OF_DATABASE)
        if not ends or problem_.reason not in _IF_CREDENTIALS_ARE_WRONG:
            raise
        message = (
            f"{' and '.join(ends)} in the Secret ends in a line end or blank; write it without: {problem_.message}"
        )
        raise Hopeless("CredentialHasLineEnd", message, **problem_.facts) from None


def _prepare(uri: str, patience: Patience) -> Report:
    engine = engine_of(uri)
    authorities.check(engine.driver, engine.url.query)
    patience.wait_for(lambda: asked(engine, CONNECT, lambda: engine.connect().close()))
    was = patience.wait_for(lambda: asked(engine, PLAN, lambda: _schema(engine))).revisions
    known, newest, version = _migrations()
    if unknown := sorted(set(was) - known):
        message = (
            f"the schema is at revision {', '.join(unknown)}, which MLflow {version} does not know (its newest is "
            f"{newest}), so a later release migrated it; set spec.version to that release, or restore a backup"
        )
        raise Hopeless("DatabaseNewer", message, phase=PLAN, was=unknown[0], revision=unknown[0])
    if was and was != (newest,) and "PREPARE_ASK" in os.environ:
        return _planned(engine, was[0], newest, version)
    if was != (newest,):
        log.info("migrating the schema from %s to %s", was[0] if was else "nothing", newest)
        patience.wait_for(lambda: _migrate(engine, newest, patience))
    now = asked(engine, VERIFY, lambda: _schema(engine)).revisions
    if now != (newest,):
        raise Problem("MigrationFailed", f"the schema is at {now} and not at {newest}", phase=VERIFY)
    reason = "UpToDate" if was == now else "Migrated"
    message = f"logged in to {_place(engine).words}; the schema is at revision {newest}, the newest of MLflow {version}"
    facts = {"was": was[0] if was else None, "revision": newest, "connections": connections.allowed(engine)}
    return {"ok": True, "reason": reason, "message": message, **facts}


def current(uri: str, patience: Patience) -> Any:
    """The engine of a database that has the schema of this MLflow; nothing is changed.

    Raises:
        Problem: Nobody is let in, or SchemaDiffers.
    """
    engine = engine_of(uri)
    authorities.check(engine.driver, engine.url.query)
    patience.wait_for(lambda: asked(engine, CONNECT, lambda: engine.connect().close()))
    revisions = asked(engine, PLAN, lambda: _schema(engine)).revisions
    _, newest, version = _migrations()
    if revisions != (newest,):
        message = f"the schema is at {', '.join(revisions) or 'nothing'}, and MLflow {version} wants {newest}"
        raise Problem("SchemaDiffers", f"{message}; the server's preparation brings it there", phase=PLAN)
    return engine


def _planned(engine: Any, was: str, newest: str, version: str) -> Report:
    """What would be done to a schema that is there; nothing is, before it has been said."""
    with engine.connect() as connection:
        large = asked(engine, PLAN, lambda: size(connection))
    message = (
        f"the schema of {_place(engine).words} is to be migrated from revision {was} to {newest}, the newest of MLflow"
        f" {version}{'; ' if large else ''}{large}"
    )
    return {"ok": None, "reason": PLANNED, "message": message, "phase": PLAN, "revision": was, "goal": newest}


def engine_of(uri: str) -> Any:
    """MLflow's own engine, with what keeps a migration in one piece; nothing is connected yet."""
    try:
        driver = sqlalchemy.make_url(uri).drivername
    except (ArgumentError, ValueError):  # the text of either may hold the URI
        message = "the backend store's URI cannot be read; write dialect+driver://user:password@host/database"
        raise Hopeless("InvalidUri", message, phase=CONNECT) from None
    try:
        engine = utils.create_sqlalchemy_engine(uri)
    except (NoSuchModuleError, ImportError) as error:
        missing = getattr(error, "name", None) or driver
        message = f"the image has no driver {missing} for {driver}; use an image that has it"
        raise Hopeless("DriverMissing", message, phase=CONNECT) from None
    if engine.driver in _DRIVERS_WITH_TIMEOUT and "PGCONNECT_TIMEOUT" not in os.environ:
        event.listen(engine, "do_connect", _give_up_soon)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(_LIMITED_WAIT))
    if engine.dialect.name == "sqlite":
        _make_transactional(engine)
    return engine


def _give_up_soon(_dialect: Any, _record: Any, _args: Any, words: dict[str, Any]) -> None:
    """Limit how long a connection takes to come about; a limit in the URI stays."""
    words.setdefault("connect_timeout", CONNECT_SECONDS)


def _make_transactional(engine: Any) -> None:
    """SQLite can undo changes of a schema; Python's driver begins no transaction for them, so Alembic counts on none.

    https://docs.sqlalchemy.org/en/20/dialects/sqlite.html, "Enabling Non-Legacy SQLite Transactional Modes".
    """
    SQLiteImpl.transactional_ddl = True
    event.listen(engine, "connect", _leave_transactions_to_us)
    event.listen(engine, "begin", _begin)


def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {SQLITE_LOCK_SECONDS * 1000}")


def _begin(connection: Any) -> None:
    """A reader that wants to write later is turned away at once where somebody else writes; a writer is let wait."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITES) else "BEGIN")


def asked(engine: Any, phase: str, question: Callable[[], T]) -> T:
    """The answer of the database, or the Problem that its refusal means."""
    try:
        return question()
    except DBAPIError as error:
        text = credentials.without_secrets(str(error.orig))
        raise problem(error.orig, text, _place(engine), phase) from None
    except Exception as error:
        if phase != MIGRATE:
            raise
        log.error("%s", credentials.without_secrets(traceback.format_exc()))
        raise misfit(error, _place(engine), undone=engine.dialect.name in _UNDOING) from None


def _place(engine: Any) -> Place:
    url = engine.url
    name = url.database or url.query.get("dbname", "")
    where = f" at {url.host}:{url.port or 'its default port'}" if url.host else ""
    return Place(f"database {name}{where}", url.username or os.environ.get("PGUSER"), name)


def _schema(engine: Any) -> Schema:
    with engine.connect() as connection:
        heads = tuple(MigrationContext.configure(connection).get_current_heads())
        return Schema(heads, frozenset(sqlalchemy.inspect(connection).get_table_names()))


def _migrations() -> tuple[set[str], str, str]:
    """All revisions that this MLflow knows, the newest of them, and its release."""
    scripts = ScriptDirectory(str(Path(mlflow.__file__).parent / "store" / "db_migrations"))
    known = {script.revision for script in scripts.walk_revisions()}
    return known, str(scripts.get_current_head()), mlflow.__version__


def _migrate(engine: Any, newest: str, patience: Patience) -> None:
    """Run MLflow's own migrations, in this process so that no secret is in an argument list."""
    while (found := asked(engine, PLAN, lambda: _schema(engine))).revisions != (newest,):
        try:
            with patience.uninterrupted():
                asked(engine, MIGRATE, lambda: _run_migrations(engine, found))
        except Problem as failed:
            # Another preparation may have been at it at the same time, and this one fails on what that one has made.
            if failed.reason not in _DOUBTFUL or asked(engine, PLAN, lambda: _schema(engine)) == found:
                raise


def _run_migrations(engine: Any, found: Schema) -> None:
    """What MLflow does at `db upgrade`, but for a second connection with a transaction of its own: that would block."""
    writing = engine.execution_options(**{_WRITES: True})
    if "experiments" not in found.tables or not found.revisions:  # nothing, a beginning, or somebody else's tables
        utils.InitialBase.metadata.create_all(writing)
    config = utils._get_alembic_config(str(engine.url))
    with writing.connect() as connection:  # MLflow asks it for its engine
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")
