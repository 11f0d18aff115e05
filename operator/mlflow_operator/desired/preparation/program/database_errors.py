"""What an error of the database means: by the phase first, then by its code.

SQLSTATE of PostgreSQL: https://www.postgresql.org/docs/current/errcodes-appendix.html. Numbers of MySQL:
https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html. A connection that PostgreSQL refuses has no code
in libpq, so there the text has to do, in English or by the names in it; SQLite has its own texts, always in English.
"""

import re
from typing import Any, NamedTuple

from mlflow_operator.desired.preparation.program.patience import Hopeless, Passing, Problem

CONNECT, PLAN, MIGRATE, VERIFY = "connect", "plan", "migrate", "verify"


class Place(NamedTuple):
    """Which database it is, without credentials."""

    words: str
    user: str | None = None
    database: str | None = None


class Answer(NamedTuple):
    """What an error means; ``advice`` says what to do about it."""

    kind: type[Problem]
    reason: str
    what: str
    advice: str


_LOGIN = Answer(Hopeless, "LoginRefused", "refused the login", "correct user and password, or its pg_hba.conf")
_MISSING = Answer(Hopeless, "DatabaseMissing", "is not there", "create it, or name another one")
_RIGHT = Answer(Hopeless, "PermissionDenied", "denies a right", "grant the user CREATE and USAGE on the schema")
_SCHEMA = Answer(Hopeless, "SchemaMissing", "has no schema to use", "create it, or correct search_path")
_FULL = Answer(Hopeless, "DiskFull", "has no space left", "make room, or make its volume larger")
_CROWD = Answer(
    Passing, "TooManyConnections", "has no connection left", "allow more, or use fewer replicas and workers"
)
_LOCKED = Answer(
    Passing, "DatabaseLocked", "is locked by somebody else", "end what holds the lock, such as an open transaction"
)
_READ_ONLY = Answer(Problem, "DatabaseReadOnly", "is read-only", "use the primary, or make it writable")
_STARTING = Answer(Passing, "DatabaseStarting", "is starting or stopping", "wait; it is retried")
_TLS = Answer(
    Problem,
    "DatabaseTlsFailed",
    "and TLS do not come together",
    "correct sslMode, or name the authority in caBundle of the database",
)
_SILENT = Answer(Passing, "DatabaseUnreachable", "does not answer", "check host and port")
_REFUSED = Answer(Passing, "ConnectionRefused", "refused the connection", "do what its words say")
_LOST = Answer(Passing, "ConnectionLost", "broke off", "it is retried; if it stays so, see the database's log")
_VOLUME = Answer(Hopeless, "VolumeNotWritable", "cannot be written", "check its volume")
_DAMAGED = Answer(Hopeless, "DatabaseDamaged", "cannot be read", "restore a backup")
_HALF = Answer(
    Hopeless,
    "MigrationHalfDone",
    "is not as the migration expects it, so an earlier one was interrupted halfway, or tables were changed by hand",
    "restore the backup",
)
_FAILED = Answer(Problem, "MigrationFailed", "refused a statement", "see the preparation's log")

_CODES: dict[str | int, Answer] = {
    **dict.fromkeys(("28P01", "28000", 1045, 1698), _LOGIN),
    **dict.fromkeys(("3D000", 1049), _MISSING),
    **dict.fromkeys(("42501", 1044, 1142, 1143, 1227), _RIGHT),
    **dict.fromkeys(("3F000",), _SCHEMA),
    **dict.fromkeys(("53100", 1021, 1114), _FULL),
    **dict.fromkeys(("53300", 1040, 1203, 1226), _CROWD),
    **dict.fromkeys(("55P03", "40P01", "40001", 1205, 1213), _LOCKED),
    **dict.fromkeys(("25006", 1290, 1792, 1836), _READ_ONLY),
    **dict.fromkeys(("57P01", "57P02", "57P03"), _STARTING),
    **dict.fromkeys((2026,), _TLS),
    **dict.fromkeys(("42P07", "42701", "42710", 1022, 1050, 1060, 1061, 1068, 1091, 1146, 1826), _HALF),
}
_OF_LIBPQ = (
    (r"authentication failed|no pg_hba\.conf entry|role .* does not exist|not permitted to log in", _LOGIN),
    (r"no password supplied|permission denied for database", _LOGIN),
    (r"FATAL: +database .* does not exist|no such database", _MISSING),
    (r"too many (clients|connections)|remaining connection slots|no more connections allowed", _CROWD),
    (r"database system is (starting up|shutting down|not yet accepting|in recovery)", _STARTING),
    (r"SSL error|server does not support SSL|certificate", _TLS),
)
_OF_SQLITE = (
    (r"database (table )?is locked", _LOCKED),
    (r"unable to open database file|readonly database", _VOLUME),
    (r"database or disk is full", _FULL),
    (r"file is not a database|malformed", _DAMAGED),
    (r"already exists|duplicate column name", _HALF),
)
_WORDS_OF_SERVER = re.compile(r"failed: \S[^\n:]*:  (.*)", re.DOTALL)
"""libpq puts two blanks between the severity, in the server's language, and the message."""


def problem(error: Any, text: str, place: Place, phase: str) -> Problem:
    """What it means for the user.

    Args:
        error: of the driver.
        text: its words, without secrets.
        place: the database.
        phase: in which it came.
    """
    answer = _answer(error, text, place, phase)
    detail = " ".join(text.split()).rpartition("FATAL: ")[2].strip()
    return answer.kind(answer.reason, f"{place.words} {answer.what}: {detail}; {answer.advice}", phase=phase)


def misfit(error: Exception, place: Place, *, undone: bool) -> Problem:
    """What it means that a migration fails without a word of the database: it has found what it did not expect.

    Args:
        error: of Alembic, SQLAlchemy or the migration; it may hold anything, so only its kind is told.
        place: the database.
        undone: the database undoes what a migration has done that fails, so the schema was like this before.
    """
    answer = _FAILED if undone else _HALF
    words = f"{place.words} {answer.what}: {type(error).__name__}; {answer.advice}"
    return answer.kind(answer.reason, words, phase=MIGRATE)


def _answer(error: Any, text: str, place: Place, phase: str) -> Answer:
    code = _code(error)
    if code in _CODES:
        return _CODES[code]
    of_sqlite = type(error).__module__.startswith("sqlite3")
    for pattern, answer in _OF_SQLITE if of_sqlite else _OF_LIBPQ:
        if (code is None or _is_of_connection(code)) and re.search(pattern, text):
            return answer
    if of_sqlite or (code is not None and not _is_of_connection(code)):
        return _FAILED
    if phase != CONNECT:
        return _LOST if type(error).__name__ in ("OperationalError", "InterfaceError") else _FAILED
    said = _WORDS_OF_SERVER.search(text)
    return _in_other_words(said[1], place) if said else _SILENT


def _code(error: Any) -> str | int | None:
    """SQLSTATE or number, where the driver tells one."""
    first = error.args[0] if error.args else None
    if isinstance(first, dict):  # pg8000
        first = first.get("C")
    candidates = [getattr(error, name, None) for name in ("errno", "pgcode", "sqlstate")] + [first]
    for found in candidates:
        if isinstance(found, int) or (isinstance(found, str) and re.fullmatch(r"[0-9A-Z]{5}", found)):
            return found
    return None


def _is_of_connection(code: str | int) -> bool:
    """SQLSTATE class 08, and what MySQL's clients number themselves."""
    return code.startswith(("08", "HYT")) if isinstance(code, str) else 2000 <= code < 2100


def _in_other_words(said: str, place: Place) -> Answer:
    """A refusal in another language names what it is about."""
    if place.user and place.user in said:
        return _LOGIN
    return _MISSING if place.database and place.database in said else _REFUSED
