"""MLflow's JSON as values of ours; what takes it apart is called within ``reading``."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mlflow_operator.clients.mlflow.refusals import not_mlflow, too_large
from mlflow_operator.promotion.evidence import ModelFile
from mlflow_operator.promotion.snapshot import Mark, ModelVersion

Answer = dict[str, Any]

_MEMBER = re.compile(r"^(\w+):[ \t]*([^\r\n]*)", re.MULTILINE)
"""A member of the outermost mapping of a YAML file, and what stands in its line."""
_EXAMPLE = "saved_input_example_info"
_LOGGED_MODEL = re.compile(r"models:/(m-[0-9A-Za-z]+)(/|$)")
_MODEL_MEMBERS = {"flavors", "artifact_path", "model_uuid", "model_id", "utc_time_created", "mlflow_version"}

_VALUES = 1_000_000
"""Values of an answer: each takes up to a hundred bytes of memory, and two of the answer."""


def parsed(base: str, raw: bytes) -> Answer:
    """An answer's body, which is an object always.

    Raises:
        RegistryUnavailable: It is something else, or of more values than fit into memory.
    """
    if sum(raw.count(sign) for sign in (b",", b"[", b"{")) > _VALUES:
        raise too_large(base, f"JSON of more than {_VALUES} values")
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise not_mlflow(base) from error
    if not isinstance(answer, dict):
        raise not_mlflow(base)
    return answer


@contextmanager
def reading(base: str) -> Iterator[None]:
    """Where an answer is taken apart: what MLflow would never say ends in an error of ours.

    Raises:
        RegistryUnavailable: The answer does not have what MLflow's has.
    """
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise not_mlflow(base) from error


def version(item: Answer) -> ModelVersion:
    """A version as lists, transitions and ``get`` show it."""
    return ModelVersion(
        version=_number(item["version"]),
        stage=_text(item.get("current_stage", "None")),
        status=_text(item.get("status", "READY")),
        status_message=_text(item.get("status_message", "")),
        tags={_text(tag["key"]): _text(tag.get("value", "")) for tag in item.get("tags", [])},
        created=_milliseconds(item.get("creation_timestamp", 0)),
        updated=_milliseconds(item.get("last_updated_timestamp", 0)),
        run=_text(item.get("run_id") or ""),
        logged_model=_logged_model(item),
    )


def mark(item: Answer) -> Mark:
    """A registered model as lists and ``get`` show it."""
    aliases: Mapping[str, str] = {_text(a["alias"]): _number(a["version"]) for a in item.get("aliases", [])}
    return Mark(_milliseconds(item.get("last_updated_timestamp", 0)), aliases)


def named_version(item: Answer) -> tuple[str, ModelVersion]:
    """A version, with the name of its model where it is told."""
    return _text(item.get("name", "")), version(item)


def named_mark(item: Answer) -> tuple[str, Mark]:
    """A registered model in a list."""
    return _text(item["name"]), mark(item)


def experiment(item: Answer) -> Answer:
    """An experiment: ``experiment_id``, ``lifecycle_stage``, ``artifact_location``, ``tags`` as a list."""
    for member in ("experiment_id", "lifecycle_stage", "artifact_location"):
        _text(item[member])
    for tag in item.get("tags", []):
        _text(tag["key"])
        _text(tag["value"])
    return item


def model_file(raw: bytes) -> ModelFile:
    """What an MLmodel file, which is YAML, says.

    Raises:
        ValueError: It is no such file; a page that stands in for it says nothing about the model.
    """
    members = {found[1]: found[2] for found in _MEMBER.finditer(raw.decode(errors="replace"))}
    if not members.keys() & _MODEL_MEMBERS:
        raise ValueError("not an MLmodel file")
    signature, example = (members.get(name, "null") not in ("null", "~") for name in ("signature", _EXAMPLE))
    return ModelFile(signature, example)


@dataclass(frozen=True)
class LoggedMetric:
    """One value that a logged model was given."""

    key: str
    value: float
    at: tuple[int, int]
    """When, by time and step."""
    run: str
    """The run that gave it."""
    dataset: str


def logged_metric(item: Answer) -> LoggedMetric:
    """A value in a logged model."""
    at = (_milliseconds(item.get("timestamp", 0)), _milliseconds(item.get("step", 0)))
    run, dataset = _text(item.get("run_id") or ""), _text(item.get("dataset_name") or "")
    return LoggedMetric(_text(item["key"]), _float(item.get("value", 0)), at, run, dataset)


def metric(item: Answer) -> tuple[str, float]:
    """A metric of a run, by its name."""
    return _text(item["key"]), _float(item.get("value", 0))


def parameter(item: Answer) -> tuple[str, str]:
    """A parameter of a run, by its name."""
    return _text(item["key"]), _text(item.get("value", ""))


def _float(value: object) -> float:
    """Numbers that are none come as texts, as protobuf's JSON writes them. NaN is one object, and equal to itself."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError("not a number")
    number = float(value)
    return math.nan if math.isnan(number) else number


def _logged_model(item: Answer) -> str:
    """The logged model that a version was registered from: some releases tell it in its source alone."""
    found = _LOGGED_MODEL.match(_text(item.get("source") or ""))
    return _text(item.get("model_id") or "") or (found[1] if found else "")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _number(value: object) -> str:
    """A version's number in digits; whoever sorts versions relies on it."""
    number = _milliseconds(value)
    if number < 1:
        raise ValueError("not a version's number")
    return str(number)


def _milliseconds(value: object) -> int:
    """Integers come as texts too: that is how protobuf's JSON writes those of 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError("not an integer")
    return int(value)
