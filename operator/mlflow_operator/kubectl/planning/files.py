"""The claims of a file, as they would be applied."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from mlflow_operator.api.schema import API_VERSION
from mlflow_operator.kubectl.terminal.exits import USAGE, Stop

Object = dict[str, Any]


def read(path: str) -> str:
    """The text of a file; - is standard input.

    Raises:
        Stop: It cannot be read.
    """
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Stop(USAGE, "FileUnreadable", f"{path} cannot be read: {error}") from error


def claims(text: str, namespace: str) -> list[Object]:
    """The ModelPromotions in it, in lists too; those that name no namespace are in the one that is given.

    Raises:
        Stop: It is no YAML, or has no ModelPromotion in it.
    """
    try:
        found = [obj for document in yaml.safe_load_all(text) for obj in _objects(document)]
    except yaml.YAMLError as error:
        raise Stop(USAGE, "FileInvalid", f"the file is no YAML: {' '.join(str(error).split())}") from error
    mine = [obj for obj in found if obj.get("kind") == "ModelPromotion" and obj.get("apiVersion") == API_VERSION]
    if not mine or not all(_is_named(obj) for obj in mine):
        message = f"the file has no ModelPromotion of {API_VERSION} with a name; write one"
        raise Stop(USAGE, "NothingToPlan", message)
    return [{**obj, "metadata": {"namespace": namespace, **obj["metadata"]}} for obj in mine]


def _objects(document: Any) -> Iterator[Object]:
    if isinstance(document, dict) and str(document.get("kind", "")).endswith("List"):
        yield from (item for item in document.get("items") or [] if isinstance(item, dict))
    elif isinstance(document, dict):
        yield document


def _is_named(obj: Object) -> bool:
    meta = obj.get("metadata")
    return isinstance(meta, dict) and bool(meta.get("name"))
