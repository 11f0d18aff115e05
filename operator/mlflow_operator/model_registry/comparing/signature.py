"""What a model takes and gives, as its file MLmodel says it. Pure."""

import importlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

_LONGEST = 2**20
_PARTS = ("inputs", "outputs", "params")


def fields(model_file: str) -> Mapping[str, str] | None:
    """Each field of the signature with its type, as ``inputs.age`` and ``long``; empty where there is no signature.

    None where that is not known: what stands there is no MLmodel file, or nothing here reads YAML (MLflow's client
    brings what does).
    """
    try:
        yaml = importlib.import_module("yaml")
    except ModuleNotFoundError:
        return None
    try:
        content = yaml.safe_load(model_file[:_LONGEST])
        if not isinstance(content, dict) or "flavors" not in content:
            return None
        signature = content.get("signature") or {}
        parts = {part: json.loads(signature.get(part) or "[]") for part in _PARTS}
        return {f"{part}.{name}": kind for part, columns in parts.items() for name, kind in _columns(columns)}
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None


def _columns(columns: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for position, column in enumerate(columns):
        yield str(column.get("name") or position), _kind(column)


def _kind(column: dict[str, Any]) -> str:
    optional = "" if column.get("required", True) else ", optional"
    kind = str(column.get("type") or column.get("dtype"))
    if kind == "tensor":
        spec = column["tensor-spec"]
        kind = f"tensor of {spec['dtype']} {spec['shape']}"
    elif kind in ("array", "object", "map"):
        kind = json.dumps({key: value for key, value in column.items() if key not in ("name", "required")})
    return kind + optional
