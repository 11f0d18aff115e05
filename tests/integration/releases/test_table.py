"""What the operator knows of MLflow's releases, against the packages of those that are installed."""

import pytest

from integration.releases.installed import RELEASES, said
from mlflow_operator.desired import releases

pytestmark = pytest.mark.integration

HEAD = """
import json, pathlib, mlflow
from alembic.script import ScriptDirectory
folder = pathlib.Path(mlflow.__file__).parent / "store" / "db_migrations"
print(json.dumps(ScriptDirectory(str(folder)).get_current_head()))
"""


@pytest.mark.parametrize("version", RELEASES)
def test_the_newest_revision_of_a_release_is_known(version: str) -> None:
    """What an upgrade is going to make of a database can be said before it begins."""
    assert releases.schema_head(version) == said(version, HEAD)
