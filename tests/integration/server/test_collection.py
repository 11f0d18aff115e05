"""The collection of a server's garbage on a real API server with its controllers; what it does is tests/…/stores."""

import pytest

from cluster.host import waiting
from cluster.plane.paper_node import Ending, PaperNode
from cluster.services.operator_process import OperatorProcess
from cluster.services.team import Object, Team, condition
from integration.server.steps import SQLITE, serve, until_children
from unit.status.test_collections import REFUSED, REPORT

pytestmark = pytest.mark.integration


def said(team: Team, reason: str) -> Object:
    """The server when its condition says so."""
    return team.until("mlflowserver", "mlflow", lambda o: condition(o, "GarbageCollected").get("reason") == reason)


def collect_now(team: Team, name: str) -> None:
    """As a person does."""
    team.plane.kubectl("create", "job", "--from=cronjob/mlflow-gc", name, "-n", team.namespace)


@pytest.mark.usefixtures("operator")
def test_what_was_collected_is_told(team: Team, paper_node: PaperNode, operator: OperatorProcess) -> None:
    """None yet; one by hand: how much; one that fails: why, and the server stays ready; without the field all goes."""
    serve(team, SQLITE, garbageCollection={"schedule": "30 2 29 2 *"})
    said(team, "NoCollectionYet")
    pod = team.get("cronjob", "mlflow-gc")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert {v["persistentVolumeClaim"]["claimName"] for v in pod["volumes"] if "persistentVolumeClaim" in v} == {
        *("mlflow-database", "mlflow-artifacts"),
    }
    paper_node.endings[team.namespace] = Ending(REPORT)
    collect_now(team, "first")
    status = said(team, "Collected")["status"]["garbageCollection"]["lastSuccessful"]
    assert (status["runs"], status["kept"], status["bytes"]) == (REPORT["runs"], REPORT["kept"], REPORT["bytes"])
    paper_node.endings[team.namespace] = Ending(REFUSED, exit_code=3)
    collect_now(team, "second")
    failed = said(team, "ArtifactsNotDeleted")
    assert condition(failed, "Ready")["status"] == "True"
    team.apply("MLflowServer", "mlflow", SQLITE)
    until_children(team, lambda found: "CronJob/mlflow-gc" not in found, what="no CronJob")
    waiting.until(
        lambda: "garbageCollection" not in team.get("mlflowserver", "mlflow")["status"], what="no status", seconds=20
    )
