"""A database as CloudNativePG runs it: by the Secrets of its Cluster, under the name that its certificate has."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.fixtures import available
from cluster.services.postgres import PASSWORD, Postgres, binaries
from integration.stores.kubelet import environment
from integration.stores.test_authorities import mounted
from integration.stores.test_prepare import IMAGES, prepare, with_volume
from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import cloud_native_pg, trust
from unit.signing import Pair, signed

pytestmark = pytest.mark.integration

AUTHORITY, ANOTHER = signed("mlflow-db"), signed("another")
SECRETS = {
    "mlflow-db-app": {"username": "mlflow", "password": PASSWORD},
    "other-db-app": {"username": "mlflow", "password": PASSWORD},
}


@pytest.fixture(scope="module")
def running(session_folder: Path) -> Iterator[Postgres]:
    """A PostgreSQL with the certificate of the Cluster mlflow-db."""
    server = Postgres(session_folder / "cluster-postgres")
    with available():
        server.start()
    pair = signed("mlflow-db-rw", "mlflow-db-rw.team.svc", by=AUTHORITY)
    server.encrypt(pair.certificate, pair.key)
    yield server
    server.remove()


@pytest.fixture
def database(running: Postgres, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new database; the port is the one of this machine's server."""
    monkeypatch.setattr(cloud_native_pg, "PORT", running.port)
    name = f"d{uuid.uuid4().hex}"
    running.create_database(name)
    return name


def spec(cluster: str, database: str, folder: Path) -> dict[str, Any]:
    """A server with that database; every host is this machine, whatever name is looked for in certificates."""
    store = {"cloudNativePG": {"clusterRef": {"name": cluster}, "database": database}}
    found = with_volume(store, folder)
    return found | {"env": [*found["env"], {"name": "PGHOSTADDR", "value": "127.0.0.1"}]}


@pytest.mark.parametrize(
    ("cluster", "authority", "reason"),
    [
        ("mlflow-db", AUTHORITY, "Migrated"),
        ("mlflow-db", ANOTHER, "DatabaseTlsFailed"),
        ("other-db", AUTHORITY, "DatabaseTlsFailed"),
    ],
    ids=["of the Cluster", "of another authority", "of another Cluster"],
)
def test_it_is_trusted_by_its_authority_and_its_service(
    database: str, tmp_path: Path, cluster: str, authority: Pair, reason: str
) -> None:
    """What is in the two Secrets is enough, and nothing less is."""
    bundle = mounted(tmp_path, trust.DATABASE, authority)
    result = prepare(spec(cluster, database, tmp_path), tmp_path, secrets=SECRETS, mounted=bundle)
    assert result.database["reason"] == reason, result


def test_a_backup_comes_to_it_in_the_same_way(database: str, tmp_path: Path) -> None:
    """The Job has the same Secrets, and trusts the same authority."""
    bundle, kept = mounted(tmp_path, trust.DATABASE, AUTHORITY), tmp_path / "copies"
    wanted = spec("mlflow-db", database, tmp_path)
    assert prepare(wanted, tmp_path, secrets=SECRETS, mounted=bundle).database["reason"] == "Migrated"
    wanted["backup"] = {"schedule": "0 3 * * *", "destination": {"persistentVolume": {}}, "artifacts": False}
    server = MLflowServer.parse({"metadata": {"name": "ml", "namespace": "team", "uid": "1"}, "spec": wanted})
    digests = {reference.key: "d" for reference in desired.references(server)}
    built = desired.build(server, desired.Inputs(IMAGES, digests=digests))
    job = next(o for o in built.objects if o["kind"] == "CronJob")["spec"]["jobTemplate"]
    env = {name: value.replace("/etc/mlflow", str(bundle)) for name, value in environment(job, SECRETS).items()}
    env |= {"BACKUP_PLACE": str(kept), "BACKUP_REPORT": str(tmp_path / "report")}
    words = [sys.executable, "-m", "mlflow_operator", "backup", "make"]
    path = f"{binaries()}:{os.environ['PATH']}"
    done = subprocess.run(
        words, env={**os.environ, **env, "PATH": path}, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert PASSWORD not in done.stdout + done.stderr
