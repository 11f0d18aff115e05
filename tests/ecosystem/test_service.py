"""The service works with each MLflow that docs/model-registry.md names, on either kind of stores, by either client."""

import os
import re
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import mlflow
import pytest
import sklearn
from sklearn.linear_model import LogisticRegression

from cluster.fixtures import available
from cluster.host import folders, run
from cluster.host.locking import exclusive
from cluster.services.light_mlflow import ADMIN, PASSWORD, on_files, with_logins
from cluster.services.minio import Minio
from cluster.services.mlflow_server import MlflowServer
from cluster.services.postgres import Postgres
from mlflow_operator.model_registry import ModelRegistry
from unit.documentation import DOCS, tables

pytestmark = pytest.mark.ecosystem

PAGE = DOCS / "model-registry.md"
RELEASES = [re.sub(r"[^\d.]", "", row[0]) for row in tables(PAGE, "MLflow server")]
CLIENTS = [name for name in re.findall(r"`mlflow-skinny` ([\d.]+)", PAGE.read_text()) if name != mlflow.__version__]
LISTING = """
import asyncio, mlflow
from sklearn.linear_model import LogisticRegression
from mlflow_operator.model_registry import ModelRegistry

async def main():
    async with ModelRegistry() as registry:
        model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
        run_id = await registry.log_model(model, "scoring", metrics={"accuracy": 0.85}, params={"C": 1.0})
        version = await registry.register_model(run_id, "scoring")
        await registry.promote_model("scoring", version, stage="Production")
        loaded = await registry.load_model("scoring", stage="Production")
        print(mlflow.__version__, loaded.predict([[0.0], [1.0], [2.0], [3.0]]).tolist())

asyncio.run(main())
"""
X, Y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]


def on_stores(folder: Path, *, version: str, postgres: Postgres, minio: Minio) -> MlflowServer:
    """A server with a database of its own in PostgreSQL, and its artifacts in MinIO."""
    name = folder.name.replace("-", "_")
    uri, bucket = postgres.create_database(name), minio.create_bucket(folder.name)
    folder.mkdir(parents=True)
    return MlflowServer(
        folder, uri, f"{bucket}/artifacts", version=version, extra_env=minio.client_env, name=folder.name
    )


@pytest.fixture(params=["plain", "with logins", "on PostgreSQL and MinIO"])
def server(request: pytest.FixtureRequest, release: str, session_folder: Path) -> Iterator[MlflowServer]:
    """A server of some release."""
    folder = session_folder / f"mlflow-{uuid.uuid4().hex[:8]}"
    if request.param == "on PostgreSQL and MinIO":
        stores = {name: request.getfixturevalue(name) for name in ("postgres", "minio")}
        made = on_stores(folder, version=release, **stores)
    else:
        made = (with_logins if request.param == "with logins" else on_files)(folder, version=release)
    with available():
        made.start()
    yield made
    made.stop()


@pytest.fixture
async def registry(
    server: MlflowServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[ModelRegistry]:
    """The service at that server."""
    for name, value in variables(server, tmp_path).items():
        monkeypatch.setenv(name, value)
    async with ModelRegistry() as service:
        yield service


def variables(server: MlflowServer, folder: Path) -> dict[str, str]:
    """By which the service finds the server, and no cluster."""
    return {
        "KUBECONFIG": str(folder / "none"),
        "MLFLOW_TRACKING_URI": server.url,
        "MLFLOW_TRACKING_USERNAME": ADMIN,
        "MLFLOW_TRACKING_PASSWORD": PASSWORD,
    }


@pytest.mark.parametrize("release", RELEASES)
async def test_every_call_works_with_every_release(registry: ModelRegistry, release: str) -> None:
    """The guide's listing, and what can be asked of a registry then."""
    health = await registry.health_check()
    assert (health["status"], health.get("version")) == ("healthy", release)
    for accuracy in (0.85, 0.9):
        model = LogisticRegression().fit(X, Y)
        run_id = await registry.log_model(model, "scoring", metrics={"accuracy": accuracy}, compress="zstd")
        version = await registry.register_model(run_id, "scoring", tags={"team": "risk"})
        assert (await registry.promote_model("scoring", version, stage="Production")).changed
        assert (await registry.promote_model("scoring", version, alias="champion")).changed
    (found,) = await registry.list_models()
    assert (found.stages, found.aliases) == ({"Archived": 1, "Production": 2}, {"champion": 2})
    for loaded in (
        await registry.load_model("scoring", 1),
        await registry.load_model("scoring", stage="Production"),
        await registry.load_model("scoring", alias="champion", flavor="pyfunc"),
    ):
        assert list(loaded.predict(X)) == Y
    table = (await registry.compare_models("scoring", [1, 2])).as_dict()
    assert [table[version]["metric"]["accuracy"] for version in (1, 2)] == [0.85, 0.9]
    assert (await registry.metric_history("scoring", "accuracy")).last == {1: 0.85, 2: 0.9}


@pytest.mark.parametrize("release", [RELEASES[0], RELEASES[-1]])
@pytest.mark.parametrize("client", CLIENTS)
def test_an_older_client_works_too(server: MlflowServer, client: str, tmp_path: Path) -> None:
    """The way of a model, in an environment that has this client and no newer one."""
    python = environment(client)
    env = os.environ | variables(server, tmp_path) | {"PYTHONPATH": str(folders.CHECKOUT / "operator")}
    argv = [str(python), "-W", "ignore", "-c", LISTING]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=180, check=False)
    assert (done.returncode, done.stdout.split()) == (0, [client, "[0,", "0,", "1,", "1]"]), done.stderr[-2000:]


def environment(client: str) -> Path:
    """The Python of an environment with a client of MLflow's, made first when it is not there."""
    target = folders.cache() / "environments" / f"client-{client}"
    with exclusive(target.parent / f"{target.name}.lock"):
        if not (target / ".done").exists():
            run.output([run.uv(), "venv", "--quiet", "--clear", "--python", sys.executable, target])
            # What was pickled by one release of scikit-learn is read by the same.
            packages = (
                "aiohttp",
                "zstandard",
                "tqdm",
                f"scikit-learn=={sklearn.__version__}",
                f"mlflow-skinny=={client}",
            )
            python = target / "bin" / "python"
            run.output([run.uv(), "pip", "install", "--quiet", "--python", python, *packages, "pandas<3"])
            (target / ".done").touch()
    return target / "bin" / "python"
