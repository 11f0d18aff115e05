"""Which way artifacts take: through the server, or by links past it to a store that every client reaches."""

import re
import subprocess
from pathlib import Path
from typing import Any

import mlflow
import pytest

from cluster.host import rest
from cluster.services.minio import Minio
from integration.server.test_server_process import Server, Start, start

__all__ = ["start"]

pytestmark = pytest.mark.integration

API = "/api/2.0/mlflow-artifacts"
OLDEST = "3.14.0"
DIRECT = {"directAccess": True}


@pytest.fixture(autouse=True)
def large_is_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients take any file for one that is worth several links, and give up soon where those lead nowhere."""
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")


@pytest.fixture
def begin(start: Start, minio: Minio) -> Any:
    """Start a server on a bucket that it reaches by a name that nobody else knows: MinIO is its proxy too."""

    def begin(version: str | None = None, **fields: Any) -> Server:
        return start(
            version=version,
            bucket={"endpoint": "http://store.invalid", **fields},
            env=[{"name": "HTTP_PROXY", "value": minio.url}],
        )

    return begin


def client_of(server: Server) -> mlflow.MlflowClient:
    """A client that has set nothing."""
    mlflow.set_tracking_uri(server.url)
    return mlflow.MlflowClient()


def logged(client: mlflow.MlflowClient, folder: Path) -> str:
    """A new run with a folder of two files."""
    run = str(client.create_run("0").info.run_id)
    (folder / "below").mkdir(parents=True)
    (folder / "one.txt").write_text("one")
    (folder / "below" / "two.txt").write_text("two")
    client.log_artifacts(run, str(folder), "model")
    return run


def asked_for(server: Server) -> set[str]:
    """Which of MLflow's paths for artifacts clients have asked for."""
    return set(re.findall(rf'"(?:GET|PUT|POST) {API}/(\w+)', server.process.log.read_text()))


@pytest.mark.parametrize("version", [None, OLDEST])
def test_who_cannot_reach_the_store_reads_and_writes(begin: Any, tmp_path: Path, version: str | None) -> None:
    """Through the server, files of any size, without a setting of the client; and lists and deletes them."""
    server = begin(version)
    client = client_of(server)
    run = logged(client, tmp_path / "files")
    assert [each.path for each in client.list_artifacts(run, "model")] == ["model/below", "model/one.txt"]
    found = Path(client.download_artifacts(run, "model", str(tmp_path)))
    assert (found / "below" / "two.txt").read_text() == "two"
    assert asked_for(server) == {"artifacts"}
    assert rest.send("DELETE", f"{server.url}{API}/artifacts/0/{run}/artifacts/model/below")[0] == 200
    assert [each.path for each in client.list_artifacts(run, "model")] == ["model/one.txt"]


def test_what_is_deleted_for_good_leaves_the_bucket(begin: Any, minio: Minio, tmp_path: Path) -> None:
    """By MLflow's own gc, run in a pod of the server."""
    server = begin()
    client = client_of(server)
    run = logged(client, tmp_path / "files")
    assert any(run in key for key in minio.objects("mlflow"))
    client.delete_run(run)
    words = ["mlflow", "gc", "--run-ids", run, "--tracking-uri", server.url]
    words += ["--backend-store-uri", server.env["MLFLOW_BACKEND_STORE_URI"]]
    without_the_store = {name: value for name, value in server.env.items() if name != "HTTP_PROXY"}
    ran = subprocess.run(words, env=without_the_store, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert not any(run in key for key in minio.objects("mlflow"))


def test_a_copied_version_has_its_files(begin: Any, tmp_path: Path) -> None:
    """Of whoever reads it by the name of the copy."""
    client = client_of(begin())
    run = logged(client, tmp_path / "files")
    client.create_registered_model("one")
    client.create_model_version("one", f"runs:/{run}/model", run)
    client.copy_model_version("models:/one/1", "two")
    found = Path(mlflow.artifacts.download_artifacts("models:/two/1", dst_path=str(tmp_path)))
    assert (found / "below" / "two.txt").read_text() == "two"


def test_whoever_asks_for_links_is_told_that_there_are_none(begin: Any, tmp_path: Path) -> None:
    """As MLflow says it of other stores; clients that were told to use links then go through the server."""
    server = begin()
    run = logged(client_of(server), tmp_path / "files")
    file = f"0/{run}/artifacts/model/one.txt"
    assert server.request(f"{API}/presigned/{file}", "ml")[0] == 501
    assert server.request(f"{API}/mpu/create/{file}", "ml", b'{"path": "one.txt", "num_parts": 1}', "POST")[0] == 501


def test_with_direct_access_clients_are_sent_to_the_store(begin: Any, tmp_path: Path) -> None:
    """So who does not reach it gets nothing: only the server knows its name here."""
    server = begin(**DIRECT)
    with pytest.raises(Exception, match=r"store\.invalid"):
        logged(client_of(server), tmp_path / "files")
    assert "mpu" in asked_for(server)


def test_with_direct_access_files_come_by_links(start: Start, tmp_path: Path) -> None:
    """Where clients reach the store."""
    server = start(bucket=DIRECT)
    client = client_of(server)
    run = logged(client, tmp_path / "files")
    found = Path(client.download_artifacts(run, "model", str(tmp_path)))
    assert (found / "below" / "two.txt").read_text() == "two"
    assert {"mpu", "presigned"} <= asked_for(server)
