"""How many connections the database lets its user have."""

from typing import Any

from sqlalchemy.exc import DBAPIError

_ALLOWED = """
SELECT least(
  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(nullif(current_setting('reserved_connections', true), ''), '0')::int,
  (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
  (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user)
)
"""
"""Of the server, of the database and of the role: the least counts. What others use of them is not known."""


def allowed(engine: Any) -> int | None:
    """The number; None where the database does not tell, which keeps nobody from using it."""
    if engine.dialect.name != "postgresql":
        return None
    try:
        with engine.connect() as connection:
            return int(connection.exec_driver_sql(_ALLOWED).scalar_one())
    except (DBAPIError, TypeError, ValueError):
        return None
