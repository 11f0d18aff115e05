"""The fixtures of this tier are what they say they are."""

import uuid

import pytest

from cluster.host import rest, waiting
from cluster.host.errors import ClusterError
from cluster.plane.audit import AuditLog
from cluster.plane.control_plane import ControlPlane
from cluster.services.minio import Minio
from cluster.services.mlflow_server import MlflowServer
from cluster.services.postgres import Postgres

pytestmark = pytest.mark.integration


def test_controllers_act_and_the_audit_log_counts_them(
    control_plane: ControlPlane, audit: AuditLog, namespace: str
) -> None:
    """A Deployment gets its ReplicaSet, by exactly one request of the controller."""
    mark = audit.mark()
    control_plane.kubectl("-n", namespace, "create", "deployment", "web", "--image=web")
    controller = "system:serviceaccount:kube-system:deployment-controller"

    def created() -> bool:
        return audit.since(mark, controller)["create", "replicasets"] > 0

    waiting.until(created, what="a ReplicaSet", seconds=20)
    assert audit.since(mark, controller)["create", "replicasets"] == 1
    assert audit.writes(mark, "admin") == {("create", "deployments"): 1}


def test_a_service_account_has_no_more_than_its_own_rights(control_plane: ControlPlane, namespace: str) -> None:
    """Its kubeconfig logs in, and RBAC refuses what nobody granted."""
    control_plane.kubectl("-n", namespace, "create", "serviceaccount", "operator")
    kubeconfig = control_plane.kubeconfig_for("operator", namespace)
    with pytest.raises(ClusterError, match=f"system:serviceaccount:{namespace}:operator.* cannot list"):
        control_plane.kubectl("--kubeconfig", str(kubeconfig), "get", "secrets")


def test_the_api_server_comes_back_with_its_objects(control_plane: ControlPlane, namespace: str) -> None:
    """After a kill -9 it is gone, and then there again at the same address."""
    with control_plane.without_apiserver(kill=True), pytest.raises(ClusterError, match="refused"):
        control_plane.kubectl("get", "namespaces")
    assert namespace in control_plane.kubectl("get", "namespaces")


def test_the_database_survives_a_crash(postgres: Postgres) -> None:
    """Committed rows are there after a kill -9."""
    postgres.sql("CREATE TABLE IF NOT EXISTS crash AS SELECT 42 AS answer")
    postgres.kill()
    postgres.start()
    assert postgres.sql("SELECT answer FROM crash") == "42"


def test_mlflow_keeps_rows_in_postgres_and_files_in_minio(
    mlflow_server: MlflowServer, postgres: Postgres, minio: Minio
) -> None:
    """A file sent through the server is an object in the bucket."""
    key = f"smoke/{uuid.uuid4().hex}.txt"
    url = f"{mlflow_server.url}/api/2.0/mlflow-artifacts/artifacts/{key}"
    status, _ = rest.send("PUT", url, "hello")
    assert status == 200
    assert f"artifacts/{key}" in minio.objects("mlflow")
    assert postgres.sql("SELECT count(*) FROM experiments") != "0"
