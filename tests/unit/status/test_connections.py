"""What is said of the connections that a server may open, and of those that its database has."""

from typing import Any

import pytest

from mlflow_operator.desired.connections import Connections, connections
from mlflow_operator.status.connections import connections_fit
from unit.desired.servers import EXISTING, MANAGED, SQLITE, server

ENV = "MLFLOW_SQLALCHEMYSTORE_"


def with_pool(**pool: int) -> dict[str, Any]:
    """A server on PostgreSQL with a pool of its own."""
    return EXISTING | {"backendStore": {"postgres": EXISTING["backendStore"]["postgres"] | {"pool": pool}}}


@pytest.mark.parametrize(
    ("spec", "most"),
    [
        (EXISTING, Connections(2, 2, 2, 15)),
        (MANAGED | {"replicas": 3, "workers": 4}, Connections(4, 4, 2, 15)),
        (EXISTING | {"auth": {"basic": {}}}, Connections(2, 2, 3, 15)),
        (EXISTING | {"autoscaling": {"maxReplicas": 6}}, Connections(7, 2, 2, 15)),
        (EXISTING | {"artifactStore": {"persistentVolume": {}}}, Connections(1, 2, 2, 15)),
        (with_pool(size=3, maxOverflow=0), Connections(2, 2, 2, 3)),
        (EXISTING | {"env": [{"name": f"{ENV}POOL_SIZE", "value": "0"}]}, None),
        (EXISTING | {"env": [{"name": f"{ENV}MAX_OVERFLOW", "value": "-1"}]}, None),
        (
            EXISTING | {"env": [{"name": "MLFLOW_WORKERS", "value": "1"}, {"name": f"{ENV}POOL_SIZE", "value": "4"}]},
            Connections(2, 1, 2, 14),
        ),
        (EXISTING | {"env": [{"name": f"{ENV}MAX_OVERFLOW", "value": "1"}]}, Connections(2, 2, 2, 6)),
        (EXISTING | {"env": [{"name": f"{ENV}POOLCLASS", "value": "NullPool"}]}, None),
        (SQLITE, Connections(1, 2, 2, 15)),
    ],
)
def test_the_most_is_what_all_pods_open_together(spec: dict[str, Any], most: Connections | None) -> None:
    """Also the one more that there is while they are exchanged, where two can be there at once."""
    assert connections(server(spec)) == most


@pytest.mark.parametrize(
    ("spec", "allowed", "said"),
    [
        (EXISTING, 126, ("True", "Fit")),
        (EXISTING, 125, ("False", "TooFewConnections")),
        (EXISTING, None, ("Unknown", "NotTold")),
        (EXISTING | {"env": [{"name": f"{ENV}POOL_SIZE", "value": "0"}]}, 97, ("Unknown", "PoolUnbounded")),
    ],
)
def test_who_may_want_more_than_there_is_learns_it_before_requests_fail(
    spec: dict[str, Any], allowed: int | None, said: tuple[str, str]
) -> None:
    """With the numbers that are multiplied, and what to do."""
    found = connections_fit(server(spec), allowed)
    assert (found.status, found.reason) == said
    if said[0] in ("True", "False"):
        assert "2 workers with 2 pools of 15, and 3 of each pod's own, open 126 connections" in found.message
