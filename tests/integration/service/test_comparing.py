"""Versions are compared by what a real MLflow knows of them."""

import json
import math
import uuid

import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from sklearn.linear_model import LogisticRegression

from cluster.services.registry import Registry
from mlflow_operator.model_registry import ModelRegistry, NotFound

pytestmark = pytest.mark.integration

X, Y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]


async def logged(service: ModelRegistry, name: str, accuracy: float, c: float, column: ColSpec) -> int:
    """A version of a real model, which takes one column; its number."""
    model = LogisticRegression(C=c).fit(X, Y)
    signature = ModelSignature(inputs=Schema([column]))
    run_id = await service.log_model(model, name, metrics={"accuracy": accuracy}, params={"C": c}, signature=signature)
    return await service.register_model(run_id, name, tags={"by": "test"})


async def test_versions_are_beside_one_another(service: ModelRegistry, others: Registry) -> None:
    """Metrics, params, tags, data and what the models take."""
    name = f"scoring-{uuid.uuid4().hex[:8]}"
    await logged(service, name, 0.85, 1.0, ColSpec("double", "age"))
    second = await logged(service, name, 0.9, 0.5, ColSpec("long", "years"))
    dataset = {"name": "train", "digest": "abc", "source_type": "local", "source": "{}"}
    tags = [{"key": "mlflow.data.context", "value": "training"}]
    run_id = (await service.get_version(name, second)).run_id
    others._post("runs/log-inputs", {"run_id": run_id, "datasets": [{"dataset": dataset, "tags": tags}]})
    table = await service.compare_models(name, versions=[1, "2"], metrics=["accuracy", "f1"])
    found = table.as_dict()
    assert found[1]["metric"] == {"accuracy": 0.85, "f1": None}
    assert found[2]["metric"]["accuracy"] == 0.9
    assert (found[1]["param"]["C"], found[2]["param"]["C"]) == ("1.0", "0.5")
    assert found[2]["tag"]["by"] == "test"
    assert found[2]["dataset"] == {"datasets": "train@abc (training)"}
    signature = {row.name: dict(row.values) for row in table.rows() if row.kind == "signature"}
    assert signature["inputs.age"] == {1: "double", 2: None}
    assert signature["inputs.years"] == {1: None, 2: "long"}
    assert "| metric | accuracy | 0.85 | 0.9 | ≠ |" in str(table)


async def test_versions_without_run_and_files_are_compared_too(
    service: ModelRegistry, others: Registry, model: str
) -> None:
    """What cannot be read is said so; all versions are shown where none are named."""
    table = await service.compare_models(model)
    assert [compared.version.version for compared in table.versions] == [1, 2, 3, 4, 5]
    assert {row.name: row.differs for row in table.rows()} == {
        "stage": False,
        "aliases": False,
        "datasets": False,
        "MLmodel": False,
    }
    with pytest.raises(NotFound):
        await service.compare_models(model, versions=[1, 77])
    with pytest.raises(NotFound):
        await service.compare_models(f"{model}-not")


async def test_a_metric_is_followed_over_versions(service: ModelRegistry, others: Registry, model: str) -> None:
    """With each of its steps, and with values that are no numbers."""
    for values in ((0.5, 0.7), (math.nan,), ()):
        run_id = others.run()
        for step, value in enumerate(values):
            body = {"run_id": run_id, "key": "loss", "value": "NaN" if math.isnan(value) else value}
            others._post("runs/log-metric", body | {"timestamp": 1000 + step, "step": step})
        others.add_measured_version(model, run_id)
    history = await service.metric_history(model, "loss", versions=[6, 7, 8])
    assert [point.value for point in history.points[6]] == [0.5, 0.7]
    assert math.isnan(history.last[7])
    assert history.points[8] == ()
    everything = await service.metric_history(model, "loss")
    assert list(everything.points) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert json.loads(json.dumps(everything.rows()))[1] == {"version": 6, "step": 1, "time": 1001, "value": 0.7}
