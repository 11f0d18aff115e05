"""Databases as their owners set them up: names and passwords of any kind, and a schema of one's own."""

import string
import uuid
from pathlib import Path
from typing import Any

import pytest

from cluster.services.postgres import Postgres
from integration.stores.test_prepare import backend, database, prepare, with_volume

__all__ = ["backend", "database"]

pytestmark = pytest.mark.integration


def test_names_and_passwords_may_hold_any_character(postgres: Postgres, tmp_path: Path) -> None:
    """They are told as they are, never as part of a URI."""
    password, unique = string.printable[:95], uuid.uuid4().hex[:8]
    user, name = f"An na@{unique}/?#%", f"Fraud & Co. {unique}"
    quoted = "'" + password.replace("'", "''") + "'"
    postgres.sql(f'CREATE ROLE "{user}" LOGIN PASSWORD {quoted}', "postgres")
    postgres.sql(f'CREATE DATABASE "{name}" OWNER "{user}"', "postgres")
    address = {"host": "127.0.0.1", "port": postgres.port, "database": name}
    spec = with_volume({"postgres": address | {"credentialsSecretRef": {"name": "odd"}}}, tmp_path)
    result = prepare(spec, tmp_path, secrets={"odd": {"username": user, "password": password}})
    assert (result.code, result.database["reason"]) == (0, "Migrated"), result.database


@pytest.mark.parametrize("way", ["the user's", "PGOPTIONS"])
def test_a_schema_of_its_own_is_enough(
    way: str, backend: dict[str, Any], postgres: Postgres, database: str, tmp_path: Path
) -> None:
    """Without rights on `public`, where nothing is made; the second preparation finds what the first has made."""
    user = f"u{uuid.uuid4().hex}"
    postgres.sql(f"CREATE ROLE {user} LOGIN PASSWORD 'of-a-team'; REVOKE ALL ON SCHEMA public FROM PUBLIC", database)
    postgres.sql(f"CREATE SCHEMA ml AUTHORIZATION {user}", database)
    spec = with_volume(backend, tmp_path)
    spec["backendStore"]["postgres"]["credentialsSecretRef"] = {"name": "team"}
    if way == "PGOPTIONS":
        spec["env"] = [*spec["env"], {"name": "PGOPTIONS", "value": "-c search_path=ml"}]
    else:
        postgres.sql(f"ALTER ROLE {user} SET search_path = ml", database)
    secrets = {"team": {"username": user, "password": "of-a-team"}}
    found = [prepare(spec, tmp_path, secrets=secrets).database["reason"] for _ in range(2)]
    assert found == ["Migrated", "UpToDate"]
    count = "SELECT count(*) FROM information_schema.tables WHERE table_schema = "
    assert int(postgres.sql(f"{count} 'ml'", database)) > 20
    assert postgres.sql(f"{count} 'public'", database) == "0"
