"""What the operator asks of a running server, of a real MLflow with what its users ask for."""

import asyncio
import json
import uuid
from typing import Any

import pytest

from integration.server.test_server_process import Start, start
from mlflow_operator.api.server.serving import Experiment
from mlflow_operator.clients.mlflow.registry import Access, Mlflow
from mlflow_operator.reconcile.servers import probe

__all__ = ["start"]

pytestmark = pytest.mark.integration

PLACES = ["s3://mlflow", "s3://mlflow/", "s3://mlflow/a/", "s3://mlflow/a b/ü", "mlflow-artifacts:/own"]


FOLDER = ".mlflow-operator"
WORKSPACES = [{"name": "MLFLOW_ENABLE_WORKSPACES", "value": "true"}]


def test_experiments_stay_where_they_were_asked_for(start: Start) -> None:
    """In a bucket alone, with a slash at the end, with blanks: the second look finds no difference."""
    names = [{"name": f"{uuid.uuid4().hex} {place}", "artifactLocation": place} for place in PLACES]
    assert asyncio.run(looks(start().port, [Experiment.model_validate(name) for name in names])) is None


def test_a_server_with_workspaces_is_looked_after(start: Start) -> None:
    """Its own questions need no workspace."""
    wanted = [Experiment.model_validate({"name": uuid.uuid4().hex})]
    assert asyncio.run(looks(start(env=WORKSPACES).port, wanted)) is None


def test_a_name_that_a_deleted_experiment_has_is_no_hindrance(start: Start) -> None:
    """MLflow keeps the name; the experiment is brought back, with what was in it."""
    server, name = start(), uuid.uuid4().hex
    wanted = [Experiment.model_validate({"name": name})]

    def asked(path: str, body: bytes | None = None) -> dict[str, Any]:
        status, answer = server.request(f"/api/2.0/mlflow/experiments/{path}", "localhost", body)
        assert status == 200, answer
        return dict(json.loads(answer))

    assert asyncio.run(looks(server.port, wanted)) is None
    before = asked(f"get-by-name?experiment_name={name}")["experiment"]
    asked("delete", json.dumps({"experiment_id": before["experiment_id"]}).encode())
    assert asyncio.run(looks(server.port, wanted)) is None
    after = asked(f"get-by-name?experiment_name={name}")["experiment"]
    assert (after["experiment_id"], after["lifecycle_stage"]) == (before["experiment_id"], "active")


async def looks(port: int, wanted: list[Experiment]) -> str | None:
    """Everything twice; what kept an artifact from being deleted, if anything did."""
    async with Mlflow() as mlflow:
        registry = mlflow.at(Access(f"http://127.0.0.1:{port}"))
        for _ in range(2):
            await probe.api(registry)
            await probe.experiments(registry, wanted)
        await probe.list_artifacts(registry, FOLDER)
        return await probe.write_artifact(registry, FOLDER, uuid.uuid4().hex)
