"""A server's backups on a real API server with its controllers: the CronJob, one more by hand, what is said of them."""

from typing import Any

import pytest

from cluster.host import rest, waiting
from cluster.plane.paper_node import Ending, PaperNode
from cluster.services.operator_process import OperatorProcess
from cluster.services.team import Object, Team, condition
from integration.server.steps import SQLITE, secret, serve, until_children

pytestmark = pytest.mark.integration

BUCKET: Object = {"s3": {"bucket": "backups", "credentialsSecretRef": {"name": "keys"}}}
NIGHTLY: Object = {"schedule": "30 2 29 2 *", "destination": {"persistentVolume": {}}}
REPORT: Object = {
    "ok": True,
    "name": "20260304T023000Z-9a7b8f",
    "began": "2026-03-04T02:30:00+00:00",
    "ended": "2026-03-04T02:31:30+00:00",
    "artifacts": 12,
    "bytes": 5000,
    "stored": 400,
}


def until_said(team: Team, reason: str) -> Object:
    """Wait until the condition says so; the server then."""
    found: list[Object] = []

    def holds() -> bool:
        found[:] = [team.get("mlflowserver", "mlflow")]
        conditions = {c["type"]: c["reason"] for c in found[0].get("status", {}).get("conditions", [])}
        return conditions.get("BackupReady") == reason

    waiting.until(holds, what=reason, seconds=60, pause=0.3)
    return found[0]


def make_one(team: Team, name: str) -> None:
    """As a person does."""
    team.plane.kubectl("create", "job", "--from=cronjob/mlflow-backup", name, "-n", team.namespace)


def metrics(operator: OperatorProcess, name: str) -> list[str]:
    """Lines of a metric."""
    _, text = rest.get(f"{operator.url}/metrics")
    return [line for line in text.decode().splitlines() if line.startswith(name + "{")]


def test_backups_are_made_looked_after_and_told(team: Team, paper_node: PaperNode, operator: OperatorProcess) -> None:
    """None yet; one by hand: its name, and a metric; one that fails: why; without the field all goes but the volume."""
    serve(team, SQLITE, backup=NIGHTLY)
    server = until_said(team, "NoBackupYet")
    assert condition(server, "Ready")["status"] == "True"
    made_of: dict[str, Any] = team.get("cronjob", "mlflow-backup")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert {v["persistentVolumeClaim"]["claimName"] for v in made_of["volumes"] if "persistentVolumeClaim" in v} == {
        *("mlflow-database", "mlflow-artifacts", "mlflow-backups"),
    }
    paper_node.endings[team.namespace] = Ending(REPORT)
    make_one(team, "first")
    status = until_said(team, "BackedUp")["status"]["backup"]
    assert (status["lastSuccessful"]["name"], status["lastSuccessful"]["seconds"]) == (REPORT["name"], 90)
    (line,) = metrics(operator, "mlflow_operator_server_backup_timestamp_seconds")
    assert float(line.rpartition(" ")[2]) == 1772591400
    said = {"ok": False, "reason": "NotEmpty", "message": "words of the program"}
    paper_node.endings[team.namespace] = Ending(said, exit_code=1)
    make_one(team, "second")
    failed = until_said(team, "NotEmpty")
    assert (
        "words of the program; the latest backup is 20260304T023000Z-9a7b8f"
        in condition(failed, "BackupReady")["message"]
    )
    assert condition(failed, "Ready")["status"] == "True"
    team.apply("MLflowServer", "mlflow", SQLITE)
    until_children(team, lambda found: "CronJob/mlflow-backup" not in found, what="no CronJob")
    assert team.get("pvc", "mlflow-backups")
    waiting.until(
        lambda: "backup" not in team.get("mlflowserver", "mlflow")["status"], what="no backups", seconds=20, pause=0.3
    )
    assert metrics(operator, "mlflow_operator_server_backup_bytes") == []


def test_a_destination_without_its_secret_is_told_and_mends_itself(team: Team) -> None:
    """The server works meanwhile; once the Secret is there, nobody has to do anything more."""
    serve(team, SQLITE, backup=NIGHTLY | {"destination": BUCKET})
    server = until_said(team, "SecretNotFound")
    assert condition(server, "Ready")["status"] == "True"
    secret(team, "keys", AWS_ACCESS_KEY_ID="id", AWS_SECRET_ACCESS_KEY="secret")
    until_said(team, "NoBackupYet")
