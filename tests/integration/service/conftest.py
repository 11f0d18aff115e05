"""What the tests of the service share: a light MLflow, one with logins, and a service for each."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cluster.fixtures import available
from cluster.services.mlflow_server import MlflowServer
from cluster.services.registry import Registry
from mlflow_operator.model_registry import ModelRegistry

ADMIN, PASSWORD = "admin", "a-password-of-the-tests"


@pytest.fixture(scope="session")
def plain_mlflow(session_folder: Path) -> Iterator[MlflowServer]:
    """The pinned MLflow on SQLite and files."""
    server = on_files(session_folder / "plain-mlflow")
    with available():
        server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def secured_mlflow(session_folder: Path) -> Iterator[MlflowServer]:
    """The same with MLflow's basic auth."""
    folder = session_folder / "secured-mlflow"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "auth.ini").write_text(
        f"[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{folder}/auth.db\n"
        f"admin_username = {ADMIN}\nadmin_password = {PASSWORD}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    env = {"MLFLOW_AUTH_CONFIG_PATH": f"{folder}/auth.ini", "MLFLOW_FLASK_SERVER_SECRET_KEY": "of-the-tests"}
    server = on_files(folder, extra_env=env, extra_args=("--app-name=basic-auth",))
    with available():
        server.start()
    yield server
    server.stop()


@pytest.fixture
async def service(plain_mlflow: MlflowServer) -> AsyncIterator[ModelRegistry]:
    """The service, as a program uses it."""
    plain_mlflow.start()
    async with ModelRegistry(plain_mlflow.url) as registry:
        yield registry


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever cluster the machine knows is none of the service's business."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)


@pytest.fixture
def registry(others: Registry) -> Registry:
    """What the operator of these tests looks after: a light MLflow will do."""
    return others


@pytest.fixture
def others(plain_mlflow: MlflowServer) -> Registry:
    """The same registry, as somebody else sees and moves it."""
    plain_mlflow.start()
    return Registry(plain_mlflow.url)


@pytest.fixture
def model(others: Registry) -> str:
    """A registered model with five versions, under a name that no other test uses."""
    return others.create_model(f"fraud-{uuid.uuid4().hex[:8]}", versions=5)


def on_files(
    folder: Path,
    *,
    version: str | None = None,
    extra_env: dict[str, str] | None = None,
    extra_args: tuple[str, ...] = (),
) -> MlflowServer:
    """An MLflow on SQLite and files, of any release."""
    folder.mkdir(parents=True, exist_ok=True)
    database, artifacts = f"sqlite:///{folder}/mlflow.db", str(folder / "artifacts")
    return MlflowServer(
        folder, database, artifacts, version=version, extra_env=extra_env, extra_args=extra_args, name=folder.name
    )
