"""What is known of MLflow's releases."""

import pytest

from mlflow_operator.desired import releases
from mlflow_operator.desired.versions import DEFAULT


def test_the_schema_of_the_default_release_is_known() -> None:
    """A new default needs a row in the table."""
    assert releases.schema_head(DEFAULT) is not None


@pytest.mark.parametrize(("version", "head"), [("2.10.0", "acf3f17fdcc7"), ("3.17", "dc11669786a5"), ("9.9.9", None)])
def test_a_release_has_one_newest_revision(version: str, head: str | None) -> None:
    """And nothing is said of a release that is not known."""
    assert releases.schema_head(version) == head


def test_a_revision_tells_which_releases_made_it() -> None:
    """None, where a database is in between."""
    assert releases.releases_of("bf29a5ff90ea") == ["3.5", "3.6", "3.7"]
    assert releases.releases_of("000000000000") == []
