"""MLflow's JSON as values of this library; what takes it apart is called within ``reading``."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow_operator.model_registry.refusals import not_mlflow
from mlflow_operator.model_registry.rest import Answer
from mlflow_operator.model_registry.results import Dataset, LoggedModel, ModelVersion, Point, RegisteredModel, Run

_LOGGED_MODEL = re.compile(r"models:/(m-[0-9A-Za-z]+)(/|$)")


@contextmanager
def reading(base: str) -> Iterator[None]:
    """Where an answer is taken apart: what MLflow would never say ends in an error of this library.

    Raises:
        Unavailable: The answer does not have what MLflow's has.
    """
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise not_mlflow(base) from error


def version(item: Answer, aliases: tuple[str, ...] = ()) -> ModelVersion:
    """A version as lists and ``get`` show it; ``aliases`` where the answer has none."""
    source = _text(item.get("source") or "")
    found = _LOGGED_MODEL.match(source)
    return ModelVersion(
        model=_text(item["name"]),
        version=int(item["version"]),
        stage=_text(item.get("current_stage") or "None"),
        status=_text(item.get("status") or "READY"),
        status_message=_text(item.get("status_message") or ""),
        run_id=_text(item.get("run_id") or "") or None,
        logged_model=_text(item.get("model_id") or "") or (found[1] if found else None),
        source=source,
        created=int(item.get("creation_timestamp") or 0),
        updated=int(item.get("last_updated_timestamp") or 0),
        aliases=tuple(sorted(_text(alias) for alias in item.get("aliases") or aliases)),
        tags=_pairs(item, "tags"),
        description=_text(item.get("description") or ""),
    )


def model(item: Answer) -> RegisteredModel:
    """A registered model as lists and ``get`` show it."""
    stages: dict[str, int] = {}
    for latest in item.get("latest_versions", []):
        stage = _text(latest.get("current_stage") or "None")
        stages[stage] = max(int(latest["version"]), stages.get(stage, 0))
    return RegisteredModel(
        name=_text(item["name"]),
        description=_text(item.get("description") or ""),
        tags=_pairs(item, "tags"),
        aliases={_text(alias["alias"]): int(alias["version"]) for alias in item.get("aliases", [])},
        stages=stages,
        created=int(item.get("creation_timestamp") or 0),
        updated=int(item.get("last_updated_timestamp") or 0),
    )


def newest(item: Answer, stage: str) -> ModelVersion | None:
    """The newest version in a stage, as the model shows it, with its aliases; None where there is none."""
    there = [latest for latest in item.get("latest_versions", []) if latest.get("current_stage") == stage]
    if not there:
        return None
    latest = max(there, key=lambda latest: int(latest["version"]))
    pointing = [_text(a["alias"]) for a in item.get("aliases", []) if int(a["version"]) == int(latest["version"])]
    return version(latest, tuple(pointing))


def run(item: Answer) -> Run:
    """A run as ``get`` shows it."""
    info, data = item["info"], item.get("data", {})
    outputs = item.get("outputs", {}).get("model_outputs", [])
    inputs = item.get("inputs", {}).get("dataset_inputs", [])
    return Run(
        run_id=_text(info["run_id"]),
        artifact_uri=_text(info.get("artifact_uri") or ""),
        metrics=metrics(data),
        params=_pairs(data, "params"),
        tags=_pairs(data, "tags"),
        datasets=tuple(_dataset(used) for used in inputs),
        logged_models=tuple(_text(output["model_id"]) for output in outputs),
    )


def logged_model(item: Answer) -> LoggedModel:
    """A logged model as ``get`` shows it."""
    info, data = item["info"], item.get("data", {})
    name, identity = _text(info.get("name") or ""), _text(info["model_id"])
    return LoggedModel(identity, name, metrics(data), _pairs(data, "params"), _pairs(info, "tags"))


def metrics(data: Answer) -> dict[str, float]:
    """Metrics by name; NaN and infinity come as texts, as protobuf's JSON writes them."""
    return {_text(metric["key"]): float(metric.get("value", 0)) for metric in data.get("metrics", [])}


def point(item: Answer) -> Point:
    """One value of a metric."""
    return Point(int(item.get("step") or 0), int(item.get("timestamp") or 0), float(item.get("value", 0)))


def _dataset(used: Answer) -> Dataset:
    dataset, tags = used["dataset"], _pairs(used, "tags")
    return Dataset(_text(dataset["name"]), _text(dataset.get("digest") or ""), tags.get("mlflow.data.context", ""))


def _pairs(item: Answer, of: str) -> dict[str, str]:
    return {_text(pair["key"]): _text(pair.get("value", "")) for pair in item.get(of, [])}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
