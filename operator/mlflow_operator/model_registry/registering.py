"""A run's model becomes a version of a registered model."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from mlflow_operator.model_registry.deadline import Deadline
from mlflow_operator.model_registry.errors import Conflict, Invalid, NotFound, PermissionDenied, RegistryError
from mlflow_operator.model_registry.metadata import reading
from mlflow_operator.model_registry.metadata.registry import Registry
from mlflow_operator.model_registry.rest import Answer
from mlflow_operator.model_registry.results import ModelVersion, Run

_PAUSE = 0.2
"""Seconds between two looks at a version that is not ready yet."""


@dataclass(frozen=True)
class Wanted:
    """What a new version is registered with."""

    model: str
    path: str
    """Name of the model in its run."""
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str = ""


async def register(registry: Registry, run_id: str, wanted: Wanted, until: Deadline) -> ModelVersion:
    """The new version, once MLflow calls it READY.

    Raises:
        NotFound: There is no such run, or it has no model of that name.
        Invalid: The run has several models, and none of that name; or MLflow could not register it.
        Unavailable: It was not ready in time, or there was no answer.
    """
    run = await registry.run(run_id, until)
    source = await _source(registry, run, wanted.path, until)
    await _ensure(registry, wanted.model, until)
    body = source | {
        "name": wanted.model,
        "run_id": run_id,
        "description": wanted.description,
        "tags": [{"key": key, "value": value} for key, value in wanted.tags.items()],
    }
    answer = await registry.rest.write("POST", "model-versions/create", body, deadline=until)
    with reading.reading(registry.rest.connection.url):
        made = reading.version(answer["model_version"])
    await registry.changed(wanted.model)
    return await _ready(registry, made, until)


async def _source(registry: Registry, run: Run, path: str, until: Deadline) -> Answer:
    """Where the model's files are, as MLflow is told: the logged model of MLflow 3, else a folder of the run."""
    if not run.logged_models:
        await _check_files(registry, run, path, until)
        return {"source": f"{run.artifact_uri.rstrip('/')}/{path}"}
    found = [await registry.logged_model(identity, until) for identity in dict.fromkeys(run.logged_models)]
    fitting = [model for model in found if model.name == path] or (found if len(found) == 1 else [])
    if not fitting:
        names = ", ".join(sorted({model.name for model in found}))
        raise Invalid(f"run {run.run_id} has models named {names}, none named {path}; say which with artifact_path=")
    chosen = fitting[-1].model_id
    return {"source": f"models:/{chosen}", "model_id": chosen}


async def _check_files(registry: Registry, run: Run, path: str, until: Deadline) -> None:
    """MLflow registers whatever it is told; a version without files is found out when it is loaded, far too late."""
    query = {"run_id": run.run_id, "path": path}
    try:
        answer = await registry.rest.get("artifacts/list", query, deadline=until)
    except (PermissionDenied, Invalid):
        return  # who may register need not be allowed to list
    if not answer.get("files"):
        raise NotFound(f"run {run.run_id} has no model under {path}; log one, or say where it is with artifact_path=")


async def _ensure(registry: Registry, name: str, until: Deadline) -> None:
    """The registered model is there."""
    try:
        await registry.model(name, until, young=True)
    except NotFound:
        try:
            await registry.rest.write("POST", "registered-models/create", {"name": name}, deadline=until)
        except Conflict:
            return  # somebody else has made it in between


async def _ready(registry: Registry, made: ModelVersion, until: Deadline) -> ModelVersion:
    what = f"version {made.version} of {made.model} was registered, and did not become READY"
    async with until.over(what):
        while made.status == "PENDING_REGISTRATION":
            await asyncio.sleep(_PAUSE)
            made = await registry.version(made.model, made.version, until, young=True)
    if made.status != "READY":
        why = made.status_message or made.status
        raise RegistryError(f"MLflow could not register version {made.version} of {made.model}: {why}; log it again")
    return made
