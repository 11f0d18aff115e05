"""Whether the database has as many connections as a server may want; no reason of Ready's, as it mostly wants less."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired.connections import SUPERVISOR, connections
from mlflow_operator.status.conditions import Answer


def connections_fit(server: MLflowServer, allowed: int | None) -> Answer:
    """Status, reason and message of ConnectionsFit.

    Args:
        server: what is wanted.
        allowed: how many the database lets the server have, as the last preparation found; None where it told none.
    """
    wanted = connections(server)
    if allowed is None:
        return Answer("Unknown", "NotTold", "the database has not told how many connections it has for the server")
    if wanted is None:
        return Answer("Unknown", "PoolUnbounded", f"the pool of a worker has no end, and the database {allowed} for it")
    told = (
        f"{wanted.pods} pods, with the one more while they are exchanged, of {wanted.workers} workers with "
        f"{wanted.pools} pools of {wanted.each}, and {SUPERVISOR} of each pod's own, open {wanted.total} connections "
        f"at most, and the database has {allowed}"
    )
    if wanted.total > allowed:
        advice = "make the pool smaller (backendStore.postgres.pool), or let the database have more (max_connections)"
        return Answer("False", "TooFewConnections", f"{told}; beyond that requests fail: {advice}")
    return Answer("True", "Fit", told)
