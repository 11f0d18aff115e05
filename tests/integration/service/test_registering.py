"""What a run has logged becomes a version, with MLflow 3's logged models and with files as MLflow 2 leaves them."""

import asyncio
import uuid

import pytest

from cluster.host import rest
from cluster.services.mlflow_server import MlflowServer
from cluster.services.registry import Registry
from mlflow_operator.model_registry import Invalid, ModelRegistry, NotFound

pytestmark = pytest.mark.integration

FILES = "/api/2.0/mlflow-artifacts/artifacts"


def put(server: MlflowServer, run_id: str, path: str) -> None:
    """An artifact of a run, as MLflow 2 leaves a model."""
    status, said = rest.send("PUT", f"{server.url}{FILES}/0/{run_id}/artifacts/{path}", "flavors: {}\n")
    assert status == 200, said


@pytest.fixture
def name() -> str:
    """A model that is not registered yet."""
    return f"new-{uuid.uuid4().hex[:8]}"


async def test_the_files_of_a_run_become_a_version(
    service: ModelRegistry, plain_mlflow: MlflowServer, others: Registry, name: str
) -> None:
    """The registered model is made, the version has tags and description, and the number is a number."""
    run_id = others.run(accuracy=0.9)
    put(plain_mlflow, run_id, "model/MLmodel")
    version = await service.register_model(run_id, name, tags={"team": "risk"}, description="first")
    assert version == 1
    found = await service.get_version(name, version)
    assert (found.status, found.run_id, found.tags, found.description) == ("READY", run_id, {"team": "risk"}, "first")
    assert found.source.endswith(f"{run_id}/artifacts/model")


async def test_a_logged_model_becomes_a_version(service: ModelRegistry, others: Registry, name: str) -> None:
    """Of the models of a run the one that is meant, by its name."""
    run_id = others.run()
    first, second = others.logged_model(run_id), others.logged_model(run_id, "explainer")
    for identity in (first, second):
        others._post("runs/outputs", {"run_id": run_id, "models": [{"model_id": identity, "step": 0}]})
    assert await service.register_model(run_id=run_id, model_name=name) == 1
    assert await service.register_model(run_id, name, artifact_path="explainer") == 2
    versions = [await service.get_version(name, number) for number in (1, 2)]
    assert [version.logged_model for version in versions] == [first, second]
    with pytest.raises(Invalid, match="models named explainer, model, none named other"):
        await service.register_model(run_id, name, artifact_path="other")


async def test_a_run_without_a_model_is_said_so(service: ModelRegistry, others: Registry, name: str) -> None:
    """MLflow itself would register it; and nothing is registered."""
    with pytest.raises(NotFound, match="has no model under model"):
        await service.register_model(others.run(), name)
    with pytest.raises(NotFound):
        await service.register_model("0" * 32, name)
    assert name not in [model.name for model in await service.list_models()]


async def test_many_register_a_new_model_at_once(
    service: ModelRegistry, plain_mlflow: MlflowServer, others: Registry, name: str
) -> None:
    """Who comes second finds the model made; each gets a version of its own."""
    run_id = others.run()
    put(plain_mlflow, run_id, "model/MLmodel")
    versions = await asyncio.gather(*(service.register_model(run_id, name) for _ in range(4)))
    assert sorted(versions) == [1, 2, 3, 4]
