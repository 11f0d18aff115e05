"""Importing the service costs next to nothing, and asks nobody."""

import os
import subprocess
import sys

import pytest

import mlflow_operator.model_registry
from unit.documentation import ROOT

_HEAVY = ("mlflow", "redis", "kubernetes", "aiohttp", "pandas", "sklearn", "kopf", "pydantic")


def loaded(program: str) -> set[str]:
    """Which heavy packages a new Python has loaded after a program."""
    names = f"print(*[name for name in {_HEAVY} if name in sys.modules])"
    words = [sys.executable, "-c", f"import sys\n{program}\n{names}"]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "operator")}
    return set(subprocess.run(words, env=env, capture_output=True, check=True).stdout.decode().split())


def test_the_package_loads_no_client() -> None:
    """Not even the one of HTTP, until a registry is made."""
    assert loaded("from mlflow_operator.model_registry import RegistryError") == set()


def test_a_registry_loads_its_client_of_http_alone() -> None:
    """Nor does it need the server's address before the first call."""
    assert loaded("from mlflow_operator.model_registry import ModelRegistry, model_registry") == {"aiohttp"}


def test_the_ready_registry_is_one() -> None:
    """Whoever imports it has the same, with its memory."""
    first, second = (mlflow_operator.model_registry.model_registry for _ in range(2))
    assert first is second


def test_a_name_that_is_not_there_is_said_so() -> None:
    """As Python does."""
    with pytest.raises(AttributeError, match="no attribute 'promote'"):
        _ = mlflow_operator.model_registry.promote
