"""No field of a server is ignored: without any of them, or with another value, something else is made.

The inputs of the golden files are the servers, so each field has to be in one of them, with a value that is no default.
"""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlflow_operator.api import crd
from mlflow_operator.api.mlflowserver import MLflowServer
from unit.desired.servers import everything
from unit.test_docs import AS_IN_A_POD, walk

Object = dict[str, Any]

FOLDER = Path(__file__).parents[2] / "golden" / "server"
INPUTS = {path.name: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.input.yaml"))}
ELSEWHERE = {
    "external.": "nothing is made; tests/unit/reconcile/servers/test_access.py, test_authorities.py",
    "experiments[].": "made by the API; tests/integration/server/test_looking_after.py",
    "promotions.": "asked by claims; tests/unit/promotion and tests/unit/reconcile/test_grants.py",
    "suspend": "nothing is touched; tests/integration/server",
    "upgrade.window.": "looked at before pods are replaced; tests/unit/reconcile/servers/test_upgrade.py",
    "tls.caBundle.": "trusted by the operator; tests/unit/reconcile/servers/test_authorities.py",
}
"""Fields that decide something else than what is made, and where that is tested."""


def leaves() -> dict[str, list[Any]]:
    """Every field of the spec that has a value of its own, with the values that it may have where those are few."""
    schema = crd.build(MLflowServer)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    found = [(path, node) for path, node, _ in walk(schema) if not path.startswith(AS_IN_A_POD)]
    parents = {path.rpartition(".")[0].removesuffix("[]") for path, _ in found}
    alone = [(path, node) for path, node in found if path not in parents and not path.startswith(tuple(ELSEWHERE))]
    return {path: node.get("enum", []) for path, node in alone}


def places(spec: Any, path: list[str]) -> Iterator[tuple[Object, str]]:
    """Where a spec has a field: the object that has it, and its name there."""
    name, *rest = path
    here = name.removesuffix("[]")
    if not isinstance(spec, dict) or here not in spec:
        return
    if not rest:
        yield spec, here
        return
    for below in spec[here] if name.endswith("[]") else [spec[here]]:
        yield from places(below, rest)


def changed(value: Any, choice: list[Any]) -> Any:
    """Another value of the kind."""
    if choice:
        return next(other for other in choice if other != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return value[1:]
    if isinstance(value, str) and re.fullmatch("[0-9]+h", value):
        return f"1{value}"
    return f"{value}x" if isinstance(value, str) else None


def others(spec: Object, path: str, choice: list[Any]) -> Iterator[Object]:
    """The same spec without the field, and with another value of it, as far as it is one."""
    for number, (at, name) in enumerate(places(spec, path.split("."))):
        for value in (None, changed(at[name], choice)):
            other = copy.deepcopy(spec)
            there, _ = list(places(other, path.split(".")))[number]
            there.pop(name)
            there.update({} if value is None else {name: value})
            yield other


def made(wanted: Object) -> Object | None:
    """What is made of a server, or nothing where it is none."""
    try:
        return {"/".join(key): obj for key, obj in everything(MLflowServer.parse(wanted)).items()}
    except Exception:  # a required field is missing, or a value does not fit
        return None


@pytest.mark.parametrize(("path", "choice"), leaves().items(), ids=leaves())
def test_no_field_is_ignored(path: str, choice: list[Any]) -> None:
    """Some golden server would be another one without it, or with another value."""
    tried = [(name, other) for name, wanted in INPUTS.items() for other in others(wanted["spec"], path, choice)]
    assert tried, f"no tests/golden/server/*.input.yaml has {path}"
    different = [
        name for name, other in tried if made(INPUTS[name] | {"spec": other}) not in (None, made(INPUTS[name]))
    ]
    assert different, f"{path} changes nothing"
