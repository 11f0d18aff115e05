"""Models on real servers: logged, registered and loaded, by this library and by MLflow's own client."""

import ast
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression

from cluster.fixtures import available
from cluster.services.cutting import cutter
from cluster.services.light_mlflow import ADMIN, PASSWORD
from cluster.services.mlflow_server import MlflowServer
from mlflow_operator.model_registry import ModelRegistry, PermissionDenied, StorageFull, Unavailable
from unit.documentation import DOCS, snippets

pytestmark = pytest.mark.integration

X, Y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
QUICK = {"pip_requirements": ["scikit-learn"]}
MIB = 2**20


@pytest.fixture(scope="session")
def direct_mlflow(session_folder: Path) -> Iterator[MlflowServer]:
    """An MLflow that hands out no artifacts: clients read and write the store themselves."""
    folder = session_folder / "direct-mlflow"
    folder.mkdir(parents=True, exist_ok=True)
    artifacts = str(folder / "artifacts")
    args = ("--no-serve-artifacts", "--default-artifact-root", artifacts)
    server = MlflowServer(folder, f"sqlite:///{folder}/mlflow.db", artifacts, extra_args=args, name=folder.name)
    with available():
        server.start()
    yield server
    server.stop()


@pytest.fixture(params=["plain_mlflow", "mlflow_server", "direct_mlflow"], ids=["files", "PostgreSQL, MinIO", "direct"])
def any_mlflow(request: pytest.FixtureRequest) -> MlflowServer:
    """On each kind of stores."""
    server: MlflowServer = request.getfixturevalue(request.param)
    server.start()
    return server


def trained(megabytes: int = 0) -> Any:
    """A model with so much to carry, half of which can be compressed."""
    model = LogisticRegression().fit(X, Y)
    model.weights_ = [os.urandom(MIB // 2) + bytes(MIB // 2) for _ in range(megabytes)]
    return model


def with_mlflow(server: MlflowServer, program: str) -> str:
    """What a program says that has MLflow alone, with its own settings."""
    env = {**os.environ, "MLFLOW_TRACKING_URI": server.url, "GIT_PYTHON_REFRESH": "quiet"}
    found = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[-2000:]
    return found.stdout.strip().splitlines()[-1]


@pytest.mark.parametrize("compress", [None, "zstd"])
async def test_a_model_comes_back_from_every_kind_of_store(
    any_mlflow: MlflowServer, tmp_path: Path, compress: str | None
) -> None:
    """Logged, registered and loaded: from the server, and by another service from the disk."""
    model, name = trained(3), f"fraud-{uuid.uuid4().hex[:8]}"
    async with ModelRegistry(any_mlflow.url, disk=tmp_path) as registry:
        run_id = await registry.log_model(model, name, options=QUICK, compress=compress, metrics={"auc": 0.9})
        version = await registry.register_model(run_id, name)
        found = await registry.load_model(name, version)
    assert found.weights_ == model.weights_
    async with ModelRegistry(any_mlflow.url, disk=tmp_path) as other:
        began = time.monotonic()
        again = await other.load_model(name)
        assert time.monotonic() - began < 2
    assert list(again.predict(X)) == Y


async def test_mlflows_own_client_loads_what_was_logged(plain_mlflow: MlflowServer) -> None:
    """By run, and by version; its page shows the model at the run."""
    name = f"fraud-{uuid.uuid4().hex[:8]}"
    async with ModelRegistry(plain_mlflow.url) as registry:
        run_id = await registry.log_model(trained(), name, options=QUICK, params={"C": 1}, metrics={"auc": 0.9})
        await registry.register_model(run_id, name)
    program = f"""
import json, mlflow, mlflow.sklearn
loaded = [mlflow.sklearn.load_model(uri) for uri in ("runs:/{run_id}/model", "models:/{name}/1")]
run = mlflow.get_run("{run_id}")
history = json.loads(run.data.tags["mlflow.log-model.history"])
print(json.dumps([[int(y) for y in one.predict({X})] for one in loaded] + [
    run.info.status, run.data.params, run.data.metrics, [one["artifact_path"] for one in history]]))
"""
    found = json.loads(with_mlflow(plain_mlflow, program))
    assert found == [Y, Y, "FINISHED", {"C": "1"}, {"auc": 0.9}, ["model"]]


async def test_what_mlflows_own_client_has_logged_is_loaded(plain_mlflow: MlflowServer) -> None:
    """MLflow 3 keeps it as a logged model, beside its run."""
    name = f"fraud-{uuid.uuid4().hex[:8]}"
    with_mlflow(
        plain_mlflow,
        f"""
import mlflow, mlflow.sklearn
from sklearn.linear_model import LogisticRegression
with mlflow.start_run():
    mlflow.sklearn.log_model(LogisticRegression().fit({X}, {Y}), name="scorer", registered_model_name="{name}",
                             serialization_format="cloudpickle", pip_requirements=["scikit-learn"])
print("done")
""",
    )
    async with ModelRegistry(plain_mlflow.url) as registry:
        assert list((await registry.load_model(name, 1)).predict(X)) == Y
        assert list((await registry.load_model(name, 1, flavor="pyfunc")).predict(X)) == Y


async def test_a_compressed_model_is_got_back_without_this_library(plain_mlflow: MlflowServer, tmp_path: Path) -> None:
    """MLflow's client says which file it misses; with zstd's own program the folder is what it was."""
    async with ModelRegistry(plain_mlflow.url) as registry:
        run_id = await registry.log_model(trained(3), "fraud", options=QUICK, compress="zstd")
    program = f"""
import json, pathlib, mlflow, mlflow.artifacts, mlflow.sklearn, zstandard
try:
    mlflow.sklearn.load_model("runs:/{run_id}/model")
    said = "loaded"
except Exception as error:
    said = str(error)
folder = pathlib.Path(mlflow.artifacts.download_artifacts("runs:/{run_id}/model", dst_path="{tmp_path}"))
for packed in folder.rglob("*.zst"):
    with packed.open("rb") as source, packed.with_suffix("").open("wb") as target:
        zstandard.ZstdDecompressor().copy_stream(source, target)
tag = mlflow.get_run("{run_id}").data.tags["mlflow-operator.compressed"]
print(json.dumps([said, tag, [int(y) for y in mlflow.sklearn.load_model(str(folder)).predict({X})]]))
"""
    said, tag, predicted = json.loads(with_mlflow(plain_mlflow, program))
    assert "model.pkl" in said
    assert (tag, predicted) == ("zstd", Y)


async def test_a_connection_that_is_cut_in_the_middle(plain_mlflow: MlflowServer, tmp_path: Path) -> None:
    """An error of ours in time, nothing half on the disk, and a whole model as soon as the way is good again."""
    name = f"fraud-{uuid.uuid4().hex[:8]}"
    with cutter(plain_mlflow.url) as way:
        async with ModelRegistry(way.url, disk=tmp_path) as registry:
            run_id = await registry.log_model(trained(8), name, options=QUICK)
            version = await registry.register_model(run_id, name)
            way.after = 2 * MIB
            began = time.monotonic()
            with pytest.raises(Unavailable):
                await registry.load_model(name, version, timeout=60)
            assert time.monotonic() - began < 30
            assert way.cuts >= 1
            assert left_in(tmp_path) == []
            way.after = None
            assert list((await registry.load_model(name, version)).predict(X)) == Y


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "small", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_full_disk(plain_mlflow: MlflowServer, small_disk: Path) -> None:
    """It says which disk, leaves nothing of what it began, and smaller models still fit."""
    name = f"fraud-{uuid.uuid4().hex[:8]}"
    async with ModelRegistry(plain_mlflow.url, disk=small_disk) as registry:
        for megabytes in (8, 1):
            run_id = await registry.log_model(trained(megabytes), name, options=QUICK)
            await registry.register_model(run_id, name)
        with pytest.raises(StorageFull, match=str(small_disk)):
            await registry.load_model(name, 1)
        assert left_in(small_disk) == []
        assert list((await registry.load_model(name, 2)).predict(X)) == Y


async def test_a_login_that_is_wrong(secured_mlflow: MlflowServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said to be, without itself; and the right one logs and loads."""
    secured_mlflow.start()
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "wrong-as-it-can-be")
    async with ModelRegistry(secured_mlflow.url) as registry:
        with pytest.raises(PermissionDenied) as caught:
            await registry.log_model(trained(), "fraud", options=QUICK)
    assert "wrong-as-it-can-be" not in str(caught.value)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    async with ModelRegistry(secured_mlflow.url) as registry:
        await registry.log_model(trained(), "fraud", options=QUICK)


async def test_a_server_that_is_gone_when_a_model_is_logged(plain_mlflow: MlflowServer) -> None:
    """Who logs is told in time."""
    with cutter(plain_mlflow.url) as way:
        async with ModelRegistry(way.url) as registry:
            await registry.log_model(trained(), "fraud", options=QUICK)  # imports are paid for
            way.after = 1
            with pytest.raises(Unavailable):
                await registry.log_model(trained(4), "fraud", options=QUICK, timeout=30)


async def test_the_snippet_of_the_page(plain_mlflow: MlflowServer) -> None:
    """As docs/model-files.md has it, with its claim."""
    (program,) = snippets(DOCS / "model-files.md", "python")
    async with ModelRegistry(plain_mlflow.url) as registry:
        code = compile(program, "model-files.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        await eval(code, {"registry": registry})  # noqa: S307 - it is ours


def left_in(folder: Path) -> list[Path]:
    """Files of the cache, without its locks."""
    return [file for file in folder.rglob("*") if file.is_file() and file.parent.name != "locks"]
