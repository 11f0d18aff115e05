"""PostgreSQL behind PgBouncer in transaction mode: nothing of MLflow's, and of ours, counts on one connection."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cluster.services.pgbouncer import PgBouncer
from cluster.services.postgres import PASSWORD, Postgres, binaries
from integration.server.test_server_process import Start, start
from integration.stores.test_prepare import backend, database, prepare, with_volume

__all__ = ["backend", "database", "start"]

pytestmark = pytest.mark.integration

CONNECTIONS = 3
WRITERS, RUNS = 12, 60


@pytest.fixture
def bouncer(postgres: Postgres, tmp_path: Path) -> Iterator[PgBouncer]:
    """One in front of the PostgreSQL of the tests."""
    made = PgBouncer(tmp_path / "bouncer", postgres, CONNECTIONS)
    made.start()
    yield made
    made.remove()


def behind(bouncer: PgBouncer, backend: dict[str, Any]) -> dict[str, Any]:
    """The backend store, by that way."""
    return {"postgres": backend["postgres"] | {"port": bouncer.port}}


def test_a_preparation_makes_the_tables_and_finds_them(
    bouncer: PgBouncer, backend: dict[str, Any], postgres: Postgres, database: str, tmp_path: Path
) -> None:
    """The whole migration is one transaction there too."""
    spec = with_volume(behind(bouncer, backend), tmp_path)
    results = [prepare(spec, tmp_path) for _ in range(2)]
    assert [result.database["reason"] for result in results] == ["Migrated", "UpToDate"], results
    assert postgres.sql("SELECT version_num FROM alembic_version", database) == results[0].database["revision"]


def test_a_server_serves_more_clients_than_it_has_connections(
    bouncer: PgBouncer, backend: dict[str, Any], start: Start, tmp_path: Path
) -> None:
    """Runs of many writers at once: each is there afterwards, with what was logged to it."""
    assert prepare(with_volume(behind(bouncer, backend), tmp_path), tmp_path).code == 0
    server = start(backendStore=behind(bouncer, backend))

    def asked(path: str, **body: Any) -> Any:
        status, answer = server.request(f"/api/2.0/mlflow/{path}", "localhost", json.dumps(body).encode())
        assert status == 200, answer
        return json.loads(answer)

    def log(number: int) -> str:
        run: str = asked("runs/create", experiment_id="0")["run"]["info"]["run_id"]
        asked("runs/log-metric", run_id=run, key="number", value=number, timestamp=1)
        return run

    with ThreadPoolExecutor(WRITERS) as writers:
        runs = list(writers.map(log, range(RUNS)))
    found = asked("runs/search", experiment_ids=["0"], max_results=1000)["runs"]
    logged = {run["info"]["run_id"]: run["data"]["metrics"][0]["value"] for run in found}
    assert logged == {run: number for number, run in enumerate(runs)}


def copies(*words: str, port: int, database: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What `mlflow-operator backup` says of the database at a port."""
    env = {"PGUSER": "mlflow", "PGPASSWORD": PASSWORD, "PATH": f"{binaries()}:{os.environ['PATH']}"}
    env |= {"BACKUP_DATABASE": f"postgresql+psycopg2://127.0.0.1:{port}/{database}", "BACKUP_PLACE": str(folder)}
    argv = [sys.executable, "-m", "mlflow_operator", "backup", *words]
    return subprocess.run(argv, env={**os.environ, **env}, capture_output=True, text=True, check=False, timeout=120)


def test_a_backup_wants_the_database_itself_and_a_restored_one_serves_behind_it(
    bouncer: PgBouncer, backend: dict[str, Any], postgres: Postgres, database: str, tmp_path: Path
) -> None:
    """What pg_dump sets for itself gets to nobody else, neither when a copy is made nor when it is restored."""
    assert prepare(with_volume(backend, tmp_path), tmp_path).code == 0
    refused = copies("make", port=bouncer.port, database=database, folder=tmp_path / "copies")
    assert refused.returncode == 1
    assert "another connection" in refused.stdout + refused.stderr
    assert copies("make", port=postgres.port, database=database, folder=tmp_path / "copies").returncode == 0
    new = f"{database}n"
    postgres.create_database(new)
    restored = copies("restore", "latest", port=bouncer.port, database=new, folder=tmp_path / "copies")
    assert restored.returncode == 0, restored.stdout + restored.stderr
    there = {"postgres": backend["postgres"] | {"port": bouncer.port, "database": new}}
    assert prepare(with_volume(there, tmp_path), tmp_path).database["reason"] == "UpToDate"
