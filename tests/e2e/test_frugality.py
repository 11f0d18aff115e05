"""What an MLflowServer costs the API server on a real node, counted in its audit log."""

from collections import Counter

import pytest
import yaml

from cluster.host import folders
from cluster.providers.provider import Cluster
from cluster.services.operator_process import USER
from cluster.services.team import Team, is_ready
from demo import installation
from demo.story import PROFILES

pytestmark = pytest.mark.e2e

CHILDREN = Counter(
    {
        ("patch", "persistentvolumeclaims"): 2,
        ("patch", "serviceaccounts"): 1,
        ("patch", "services"): 1,
        ("patch", "jobs"): 1,
        ("patch", "deployments"): 1,
    }
)


def test_a_server_costs_a_write_for_each_child_and_three_for_its_status(node: Cluster, node_namespace: str) -> None:
    """From nothing to Ready: every child once, Preparing, RollingOut, Ready, and an Event for each of the three."""
    if node.audit is None:
        pytest.skip(f"the provider {node.name} has no audit log that can be read")
    installation.install(node)
    team = Team(node, node_namespace)
    sample = yaml.safe_load((folders.CHECKOUT / PROFILES["quickstart"].server).read_text())
    mark = node.audit.mark()
    team.apply("MLflowServer", "mlflow", sample["spec"])
    team.until("mlflowserver", "mlflow", is_ready, seconds=300)
    events = [event["reason"] for event in team.announced("mlflow", "Ready")]
    assert events == ["Preparing", "RollingOut", "Ready"]
    status = Counter({("patch", "mlflowservers/status"): 3, ("create", "events"): 3})
    assert node.audit.writes(mark, USER, node_namespace) == CHILDREN + status
