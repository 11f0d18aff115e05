"""A model, logged as a run of MLflow's."""

import contextlib
import getpass
import json
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlflow_operator.model_registry.artifacts import compression, flavors, folders, transfer
from mlflow_operator.model_registry.artifacts.flavors import Flavor
from mlflow_operator.model_registry.artifacts.server import Check, Server
from mlflow_operator.model_registry.errors import Conflict, Invalid, NotFound, RegistryError

PATH = "model"
"""Where the model is among the artifacts of its run."""


@dataclass(frozen=True)
class Wanted:
    """What is to be logged."""

    model: Any
    name: str
    flavor: Flavor
    experiment: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    compress: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    """For ``save_model`` of MLflow's flavor."""


def experiment_id(server: Server, name: str) -> str:
    """The experiment of that name, made if there is none.

    Raises:
        Invalid: It was deleted, and restoring it is not for a training job to decide.
    """
    for _ in range(2):
        with contextlib.suppress(NotFound):
            found = server.get("experiments/get-by-name", experiment_name=name)["experiment"]
            if found.get("lifecycle_stage") == "deleted":
                again = f"mlflow-operator init --restore, or mlflow experiments restore -x {found['experiment_id']}"
                raise Invalid(f"experiment {name} was deleted; restore it ({again}), or log to another one")
            return str(found["experiment_id"])
        with contextlib.suppress(Conflict):  # somebody else made it in between
            return str(server.post("experiments/create", {"name": name})["experiment_id"])
    raise Conflict(f"experiment {name} comes and goes; somebody else makes and deletes it, so try again")


def log(server: Server, wanted: Wanted, check: Check) -> str:
    """Log a model; the id of its run. A run that could not be finished is marked as failed.

    Raises:
        RegistryError: What went wrong.
    """
    into = experiment_id(server, wanted.experiment)
    check()
    info = server.post("runs/create", _run(into, wanted))["run"]["info"]
    run_id = str(info["run_id"])
    try:
        _measures(server, run_id, wanted)
        _files(server, info, wanted, check)
        _end(server, run_id, "FINISHED")
    except BaseException as error:
        try:
            _end(server, run_id, "FAILED")
        except RegistryError as second:
            error.add_note(f"run {run_id} could not be marked as failed, and stays RUNNING: {second}")
        raise
    return run_id


def _run(into: str, wanted: Wanted) -> dict[str, Any]:
    tags = {"mlflow.user": _user(), "mlflow.runName": wanted.name, **wanted.tags}
    if wanted.compress:
        tags[compression.TAG] = compression.FORMAT
    return {
        "experiment_id": into,
        "run_name": wanted.name,
        "start_time": _now(),
        "tags": [{"key": key, "value": str(value)} for key, value in tags.items()],
    }


def _measures(server: Server, run_id: str, wanted: Wanted) -> None:
    """Metrics and parameters, as many at a time as MLflow takes."""
    now = _now()
    params = [{"key": key, "value": str(value)} for key, value in wanted.params.items()]
    metrics = [
        {"key": key, "value": _number(key, value), "timestamp": now, "step": 0} for key, value in wanted.metrics.items()
    ]
    for some in _slices(params, 100):
        server.post("runs/log-batch", {"run_id": run_id, "params": some})
    for some in _slices(metrics, 1000):
        server.post("runs/log-batch", {"run_id": run_id, "metrics": some})


def _files(server: Server, info: Mapping[str, Any], wanted: Wanted, check: Check) -> None:
    lease = folders.temporary()
    try:
        with folders.storage(lease.path):
            folder = lease.path / PATH
            about = flavors.save(wanted.flavor, wanted.model, folder, str(info["run_id"]), wanted.options)
            check()
            if wanted.compress:
                compression.pack(folder, check)
            transfer.send(transfer.store(server, str(info["artifact_uri"])), folder, PATH, check)
    finally:
        lease.release()
    server.post("runs/log-model", {"run_id": info["run_id"], "model_json": json.dumps(about)})


def _end(server: Server, run_id: str, status: str) -> None:
    server.post("runs/update", {"run_id": run_id, "status": status, "end_time": _now()})


def _slices(items: list[dict[str, Any]], most: int) -> list[list[dict[str, Any]]]:
    return [items[start : start + most] for start in range(0, len(items), most)]


def _number(key: str, value: Any) -> float | str:
    """A number as MLflow's JSON has it."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise Invalid(f"metric {key} is {value!r}, which is no number") from None
    if math.isnan(number):
        return "NaN"
    return number if math.isfinite(number) else ("Infinity" if number > 0 else "-Infinity")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no name
        return str(os.getuid())


def _now() -> int:
    return int(time.time() * 1000)
