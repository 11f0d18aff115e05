"""What the tests of backups share."""

from pathlib import Path

import pytest

from mlflow_operator.backup.places import Place, place
from unit.backup.sample import Sample


@pytest.fixture
def server(tmp_path: Path) -> Sample:
    """A server with data."""
    folder = tmp_path / "server"
    folder.mkdir()
    found = Sample(folder)
    found.fill()
    return found


@pytest.fixture
def empty(tmp_path: Path) -> Sample:
    """A server that has none yet."""
    folder = tmp_path / "new"
    folder.mkdir()
    return Sample(folder)


@pytest.fixture
def to(tmp_path: Path) -> Place:
    """Where backups go."""
    return place(str(tmp_path / "backups"))
