"""What an error of the database means, driver by driver."""

import sqlite3
from typing import Any

import pytest

from mlflow_operator.desired.preparation.program.database_errors import CONNECT, MIGRATE, PLAN, Place, misfit, problem
from mlflow_operator.desired.preparation.program.patience import Passing

PLACE = Place("database ml at db:5432", "anna", "ml")
LIBPQ = 'connection to server at "db" (10.0.0.1), port 5432 failed: '


class OperationalError(Exception):
    """An error as psycopg2 raises it; a refused connection has no code."""

    pgcode: str | None = None


class ProgrammingError(OperationalError):
    """Another of its classes."""


def of_postgres(code: str | None, text: str = "words", kind: type[OperationalError] = OperationalError) -> Any:
    """An error with that SQLSTATE."""
    error = kind(text)
    error.pgcode = code
    return error


def of_mysql(number: int) -> OperationalError:
    """An error as PyMySQL and mysqlclient raise it."""
    return OperationalError(number, "words")


@pytest.mark.parametrize(
    ("error", "phase", "reason", "terminal"),
    [
        (of_postgres("28P01"), CONNECT, "LoginRefused", True),
        (of_postgres("3D000"), CONNECT, "DatabaseMissing", True),
        (of_postgres("42501"), MIGRATE, "PermissionDenied", True),
        (of_postgres("3F000"), MIGRATE, "SchemaMissing", True),
        (of_postgres("53100"), MIGRATE, "DiskFull", True),
        (of_postgres("53300"), CONNECT, "TooManyConnections", False),
        (of_postgres("55P03"), MIGRATE, "DatabaseLocked", False),
        (of_postgres("40P01"), MIGRATE, "DatabaseLocked", False),
        (of_postgres("25006"), MIGRATE, "DatabaseReadOnly", False),
        (of_postgres("57P03"), CONNECT, "DatabaseStarting", False),
        (of_postgres("42P07"), MIGRATE, "MigrationHalfDone", True),
        (of_postgres("57014"), MIGRATE, "MigrationFailed", False),
        (of_postgres("22001"), MIGRATE, "MigrationFailed", False),
        (of_postgres("08006"), MIGRATE, "ConnectionLost", False),
        (of_postgres(None, "server closed the connection unexpectedly"), MIGRATE, "ConnectionLost", False),
        (of_postgres(None, f"{LIBPQ}Connection refused"), CONNECT, "DatabaseUnreachable", False),
        (of_postgres(None, f"{LIBPQ}timeout expired"), CONNECT, "DatabaseUnreachable", False),
        (of_postgres(None, f"{LIBPQ}Connection refused"), PLAN, "ConnectionLost", False),
        (of_postgres(None, f"{LIBPQ}SSL error: certificate verify failed"), CONNECT, "DatabaseTlsFailed", False),
        (
            of_postgres(None, f'{LIBPQ}FATAL:  password authentication failed for user "anna"'),
            CONNECT,
            "LoginRefused",
            True,
        ),
        (of_postgres(None, f'{LIBPQ}FATAL:  database "ml" does not exist'), CONNECT, "DatabaseMissing", True),
        (of_postgres(None, f"{LIBPQ}FATAL:  sorry, too many clients already"), CONNECT, "TooManyConnections", False),
        (of_postgres(None, f"{LIBPQ}FATAL:  the database system is starting up"), CONNECT, "DatabaseStarting", False),
        (
            of_postgres(None, f"{LIBPQ}FATAL:  Passwort-Authentifizierung für »anna« fehlgeschlagen"),
            CONNECT,
            "LoginRefused",
            True,
        ),
        (of_postgres(None, f"{LIBPQ}ВАЖНО:  база данных «ml» не существует"), CONNECT, "DatabaseMissing", True),
        (of_postgres(None, f"{LIBPQ}FATAL:  das Datenbanksystem startet"), CONNECT, "ConnectionRefused", False),
        (of_mysql(1045), CONNECT, "LoginRefused", True),
        (of_mysql(1049), CONNECT, "DatabaseMissing", True),
        (of_mysql(1040), CONNECT, "TooManyConnections", False),
        (of_mysql(1142), MIGRATE, "PermissionDenied", True),
        (of_mysql(1050), MIGRATE, "MigrationHalfDone", True),
        (of_mysql(1060), MIGRATE, "MigrationHalfDone", True),
        (of_mysql(1061), MIGRATE, "MigrationHalfDone", True),
        (of_mysql(1091), MIGRATE, "MigrationHalfDone", True),
        (of_mysql(1146), MIGRATE, "MigrationHalfDone", True),
        (of_mysql(1826), MIGRATE, "MigrationHalfDone", True),
        (of_mysql(1205), MIGRATE, "DatabaseLocked", False),
        (of_mysql(1114), MIGRATE, "DiskFull", True),
        (of_mysql(2003), CONNECT, "DatabaseUnreachable", False),
        (of_mysql(2013), MIGRATE, "ConnectionLost", False),
        (sqlite3.OperationalError("database is locked"), MIGRATE, "DatabaseLocked", False),
        (sqlite3.OperationalError("unable to open database file"), CONNECT, "VolumeNotWritable", True),
        (sqlite3.OperationalError("attempt to write a readonly database"), MIGRATE, "VolumeNotWritable", True),
        (sqlite3.OperationalError("database or disk is full"), MIGRATE, "DiskFull", True),
        (sqlite3.DatabaseError("file is not a database"), PLAN, "DatabaseDamaged", True),
        (sqlite3.OperationalError("duplicate column name: run_link"), MIGRATE, "MigrationHalfDone", True),
        (sqlite3.OperationalError("table _alembic_tmp_tags already exists"), MIGRATE, "MigrationHalfDone", True),
        (sqlite3.OperationalError("near x: syntax error"), CONNECT, "MigrationFailed", False),
        (ProgrammingError("something else"), MIGRATE, "MigrationFailed", False),
    ],
)
def test_an_error_has_its_reason_by_phase_and_code(error: Any, phase: str, reason: str, terminal: bool) -> None:
    """Only a connection that nobody answered reads so; what only a user can help is told apart from what passes."""
    found = problem(error, str(error), PLACE, phase)
    assert (found.reason, found.terminal, found.facts) == (reason, terminal, {"phase": phase})
    assert ("does not answer" in found.message) == (reason == "DatabaseUnreachable")


@pytest.mark.parametrize(
    ("undone", "reason", "terminal"), [(False, "MigrationHalfDone", True), (True, "MigrationFailed", False)]
)
def test_a_migration_that_stumbles_over_what_it_finds_is_named(undone: bool, reason: str, terminal: bool) -> None:
    """Where nothing was undone only a backup helps; what the error says may hold a secret, so its kind has to do."""
    found = misfit(LookupError("hunter2"), PLACE, undone=undone)
    assert (found.reason, found.terminal, found.facts) == (reason, terminal, {"phase": MIGRATE})
    assert "LookupError" in found.message
    assert "hunter2" not in found.message


@pytest.mark.parametrize("code", ["53300", "55P03", "40P01", "57P03"])
def test_what_passes_by_itself_is_waited_for(code: str) -> None:
    """A crowd, a lock, a deadlock and a start do not cost a try of the Job."""
    assert isinstance(problem(of_postgres(code), "words", PLACE, MIGRATE), Passing)


def test_a_message_says_where_what_and_what_to_do() -> None:
    """In the words of the server, without its prefix."""
    error = of_postgres(None, f'{LIBPQ}FATAL:  password authentication failed for user "anna"')
    assert problem(error, str(error), PLACE, CONNECT).message == (
        'database ml at db:5432 refused the login: password authentication failed for user "anna"; '
        "correct user and password, or its pg_hba.conf"
    )
