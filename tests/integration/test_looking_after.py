"""What the operator asks of a running server, of a real MLflow with what its users ask for."""

import asyncio
import uuid

import pytest

from integration.test_server_process import Start, start
from mlflow_operator.api.serving import Experiment
from mlflow_operator.clients.registry import Access, Mlflow
from mlflow_operator.reconcile.servers import probe

__all__ = ["start"]

pytestmark = pytest.mark.integration

PLACES = ["s3://mlflow", "s3://mlflow/", "s3://mlflow/a/", "s3://mlflow/a b/ü", "mlflow-artifacts:/own"]


def test_a_server_with_workspaces_is_looked_after_and_keeps_experiments_where_they_were_asked_for(
    start: Start,
) -> None:
    """A bucket alone, a slash at the end, blanks: the second look finds no difference."""
    running = start(env=[{"name": "MLFLOW_ENABLE_WORKSPACES", "value": "true"}])
    wanted = [Experiment.model_validate({"name": f"{uuid.uuid4().hex} {p}", "artifactLocation": p}) for p in PLACES]
    assert asyncio.run(looks(running.port, wanted)) is None


async def looks(port: int, wanted: list[Experiment]) -> str | None:
    """Everything twice; what kept an artifact from being deleted, if anything did."""
    async with Mlflow() as mlflow:
        registry = mlflow.at(Access(f"http://127.0.0.1:{port}"))
        for _ in range(2):
            await probe.api(registry)
            await probe.experiments(registry, wanted)
        await probe.list_artifacts(registry)
        return await probe.write_artifact(registry, uuid.uuid4().hex)
