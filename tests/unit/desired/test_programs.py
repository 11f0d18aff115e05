"""Programs of several modules, as one text for images that have no operator."""

import ast
import re

import pytest

from mlflow_operator.desired.collection import program as collection
from mlflow_operator.desired.preparation import program as preparation

LONGEST = 128 * 1024
"""Of one argument, on Linux: MAX_ARG_STRLEN."""


@pytest.mark.parametrize("text", [preparation.text(), collection.text()], ids=["preparation", "collection"])
def test_a_program_has_every_module_that_it_imports(text: str) -> None:
    """Each after those that it needs, and the one with ``main`` last; they run for real in tests/integration/stores."""
    assert len(text.encode()) < LONGEST
    found = re.search(r"^for name, text in (.*)\.items\(\):$", text, re.MULTILINE)
    assert found
    modules: dict[str, str] = ast.literal_eval(found[1])
    before: set[str] = set()
    for name, source in modules.items():
        for module, words in re.findall(r"^from (mlflow_operator[\w.]*) import (.*)$", source, re.MULTILINE):
            assert module in before or {f"{module}.{word}" for word in words.split(", ")} <= before, (name, module)
        before.add(name)
    assert name.endswith(".main")
    assert "def main()" in source
