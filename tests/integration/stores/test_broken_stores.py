"""Stores that were broken on purpose, each in the way that its reason is about: what the preparation says of them.

Others are broken beside this: stopped, missing, denied and newer ones in test_prepare.py, closing and untrusted ones in
test_prepare_stores.py, a full volume in test_managed_postgres.py, poolers in test_pgbouncer.py.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.fixtures import available
from cluster.services.minio import Minio
from cluster.services.postgres import Postgres
from integration.stores.test_prepare import prepare, with_bucket, with_sqlite, with_volume

pytestmark = pytest.mark.integration

LATE = """
import datetime
import botocore.auth
of_now = botocore.auth.get_current_datetime
botocore.auth.get_current_datetime = lambda *args, **more: of_now(*args, **more) - datetime.timedelta(hours=2)
"""
"""What makes a client of S3 believe in another time; Python reads it at its start."""


@pytest.fixture(scope="module")
def own_postgres(session_folder: Path) -> Iterator[Postgres]:
    """A PostgreSQL that nobody else needs."""
    server = Postgres(session_folder / "broken-postgres")
    with available():
        server.start()
    yield server
    server.remove()


@pytest.fixture
def own_minio(tmp_path: Path) -> Iterator[Minio]:
    """A store that nobody else needs, with the bucket mlflow."""
    store = Minio(tmp_path / "minio")
    store.start()
    store.create_bucket("mlflow")
    yield store
    store.stop()


def to(postgres: Postgres, folder: Path, database: str = "mlflow") -> dict[str, Any]:
    """A server with that database."""
    address = {"host": "127.0.0.1", "port": postgres.port, "database": database}
    return with_volume({"postgres": address | {"credentialsSecretRef": {"name": "login"}}}, folder)


def test_a_database_that_hangs_is_not_waited_for_for_ever(own_postgres: Postgres, tmp_path: Path) -> None:
    """It takes connections and says nothing; once it goes on, so does the next preparation."""
    begun = time.monotonic()
    with own_postgres.process.frozen():
        result = prepare(to(own_postgres, tmp_path), tmp_path)
    assert (result.code, result.database["reason"]) == (1, "DatabaseUnreachable"), result.database
    assert time.monotonic() - begun < 90
    assert prepare(to(own_postgres, tmp_path), tmp_path).code == 0


def test_a_database_that_is_read_only_is_told_of(own_postgres: Postgres, tmp_path: Path) -> None:
    """As a standby, or one that an administrator has closed: nothing is migrated, and another try may do better."""
    own_postgres.create_database("closed")
    own_postgres.sql("ALTER DATABASE closed SET default_transaction_read_only = on", "postgres")
    result = prepare(to(own_postgres, tmp_path, "closed"), tmp_path)
    assert (result.code, result.database["reason"]) == (1, "DatabaseReadOnly"), result.database
    own_postgres.sql("ALTER DATABASE closed RESET default_transaction_read_only", "postgres")
    assert prepare(to(own_postgres, tmp_path, "closed"), tmp_path).database["reason"] == "Migrated"


def test_a_store_that_hangs_is_not_waited_for_for_ever(own_minio: Minio, tmp_path: Path) -> None:
    """It takes connections and says nothing."""
    spec = with_bucket({"sqlite": {}}, own_minio, "mlflow") | {"env": with_sqlite(tmp_path)["env"][1:]}
    begun = time.monotonic()
    with own_minio.process.frozen():
        result = prepare(spec, tmp_path)
    assert (result.code, result.artifacts["reason"]) == (1, "StoreUnreachable"), result.artifacts
    assert "no answer came in time" in result.artifacts["message"]
    assert time.monotonic() - begun < 120
    assert prepare(spec, tmp_path).code == 0


def test_a_clock_that_is_wrong_is_named(own_minio: Minio, tmp_path: Path) -> None:
    """Not the key, which is right."""
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "sitecustomize.py").write_text(LATE)
    late = {"name": "PYTHONPATH", "value": str(tmp_path / "late")}
    spec = with_bucket({"sqlite": {}}, own_minio, "mlflow") | {"env": [*with_sqlite(tmp_path)["env"][1:], late]}
    result = prepare(spec, tmp_path)
    assert (result.code, result.artifacts["reason"]) == (1, "ClockWrong"), result.artifacts
