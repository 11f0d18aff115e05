"""Nodes are drained: of several pods of a server one goes at a time, and a single one keeps no node."""

import pytest

from cluster.host import waiting
from cluster.host.errors import ClusterError
from cluster.services.team import Team
from integration.server.neighbours.test_autosizers import evict, pods
from integration.server.steps import MANAGED, children, patch, serve, until_children

pytestmark = pytest.mark.integration

BUDGET = "PodDisruptionBudget/mlflow"


def test_a_drain_takes_one_of_several_pods_at_a_time(team: Team) -> None:
    """As the disruption controller counts: of two pods one may go, and of a server that has to be whole, none."""
    serve(team, MANAGED, replicas=2)
    waiting.until(
        lambda: team.status("pdb", "mlflow").get("currentHealthy") == 2, what="both to be counted", seconds=30
    )
    counted = team.status("pdb", "mlflow")
    assert (counted["desiredHealthy"], counted["disruptionsAllowed"]) == (1, 1)
    patch(team, "mls/mlflow", {"spec": {"podDisruptionBudget": {"maxUnavailable": 0}}}, "--type=merge")
    waiting.until(
        lambda: team.status("pdb", "mlflow")["disruptionsAllowed"] == 0, what="none to be allowed", seconds=30
    )
    with pytest.raises(ClusterError, match="disruption budget"):
        evict(team, pods(team, "server")[0])


def test_the_budget_follows_the_number_of_pods_and_replaces_none(team: Team) -> None:
    """One pod, two by `kubectl scale`, one again: the pods that stay are the same."""
    serve(team, MANAGED)
    assert BUDGET not in children(team)
    (before,) = pods(team, "server")
    team.plane.kubectl("scale", "mls", "mlflow", "-n", team.namespace, "--replicas=2")
    until_children(team, lambda found: BUDGET in found, what="a budget for two pods")
    waiting.until(lambda: len(pods(team, "server")) == 2, what="two pods", seconds=30)
    assert before["metadata"]["uid"] in [pod["metadata"]["uid"] for pod in pods(team, "server")]
    team.plane.kubectl("scale", "mls", "mlflow", "-n", team.namespace, "--replicas=1")
    until_children(team, lambda found: BUDGET not in found, what="no budget for one pod")


def test_another_budget_is_what_the_spec_says(team: Team) -> None:
    """A change of it is applied, and one by somebody else is put back."""
    serve(team, MANAGED, podDisruptionBudget={"minAvailable": "50%"})
    assert children(team)[BUDGET]["spec"]["minAvailable"] == "50%"
    patch(team, "pdb/mlflow", {"spec": {"minAvailable": 1}}, "--type=merge")
    until_children(team, lambda found: found[BUDGET]["spec"]["minAvailable"] == "50%", what="the budget to be put back")
    patch(
        team,
        "mls/mlflow",
        {"spec": {"podDisruptionBudget": {"minAvailable": None, "maxUnavailable": 1}}},
        "--type=merge",
    )
    until_children(
        team,
        lambda found: "minAvailable" not in found[BUDGET]["spec"] and found[BUDGET]["spec"]["maxUnavailable"] == 1,
        what="the other budget",
    )
