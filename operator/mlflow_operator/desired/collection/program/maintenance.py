"""Makes room and counts anew in the database, after much was removed; readers and writers go on meanwhile."""

from typing import Any

import sqlalchemy
from mlflow.store.db.base_sql_model import Base

_OF_POSTGRES = "VACUUM (ANALYZE) {}"
"""Rows that are gone make room for new ones, and plans are made by new counts; the server does so itself, but later."""
_OF_SQLITE = "PRAGMA optimize"
"""Counts anew what has changed much; the file keeps its size, and what is free in it is used again."""


def maintain(engine: Any) -> None:
    """Do what the database has for it; nothing for others than PostgreSQL and SQLite."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql(_OF_SQLITE)
        if engine.dialect.name != "postgresql":
            return
        there = set(sqlalchemy.inspect(connection).get_table_names())
        quote = engine.dialect.identifier_preparer.quote
        for table in sorted(there & set(Base.metadata.tables)):
            connection.exec_driver_sql(_OF_POSTGRES.format(quote(table)))
