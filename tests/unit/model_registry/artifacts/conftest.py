"""A server with a model on its shelf."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sklearn.linear_model import LogisticRegression

from mlflow_operator.model_registry.artifacts import flavors
from unit.model_registry.artifacts.shelf import Shelf, shelf


@pytest.fixture
def fitted() -> LogisticRegression:
    """A model that tells small numbers from large ones."""
    return LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of such a model, as MLflow saves it, with a large file beside it."""
    folder = tmp_path_factory.mktemp("saved") / "model"
    model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    flavors.save(flavors.detect(model), model, folder, "r1", {"pip_requirements": ["scikit-learn"]})
    (folder / "data").mkdir()
    (folder / "data" / "more.bin").write_bytes(b"0123456789abcdef" * 2**18)
    return folder


@pytest.fixture
async def server(saved: Path) -> AsyncIterator[Shelf]:
    """A server with that model."""
    async with shelf() as made:
        made.model(saved)
        yield made
