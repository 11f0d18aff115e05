"""Artifact stores that are named by a URI: tried by MLflow's own client of each kind."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.services.google_storage import GoogleStorage, client
from integration.server.test_server_process import Start, start
from integration.stores.test_prepare import Result, prepare, with_sqlite
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.clients.mlflow.registry import Access, Mlflow
from mlflow_operator.reconcile.servers.artifacts import look
from unit.reconcile.servers.test_artifacts import world

__all__ = ["start"]

pytestmark = pytest.mark.integration

WASBS = "wasbs://models@account.blob.core.windows.net/a"
ABFSS = "abfss://models@account.dfs.core.windows.net/a"


@pytest.fixture
def google() -> Iterator[GoogleStorage]:
    """A store with the bucket models."""
    store = GoogleStorage("models")
    store.start()
    yield store
    store.stop()


def variables(**values: str) -> list[dict[str, str]]:
    """Variables of a spec."""
    return [{"name": name, "value": value} for name, value in values.items()]


def tried(uri: str, folder: Path, verify: str = "Write", **env: str) -> Result:
    """The preparation of a server with that store."""
    spec: dict[str, Any] = {"backendStore": {"sqlite": {}}, "artifactStore": {"uri": {"uri": uri}, "verify": verify}}
    database = with_sqlite(folder)["env"][1:]
    return prepare(spec | {"env": [*database, *variables(**env)]}, folder)


def at(google: GoogleStorage) -> dict[str, str]:
    """Variables with which the client is there, and goes to that store."""
    return {"STORAGE_EMULATOR_HOST": google.url, "GOOGLE_CLOUD_PROJECT": "team", "PYTHONPATH": client()}


@pytest.mark.parametrize(("verify", "reason"), [("Write", "Writable"), ("Read", "Readable")])
@pytest.mark.parametrize("uri", ["gs://models", "gs://models/a/b"])
def test_a_bucket_of_google_is_tried(uri: str, verify: str, reason: str, google: GoogleStorage, tmp_path: Path) -> None:
    """By MLflow's client: written, read and deleted, or listed; nothing stays."""
    result = tried(uri, tmp_path, verify, **at(google))
    assert (result.code, result.artifacts["reason"]) == (0, reason), result.artifacts
    assert google.objects == {"models": {}}


def test_a_bucket_of_google_that_is_not_there_is_named(google: GoogleStorage, tmp_path: Path) -> None:
    """Nobody makes it, and nobody waits for it."""
    result = tried("gs://nobodys", tmp_path, **at(google))
    assert (result.code, result.artifacts["reason"]) == (3, "BucketMissing"), result.artifacts


@pytest.mark.parametrize(("status", "found"), [(401, (1, "CredentialsMissing")), (403, (3, "StoreRefused"))])
def test_a_store_that_lets_nobody_in_is_told_of(
    status: int, found: tuple[int, str], google: GoogleStorage, tmp_path: Path
) -> None:
    """Without an identity, and without rights."""
    google.refusing = status
    result = tried("gs://models", tmp_path, **at(google))
    assert (result.code, result.artifacts["reason"]) == found, result.artifacts


@pytest.mark.parametrize(
    ("uri", "package"),
    [
        ("gs://models/a", "google-cloud-storage"),
        (WASBS, "azure-storage-blob and azure-identity"),
        (ABFSS, "azure-storage-file-datalake and azure-identity"),
        ("hdfs://namenode:8020/a", "Hadoop's libhdfs"),
    ],
)
def test_a_client_that_the_image_lacks_is_named(uri: str, package: str, tmp_path: Path) -> None:
    """By the package that has it, and before anything is waited for."""
    result = tried(uri, tmp_path)
    assert (result.code, result.artifacts["reason"]) == (3, "DriverMissing"), result.artifacts
    assert package in result.artifacts["message"]


async def test_artifacts_go_through_the_server_into_it(start: Start, google: GoogleStorage) -> None:
    """A real MLflow writes there what comes to it, and gives it back; a look of the operator finds that it works."""
    store = {"uri": {"uri": "gs://models/a"}}
    running = start(artifactStore=store, env=variables(**at(google)))
    spec = {"backendStore": {"sqlite": {}}, "artifactStore": store}
    me = MLflowServer.parse({"metadata": {"name": "ml", "namespace": "team", "uid": "u"}, "spec": spec})
    async with Mlflow() as mlflow:
        found = await look(world(), me, mlflow.at(Access(f"http://127.0.0.1:{running.port}")))
    assert found is not None
    assert (found.ok, found.reason) == (True, "Writable"), found
