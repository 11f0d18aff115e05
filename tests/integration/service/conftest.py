"""What the tests of the service share: a light MLflow, one with logins, and a service for each."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cluster.fixtures import available
from cluster.services.light_mlflow import on_files, with_logins
from cluster.services.mlflow_server import MlflowServer
from cluster.services.registry import Registry
from mlflow_operator.model_registry import ModelRegistry


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
    server = with_logins(session_folder / "secured-mlflow")
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
