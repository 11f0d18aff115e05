"""What keeps a server answering while nodes are drained, and what never holds up a drain."""

from typing import Any

import pytest

from mlflow_operator.desired.server.disruption import budget, spread
from unit.desired.servers import EXISTING, SQLITE, server


@pytest.mark.parametrize(
    ("more", "limit"),
    [
        ({"replicas": 1}, None),
        ({"replicas": 2}, {"maxUnavailable": 1}),
        ({"replicas": 2, "hibernate": True}, {"maxUnavailable": 1}),
        ({"replicas": 1, "podDisruptionBudget": {"minAvailable": 1}}, {"minAvailable": 1}),
        ({"replicas": 4, "podDisruptionBudget": {"minAvailable": "50%"}}, {"minAvailable": "50%"}),
        ({"replicas": 4, "podDisruptionBudget": {"maxUnavailable": "2"}}, {"maxUnavailable": 2}),
        ({"replicas": 4, "podDisruptionBudget": {"maxUnavailable": 0}}, {"maxUnavailable": 0}),
    ],
)
def test_a_drain_takes_one_of_several_pods_at_a_time(more: dict[str, Any], limit: dict[str, Any] | None) -> None:
    """Unless the spec says something else; one pod alone is nobody's reason to keep a node."""
    found = budget(server(EXISTING | more))
    assert (found and {k: v for k, v in found["spec"].items() if k in ("minAvailable", "maxUnavailable")}) == limit
    assert found is None or found["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_pods_spread_whatever_their_number_is() -> None:
    """Scaling changes nothing of the pods, so it replaces none of them."""
    one, three = (spread(server(EXISTING | {"replicas": n})) for n in (1, 3))
    assert one == three
    assert [c["topologyKey"] for c in one] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    assert {c["whenUnsatisfiable"] for c in one} == {"ScheduleAnyway"}


def test_constraints_of_the_spec_stand_alone() -> None:
    """Nothing is added to what somebody has thought about."""
    own = {"maxSkew": 2, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}
    assert spread(server(EXISTING | {"topologySpreadConstraints": [own]})) == [own]


def test_pods_that_share_a_volume_of_one_node_are_not_spread() -> None:
    """They have to be where it is."""
    assert spread(server(SQLITE)) == []
