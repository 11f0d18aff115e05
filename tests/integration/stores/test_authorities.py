"""Stores whose certificates an authority of one's own has signed: trusted when it is named, and not otherwise."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.fixtures import available
from cluster.services import mariadb, postgres
from cluster.services.mariadb import Mariadb
from cluster.services.minio import Minio
from cluster.services.postgres import Postgres
from integration.stores.test_mysql import ASK
from integration.stores.test_prepare import Result, prepare, with_bucket, with_sqlite, with_volume
from integration.stores.test_prepare_stores import door
from mlflow_operator.desired import trust
from unit.signing import Pair, signed

pytestmark = pytest.mark.integration

AUTHORITY, ANOTHER = signed("team authority"), signed("another authority")
BUNDLE = {"configMapKeyRef": {"name": "corporate", "key": "ca.crt"}}


def mounted(folder: Path, name: str, authority: Pair) -> Path:
    """The bundle as a kubelet mounts it."""
    file = folder / trust.file(name).removeprefix("/etc/mlflow/")
    file.parent.mkdir(parents=True)
    file.write_text(authority.certificate)
    return folder


@pytest.fixture(scope="module")
def encrypted(session_folder: Path) -> Iterator[Postgres]:
    """A PostgreSQL that speaks TLS, as `localhost` alone."""
    server = Postgres(session_folder / "encrypted-postgres")
    with available():
        server.start()
    pair = signed("localhost", by=AUTHORITY)
    server.encrypt(pair.certificate, pair.key)
    yield server
    server.remove()


@pytest.mark.parametrize(
    ("authority", "how", "reason"),
    [
        (AUTHORITY, ("localhost", "verify-full"), "Migrated"),
        (AUTHORITY, ("127.0.0.1", "verify-full"), "DatabaseTlsFailed"),
        (AUTHORITY, ("127.0.0.1", "verify-ca"), "Migrated"),
        (ANOTHER, ("localhost", "verify-full"), "DatabaseTlsFailed"),
    ],
    ids=["of the authority", "for another host", "for another host, which nobody minds", "of another authority"],
)
def test_a_database_is_trusted_by_its_authority_and_its_name(
    encrypted: Postgres, tmp_path: Path, authority: Pair, how: tuple[str, str], reason: str
) -> None:
    """As sslMode says; what is wrong is told, with what to do."""
    (host, mode), name = how, f"d{uuid.uuid4().hex}"
    encrypted.create_database(name)
    database = {"host": host, "port": encrypted.port, "database": name, "sslMode": mode, "caBundle": BUNDLE}
    spec = with_volume({"postgres": database | {"credentialsSecretRef": {"name": "login"}}}, tmp_path)
    result = prepare(spec, tmp_path, mounted=mounted(tmp_path, trust.DATABASE, authority))
    assert result.database["reason"] == reason, result
    if reason != "Migrated":
        assert "name the authority in caBundle" in result.database["message"]


@pytest.mark.parametrize(
    ("authority", "how", "reason"),
    [
        (AUTHORITY, ("localhost", "verify-full"), "Migrated"),
        (AUTHORITY, ("127.0.0.1", "verify-full"), "DatabaseTlsFailed"),
        (ANOTHER, ("localhost", "verify-full"), "DatabaseTlsFailed"),
        (AUTHORITY, ("localhost", "prefer"), "CaBundleUnused"),
    ],
    ids=["of the authority", "for another host", "of another authority", "not asked for"],
)
def test_so_is_a_database_that_a_uri_leads_to(
    encrypted: Postgres, tmp_path: Path, authority: Pair, how: tuple[str, str], reason: str
) -> None:
    """Of PostgreSQL, as the URI says."""
    (host, mode), name = how, f"d{uuid.uuid4().hex}"
    encrypted.create_database(name)
    login = f"mlflow:{postgres.PASSWORD}"
    uri = f"postgresql+psycopg2://{login}@{host}:{encrypted.port}/{name}?sslmode={mode}"
    result = by_uri(uri, tmp_path, authority)
    assert result.database["reason"] == reason, result


@pytest.fixture(scope="module")
def mysql(session_folder: Path) -> Iterator[Mariadb]:
    """A MariaDB that speaks TLS, as `localhost` alone."""
    pair = signed("localhost", by=AUTHORITY)
    server = Mariadb(session_folder / "encrypted-mariadb", (pair.certificate, pair.key))
    with available():
        server.start()
    yield server
    server.remove()


@pytest.mark.parametrize(
    ("authority", "query", "reason"),
    [
        (AUTHORITY, "?ssl_verify_cert=true", "Migrated"),
        (AUTHORITY, "?ssl_verify_cert=true&ssl_verify_identity=true", "DatabaseTlsFailed"),
        (ANOTHER, "?ssl_verify_cert=true", "DatabaseTlsFailed"),
        (AUTHORITY, "", "CaBundleUnused"),
    ],
    ids=["of the authority", "for another host", "of another authority", "not asked for"],
)
def test_and_one_of_mysql(mysql: Mariadb, tmp_path: Path, authority: Pair, query: str, reason: str) -> None:
    """Whose driver is told by MLflow; the server has another name than the URI."""
    name = f"d{uuid.uuid4().hex}"
    mysql.run(ASK, f"CREATE DATABASE {name}")
    result = by_uri(mysql.uri(name) + query, tmp_path, authority, PYTHONPATH=str(mariadb.driver()))
    assert result.database["reason"] == reason, result
    if reason == "DatabaseTlsFailed":
        assert "name the authority in caBundle" in result.database["message"]


def by_uri(uri: str, folder: Path, authority: Pair, **variables: str) -> Result:
    """The preparation of a server with this URI, which trusts that authority."""
    spec = with_volume({"uriSecretRef": {"name": "uri", "key": "uri", "caBundle": BUNDLE}}, folder)
    spec["env"] += [{"name": name, "value": value} for name, value in variables.items()]
    bundle = mounted(folder, trust.DATABASE, authority)
    return prepare(spec, folder, secrets={"uri": {"uri": uri}}, mounted=bundle, patience=10)


@pytest.mark.parametrize(("authority", "reason"), [(AUTHORITY, "Writable"), (ANOTHER, "StoreUnreachable")])
def test_a_store_is_trusted_by_its_authority(minio: Minio, tmp_path: Path, authority: Pair, reason: str) -> None:
    """By the client that MLflow itself has."""
    for name, text in zip(("door.crt", "door.key"), _files(signed("127.0.0.1", by=AUTHORITY)), strict=True):
        (tmp_path / name).write_text(text)
    with door(minio.port, tmp_path) as url:
        spec: dict[str, Any] = with_bucket({"sqlite": {}}, minio, "mlflow", endpoint=url, caBundle=BUNDLE)
        spec["env"] = with_sqlite(tmp_path)["env"][1:]
        result = prepare(spec, tmp_path, mounted=mounted(tmp_path, trust.STORE, authority))
    assert result.artifacts["reason"] == reason, result
    if reason != "Writable":
        assert "name the authority in s3.caBundle" in result.artifacts["message"]


def _files(pair: Pair) -> tuple[str, str]:
    return pair.certificate, pair.key
