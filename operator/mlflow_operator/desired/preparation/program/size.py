"""How large a database is that is about to be migrated: what its own books say, so that nothing is counted."""

from typing import Any, NamedTuple

import sqlalchemy

_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_POSTGRES = """
    SELECT c.relname, c.reltuples, pg_total_relation_size(c.oid) FROM pg_class c
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
    ORDER BY 3 DESC LIMIT 3
"""
"""reltuples is -1 until the table has been analyzed for the first time (PostgreSQL's manual, pg_class)."""
_MYSQL = """
    SELECT table_name, table_rows, data_length + index_length FROM information_schema.tables
    WHERE table_schema = database() ORDER BY 3 DESC LIMIT 3
"""
_QUERIES = {"postgresql": _POSTGRES, "mysql": _MYSQL, "mariadb": _MYSQL}
_SQLITE = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"


class Table(NamedTuple):
    """A table, and how much is in it."""

    name: str
    rows: int | None
    """About how many; None where the database does not know."""
    bytes: int


def size(connection: Any) -> str:
    """The size of the largest tables in words; empty where this kind of database has no books on it."""
    kind = connection.dialect.name
    if kind == "sqlite":
        (found,) = connection.execute(sqlalchemy.text(_SQLITE)).one()
        return f"the file has {in_words(found)}"
    if kind not in _QUERIES:
        return ""
    found = connection.execute(sqlalchemy.text(_QUERIES[kind])).all()
    return told([Table(name, _count(rows), int(size_ or 0)) for name, rows, size_ in found])


def told(tables: list[Table]) -> str:
    """The tables in words, as the database gave them: the largest first."""
    words = [
        f"{table.name} {in_words(table.bytes)}" + (f" (about {table.rows} rows)" if table.rows else "")
        for table in tables
    ]
    return f"its largest tables are {', '.join(words)}" if words else ""


def in_words(size_: int) -> str:
    """A number of bytes, as people say it."""
    value, unit = float(size_), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.3g} {_UNITS[unit]}"


def _count(rows: Any) -> int | None:
    return None if rows is None or rows < 0 else round(rows)
