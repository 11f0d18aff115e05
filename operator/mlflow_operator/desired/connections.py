"""How many connections to its database a server may open at most."""

from typing import NamedTuple

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.stores import Pool
from mlflow_operator.desired import stores
from mlflow_operator.desired.server.deployment import strategy

_SIZE, _OVERFLOW, _WORKERS = "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW", "MLFLOW_WORKERS"
_OWN_SIZE, _OWN_OVERFLOW = 5, 10
"""Of SQLAlchemy's QueuePool, which MLflow takes where nobody says otherwise."""
SUPERVISOR = 3
"""The process that starts the workers looks into the stores, and keeps what it has opened (seen with 3.17.2)."""
_POOLS = 2
"""Of each worker: MLflow has an engine for runs, and one for the registry."""


class Connections(NamedTuple):
    """What is multiplied."""

    pods: int
    """While pods are exchanged there is one more."""
    workers: int
    pools: int
    each: int

    @property
    def total(self) -> int:
        """At most so many, all at once."""
        return self.pods * (self.workers * self.pools * self.each + SUPERVISOR)


def connections(server: MLflowServer) -> Connections | None:
    """The most that the server opens; None where it may be any number, or where the spec does not tell."""
    said = {variable.name: variable.value for variable in server.spec.env}
    database = stores.postgres(server)
    pool = (database.pool if database else None) or Pool()
    try:
        workers = int(said.get(_WORKERS) or server.spec.workers)
        size = int(said.get(_SIZE) or (_OWN_SIZE if pool.size is None else pool.size))
        overflow = int(said.get(_OVERFLOW) or (_OWN_OVERFLOW if pool.max_overflow is None else pool.max_overflow))
    except ValueError:
        return None
    if size == 0 or overflow < 0 or "MLFLOW_SQLALCHEMYSTORE_POOLCLASS" in said:
        return None
    pools = _POOLS + (1 if server.spec.auth.basic else 0)
    return Connections(_pods(server), workers, pools, size + overflow)


def _pods(server: MLflowServer) -> int:
    scaling = server.spec.autoscaling
    pods = scaling.max_replicas if scaling else server.spec.replicas
    return pods + (1 if pods and strategy(server)["type"] == "RollingUpdate" else 0)
