"""A model is logged as a run that says how it ended, and comes back as it was."""

import asyncio
import json
import math
from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression

from mlflow_operator.model_registry.artifacts.compression import LIST, TAG
from mlflow_operator.model_registry.errors import Invalid, PermissionDenied, Unavailable
from unit.model_registry.artifacts.shelf import ROOT, Shelf, version

QUICK = {"pip_requirements": ["scikit-learn"]}


async def logged(server: Shelf, model: Any, **more: Any) -> str:
    """Log it to an empty shelf."""
    server.files.clear()
    return await server.artifacts().log(model, "fraud", options=QUICK, timeout=30, **more)


async def test_a_model_that_was_logged_is_loaded(server: Shelf, fitted: LogisticRegression) -> None:
    """At the path model of its run."""
    assert await logged(server, fitted) == "r1"
    assert f"{ROOT}/MLmodel" in server.files
    assert list((await server.artifacts().load(version())).predict([[0.0], [3.0]])) == [0, 1]


async def test_the_run_has_what_was_given(server: Shelf, fitted: LogisticRegression) -> None:
    """Metrics, parameters and tags; more than MLflow takes at once in several requests."""
    params = {f"p{number}": number for number in range(250)}
    await logged(server, fitted, metrics={"accuracy": 0.9, "odd": math.nan}, params=params, tags={"team": "risk"})
    batches = [body for body in server.bodies if "params" in body or "metrics" in body]
    said = {item["key"]: item["value"] for body in batches for item in body.get("params", [])}
    assert said == {key: str(value) for key, value in params.items()}
    assert max(len(body.get("params", [])) for body in batches) == 100
    metrics = {item["key"]: item["value"] for body in batches for item in body.get("metrics", [])}
    assert metrics == {"accuracy": 0.9, "odd": "NaN"}
    tags = {tag["key"]: tag["value"] for tag in server.bodies[0]["tags"]}
    assert (tags["team"], tags["mlflow.runName"]) == ("risk", "fraud")
    assert server.statuses() == ["FINISHED"]


async def test_a_compressed_model_comes_back_and_says_that_it_is_one(server: Shelf, fitted: LogisticRegression) -> None:
    """Its run has the tag, its folder the list, and who loads it notices nothing."""
    fitted.notes_ = "0123456789abcdef" * 2**18
    await logged(server, fitted, compress="zstd")
    assert {"key": TAG, "value": "zstd"} in server.bodies[0]["tags"]
    assert json.loads(server.files[f"{ROOT}/{LIST}"])["files"].keys() == {"model.pkl"}
    assert sum(map(len, server.files.values())) < 2**20
    assert (await server.artifacts().load(version())).notes_ == fitted.notes_


async def test_a_run_that_breaks_off_is_marked_as_failed(server: Shelf, fitted: LogisticRegression) -> None:
    """Whatever it was that went wrong."""
    server.refuses["model.pkl"] = (403, "no")
    with pytest.raises(PermissionDenied):
        await logged(server, fitted)
    assert server.statuses() == ["FAILED"]


async def test_a_run_that_cannot_be_marked_is_said_to_stay(server: Shelf, fitted: LogisticRegression) -> None:
    """As a note to the error, by the id of the run."""
    server.refuses = {"model.pkl": (403, "no"), "runs/update": (500, "")}
    with pytest.raises(PermissionDenied) as caught:
        await logged(server, fitted)
    assert "run r1 could not be marked as failed, and stays RUNNING" in caught.value.__notes__[0]


async def test_a_model_that_cannot_be_saved_is_a_failed_run(server: Shelf, fitted: LogisticRegression) -> None:
    """And the sentence says what its library said."""
    fitted.lock_ = (number for number in range(3))
    with pytest.raises(Invalid, match=r"cannot be saved as sklearn: TypeError: .*generator"):
        await logged(server, fitted)
    assert server.statuses() == ["FAILED"]


async def test_who_stops_waiting_leaves_a_failed_run(server: Shelf, fitted: LogisticRegression) -> None:
    """A training job that is cancelled leaves no run that seems to go on for ever."""
    server.files.clear()
    upload = asyncio.Event()
    answer = server._file

    async def slow(request: Any, path: str) -> Any:
        upload.set()
        await asyncio.sleep(0.3)
        return await answer(request, path)

    server._file = slow  # type: ignore[method-assign]
    task = asyncio.ensure_future(server.artifacts().log(fitted, "fraud", options=QUICK))
    await upload.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _ in range(100):
        await asyncio.sleep(0.05)
        if server.statuses():
            break
    assert server.statuses() == ["FAILED"]


async def test_a_server_that_hangs_costs_no_more_than_the_deadline(server: Shelf, fitted: LogisticRegression) -> None:
    """And the error says what becomes of the run."""
    server.hangs = "runs/create"
    with pytest.raises(Unavailable, match=r"not logged within 0\.5 s"):
        await server.artifacts().log(fitted, "fraud", timeout=0.5)


async def test_a_deleted_experiment_is_not_restored_behind_anybodys_back(
    server: Shelf, fitted: LogisticRegression
) -> None:
    """Who logs is told how."""
    deleted = {"experiment": {"experiment_id": "7", "lifecycle_stage": "deleted"}}
    server.refuses["get-by-name"] = (200, json.dumps(deleted))
    with pytest.raises(Invalid, match=r"experiment scoring was deleted; restore it .*-x 7"):
        await logged(server, fitted, experiment="scoring")
    assert server.bodies == []


async def test_what_makes_no_sense_is_said_before_anything_is_sent(server: Shelf, fitted: LogisticRegression) -> None:
    """Neither a run nor a file comes of it."""
    with pytest.raises(Invalid, match="compress is 'gzip'"):
        await logged(server, fitted, compress="gzip")
    with pytest.raises(Invalid, match="say flavor="):
        await logged(server, {"a": "dict"})
    assert server.calls == []
