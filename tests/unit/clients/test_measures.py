"""What was measured of versions, asked of a small HTTP server that answers as MLflow does."""

import json
import math

import pytest
from aiohttp import web

from mlflow_operator.clients.mlflow.answers import LoggedMetric
from mlflow_operator.clients.mlflow.measuring import measure
from mlflow_operator.errors import RegistryRefused, RegistryUnavailable
from mlflow_operator.promotion.evidence import Measured, Need, Origin, Reading

from .answering import Handler, answering, error, server

VERSION = {"name": "fraud", "version": "7", "current_stage": "None"}


def logged(*metrics: dict[str, object]) -> str:
    """A logged model as MLflow shows it."""
    return json.dumps({"model": {"info": {"model_id": "m-7"}, "data": {"metrics": list(metrics)}}})


def run(**metrics: float | str) -> str:
    """A run as MLflow shows it."""
    items = [{"key": k, "value": v, "timestamp": 1, "step": 0} for k, v in metrics.items()]
    return json.dumps({"run": {"info": {"run_id": "r"}, "data": {"metrics": items, "params": []}}})


def mlflow(models: dict[str, str], runs: dict[str, str], asked: list[str]) -> Handler:
    """A server with logged models and runs."""

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path_qs)
        run_id = request.query.get("run_id")
        text = runs.get(run_id) if run_id else models.get(request.path.rpartition("/")[2])
        missing = error("RESOURCE_DOES_NOT_EXIST")
        return web.Response(text=text) if text else web.Response(status=404, text=missing)

    return handler


async def test_metrics_of_a_logged_model() -> None:
    """Each value with its dataset, its moment and the run that logged it; numbers of 64 bits come as texts too."""
    first = {"key": "auc", "value": 0.9, "timestamp": "17", "step": 2, "run_id": "r", "dataset_name": "holdout"}
    async with server(answering(200, logged(first, {"key": "loss", "value": "NaN"}))) as registry:
        found = list(await registry.logged_model_metrics("m-7"))
    assert found[0] == LoggedMetric("auc", 0.9, (17, 2), "r", "holdout")
    assert (found[1].key, math.isnan(found[1].value), found[1].dataset) == ("loss", True, "")


async def test_metrics_of_a_run() -> None:
    """The latest values by name; what is no number is one."""
    async with server(answering(200, run(auc=0.9, loss="NaN", size="Infinity"))) as registry:
        found = await registry.run_metrics("r")
    assert (found["auc"], math.isnan(found["loss"]), found["size"]) == (0.9, True, math.inf)


@pytest.mark.parametrize("text", ["{}", '{"model": {}}', logged({"value": 1}), logged({"key": "a", "value": []})])
async def test_what_is_no_logged_model(text: str) -> None:
    """A page of something else is no model without metrics, unless it is one."""
    async with server(answering(200, text)) as registry:
        if text == '{"model": {}}':
            assert list(await registry.logged_model_metrics("m-7")) == []
            return
        with pytest.raises(RegistryUnavailable) as caught:
            await registry.logged_model_metrics("m-7")
    assert caught.value.reason == "NotMLflow"


async def test_what_is_gone_has_no_metrics() -> None:
    """A run or a logged model that was deleted is missing, not an error; a refusal is one."""
    async with server(answering(404, error("RESOURCE_DOES_NOT_EXIST"))) as registry:
        assert (list(await registry.logged_model_metrics("m-7")), await registry.run_metrics("r")) == ([], {})
    async with server(answering(403, "Permission denied")) as registry:
        with pytest.raises(RegistryRefused):
            await registry.run_metrics("r")


async def test_a_name_is_no_path() -> None:
    """Whoever registers a version chooses its source; what is asked stays what was meant."""
    asked: list[str] = []
    async with server(mlflow({}, {}, asked)) as registry:
        await registry.logged_model_metrics("../../x?y=1")
    assert asked == ["/api/2.0/mlflow/logged-models/..%2F..%2Fx%3Fy=1"]


@pytest.mark.parametrize(
    ("facts", "run_id", "model"),
    [
        ({"run_id": "r", "source": "models:/m-0a1b"}, "r", "m-0a1b"),
        ({"run_id": "r", "source": "models:/m-0a1b/sub"}, "r", "m-0a1b"),
        ({"model_id": "m-9", "source": "s3://bucket/m-1"}, "", "m-9"),
        ({"source": "models:/fraud/7", "run_id": None}, "", ""),
        ({"source": "models:/m-../x"}, "", ""),
        ({}, "", ""),
    ],
)
async def test_what_made_a_version(facts: dict[str, object], run_id: str, model: str) -> None:
    """Its run, and its logged model, which some releases tell in the source alone."""
    async with server(answering(200, json.dumps({"model_versions": [VERSION | facts]}))) as registry:
        found = (await registry.snapshot("fraud", aliases=False)).versions["7"]
    assert (found.run, found.logged_model) == (run_id, model)


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("flavors: {}\nsaved_input_example_info:\n  type: dataframe\n", True),
        ("flavors: {}\nsaved_input_example_info: null\n", False),
        ("flavors: {}\nsignature: x\n", False),
    ],
)
async def test_the_input_example_is_read_from_the_model_file(text: str, there: bool) -> None:
    """A version has an input example if its MLmodel file says so."""
    async with server(answering(200, text)) as registry:
        assert (await registry.model_file("fraud", "7")).input_example is there


def metric(key: str, value: float, at: int = 1, dataset: str = "", by: str = "r") -> dict[str, object]:
    """A value in a logged model."""
    return {"key": key, "value": value, "timestamp": at, "step": 0, "run_id": by, "dataset_name": dataset}


SEVEN = Origin("7", 1, "r", "m-7")
AUC, LOSS = Need(SEVEN, "auc"), Need(SEVEN, "loss")


async def test_the_latest_value_of_each_dataset_counts() -> None:
    """Whoever evaluates again replaces what was measured before; the run's own value is told beside it."""
    asked: list[str] = []
    model = logged(metric("auc", 0.8), metric("auc", 0.9, 2), metric("auc", 0.7, 1, "holdout"), metric("other", 1))
    async with server(mlflow({"m-7": model}, {"r": run(auc=0.9)}, asked)) as registry:
        found = await measure(registry, {AUC, LOSS})
    assert found == {AUC: Measured((Reading(0.9), Reading(0.7, "holdout")), 0.9), LOSS: Measured()}
    assert len(asked) == 2


async def test_a_nan_that_mlflow_keeps_as_0_is_none() -> None:
    """A loss that is NaN is not 0, which is within every bound: the run in which it was logged knows."""
    model = logged(metric("loss", 0.0), metric("loss", 0.0, 1, "holdout", "other"), metric("auc", 0.0, 1, "", "zero"))
    runs = {"r": run(loss="NaN"), "other": run(loss="NaN"), "zero": run(auc=0.0)}
    async with server(mlflow({"m-7": model}, runs, [])) as registry:
        found = await measure(registry, {AUC, LOSS})
    assert [math.isnan(reading.value) for reading in found[LOSS].logged] == [True, True]
    assert found[AUC].logged == (Reading(0.0),)
    async with server(mlflow({"m-7": model}, runs, [])) as registry:
        assert await measure(registry, {AUC, LOSS}) == found, "two looks are equal"


async def test_who_does_not_answer_is_named_and_stops_nothing_else() -> None:
    """One version whose run must not be read leaves the other's metrics known."""
    other = Need(Origin("6", 1, "", "m-6"), "auc")

    async def handler(request: web.Request) -> web.Response:
        if "run_id" in request.query:
            return web.Response(status=403, text="Permission denied")
        return web.Response(text=logged(metric("auc", 0.9, by="")))

    async with server(handler) as registry:
        found = await measure(registry, {AUC, other})
    assert found[other] == Measured((Reading(0.9),))
    assert "answered 403" in found[AUC].refused
