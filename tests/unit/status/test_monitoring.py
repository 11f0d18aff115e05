"""What is said of a PodMonitor."""

import pytest

from mlflow_operator.status.monitoring import monitoring
from unit.desired.servers import EXISTING, Spec, server

WANTED: Spec = {"monitoring": {"podMonitor": {}}}


@pytest.mark.parametrize(
    ("more", "there", "served", "said"),
    [
        ({}, False, True, None),
        ({"monitoring": {}}, False, False, None),
        (WANTED, True, True, ("True", "Created")),
        (WANTED, False, True, None),
        (WANTED, False, False, ("False", "PrometheusOperatorMissing")),
    ],
)
def test_it_is_there_or_the_cluster_has_none(
    more: Spec, there: bool, served: bool, said: tuple[str, str] | None
) -> None:
    """Nothing is said where nobody asks for one, or where it is about to be made."""
    found = monitoring(server(EXISTING | more), there=there, served=served)
    assert (None if found is None else (found.status, found.reason)) == said
