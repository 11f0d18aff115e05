"""The programs of docs/model-registry.md do what the page says, in their order, as in a notebook."""

import ast
import inspect
from typing import Any

import pytest

import mlflow_operator.model_registry as package
from cluster.services.mlflow_server import MlflowServer
from unit.documentation import DOCS, snippets

pytestmark = pytest.mark.integration

PAGE = DOCS / "model-registry.md"


async def test_the_programs_of_the_page_run(plain_mlflow: MlflowServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, on a server that has nothing of them before; their asserts hold."""
    plain_mlflow.start()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", plain_mlflow.url)
    package.__dict__.pop("model_registry", None)
    names: dict[str, Any] = {"tracking_uri": plain_mlflow.url}
    programs = snippets(PAGE, "python")
    for program in programs:
        code = compile(program, str(PAGE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        done = eval(code, names)  # noqa: S307 - the page's own text
        if inspect.isawaitable(done):
            await done
    assert len(programs) > 5
    await names["model_registry"].close()
    package.__dict__.pop("model_registry")
