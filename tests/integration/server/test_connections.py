"""The connections of a real MLflow: no more than was computed, and as many as PostgreSQL says that it may have."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.services.postgres import Postgres
from integration.server.test_server_process import Start, start
from integration.stores.test_prepare import backend, database, prepare, with_volume
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired.connections import connections

__all__ = ["backend", "database", "start"]

pytestmark = pytest.mark.integration

ASKED = ["/api/2.0/mlflow/experiments/search?max_results=1", "/api/2.0/mlflow/registered-models/search?max_results=1"]
POOL = [
    {"name": "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", "value": "2"},
    {"name": "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW", "value": "1"},
]


def test_a_worker_opens_no_more_than_its_pools_have(start: Start, postgres: Postgres) -> None:
    """Under twenty clients that never pause, both of its pools are full; its supervisor has three more."""
    server = start(env=POOL)
    name = server.env["MLFLOW_BACKEND_STORE_URI"].partition("?")[0].rpartition("/")[2]
    count = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - a name of ours
    over = threading.Event()

    def ask(number: int) -> None:
        while not over.is_set():
            assert server.request(ASKED[number % 2], "localhost")[0] == 200

    clients = [threading.Thread(target=ask, args=(number,), daemon=True) for number in range(20)]
    for client in clients:
        client.start()
    seen = [int(postgres.sql(count)) for _ in range(40)]
    over.set()
    for client in clients:
        client.join(timeout=30)
    metadata, address = {"name": "ml", "namespace": "team", "uid": "1"}, {"host": "db", "database": name}
    login = {"credentialsSecretRef": {"name": "login"}}
    stores = {"backendStore": {"postgres": address | login}, "artifactStore": {"persistentVolume": {}}}
    spec = stores | {"env": POOL, "workers": 1}
    most = connections(MLflowServer.parse({"metadata": metadata, "spec": spec}))
    assert most is not None
    assert max(seen) == most.total == 9


@pytest.fixture
def unlimited(postgres: Postgres) -> Iterator[None]:
    """The role is as it was, afterwards."""
    yield
    postgres.sql("ALTER ROLE mlflow CONNECTION LIMIT -1")


@pytest.mark.parametrize(
    ("limit", "allowed"),
    [("", 297), ("ALTER DATABASE {database} CONNECTION LIMIT 7", 7), ("ALTER ROLE mlflow CONNECTION LIMIT 5", 5)],
)
@pytest.mark.usefixtures("unlimited")
def test_the_preparation_tells_how_many_there_are(
    limit: str, allowed: int, backend: dict[str, Any], postgres: Postgres, tmp_path: Path
) -> None:
    """Of the server, the database and the role, whichever has the least."""
    if limit:
        postgres.sql(limit.format(database=backend["postgres"]["database"]))
    result = prepare(with_volume(backend, tmp_path), tmp_path)
    assert (result.code, result.database["connections"]) == (0, allowed), result
