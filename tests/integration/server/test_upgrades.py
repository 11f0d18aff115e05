"""Another release of MLflow, and another operator, on a real API server with its controllers."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cluster.host import waiting
from cluster.plane.audit import AuditLog
from cluster.plane.control_plane import ControlPlane
from cluster.plane.paper_node import GOOD, Ending, PaperNode, failing, planning
from cluster.services.operator_process import USER, OperatorProcess
from cluster.services.team import Object, Team, condition, has_reason, is_ready
from integration.server.conftest import SETTINGS
from integration.server.steps import SQLITE, children, serve, template
from integration.server.test_backups import NIGHTLY, REPORT

pytestmark = pytest.mark.integration

OLD = {**SQLITE, "version": "3.14.0"}
NEW = {**SQLITE, "version": "3.17.2"}
FIRST: Object = {"backup": NIGHTLY, "upgrade": {"backupFirst": True}}
NEVER_NOW = {"cron": "30 2 29 2 *", "duration": "1h", "timeZone": "Europe/Rome"}


def migrating(backup: Ending = Ending(REPORT), after: Ending = GOOD) -> Callable[[Object], Ending]:  # noqa: B008
    """A database with a schema of before: what is asked is planned, and then a backup and the migration end so."""

    def ending(pod: Object) -> Ending:
        if pod["metadata"]["labels"]["app.kubernetes.io/component"] == "backup":
            return backup
        names = {variable["name"] for variable in pod["spec"]["containers"][0]["env"]}
        return planning("acf3f", "dc11a") if "PREPARE_ASK" in names else after

    return ending


def jobs(team: Team) -> list[str]:
    """The Jobs that there are."""
    return sorted(name.removeprefix("Job/") for name in children(team) if name.startswith("Job/"))


def test_a_migration_is_said_and_backed_up_before_it_comes(team: Team, paper_node: PaperNode) -> None:
    """In this order; the pods of before stay until it is through, and the backup is one of the server's."""
    serve(team, OLD, **FIRST)
    before = template(team)
    paper_node.endings[team.namespace] = migrating()
    paper_node.held[team.namespace] = "Pending"
    team.apply("MLflowServer", "mlflow", {**NEW, **FIRST})
    waiting.until(lambda: len(jobs(team)) == 1, what="the preparation", seconds=20)
    paper_node.let_go(team.namespace)
    paper_node.held[team.namespace] = "Pending"
    backing = team.until("mlflowserver", "mlflow", has_reason("BackingUpFirst"))
    assert "from revision acf3f to dc11a; its largest" in condition(backing, "SchemaReady")["message"]
    assert condition(backing, "SchemaReady")["reason"] == "MigrationPlanned"
    assert {**backing["status"]["migration"], "stores": ""} == {"from": "acf3f", "to": "dc11a", "stores": ""}
    assert backing["status"]["schemaRevision"] == "acf3f"
    assert condition(backing, "ServerReady")["status"] == "True"
    assert [name[: len("mlflow-backup-before")] for name in jobs(team)] == ["mlflow-backup-before"]
    assert template(team) == before
    paper_node.let_go(team.namespace)
    after = team.ready("mlflowserver", "mlflow")
    assert "migration" not in after["status"]
    assert after["status"]["backup"]["lastSuccessful"]["name"] == REPORT["name"]
    assert json.dumps(template(team)).count("3.17.2") > 0
    said = [event["reason"] for event in team.events("mlflow")]
    assert said.index("MigrationPlanned") < said.index("BackingUpFirst") < said.index("Migrating")


def test_without_the_backup_the_old_release_stays(team: Team, paper_node: PaperNode) -> None:
    """The reason says why and what to do; the Job deleted, it is tried again."""
    serve(team, OLD, **FIRST)
    before = template(team)
    refused = Ending({"ok": False, "reason": "AccessDenied", "message": "words of the program"}, exit_code=1)
    paper_node.endings[team.namespace] = migrating(backup=refused)
    team.apply("MLflowServer", "mlflow", {**NEW, **FIRST})
    stalled = team.until("mlflowserver", "mlflow", has_reason("BackupFirstFailed"))
    (job,) = (name for name in jobs(team) if name.startswith("mlflow-backup-before"))
    for told in ("words of the program", f"delete Job {job}"):
        assert told in condition(stalled, "Ready")["message"]
    assert condition(stalled, "Stalled")["status"] == "True"
    assert condition(stalled, "ServerReady")["status"] == "True"
    assert template(team) == before
    paper_node.endings[team.namespace] = migrating()
    team.delete("job", job)
    team.ready("mlflowserver", "mlflow")
    assert template(team) != before


@pytest.mark.parametrize("reason", ["MigrationFailed", "DatabaseNewer"])
def test_a_release_that_cannot_be_leaves_the_old_pods(team: Team, paper_node: PaperNode, reason: str) -> None:
    """Up or down: the server answers, the reason has the preparation's words, and back is back."""
    serve(team, OLD)
    before = template(team)
    paper_node.endings[team.namespace] = migrating(after=failing("database", reason, "the end of the log"))
    team.apply("MLflowServer", "mlflow", NEW)
    stalled = team.until("mlflowserver", "mlflow", has_reason(reason))
    assert condition(stalled, "Ready")["message"].startswith("the end of the log")
    assert condition(stalled, "ServerReady")["status"] == "True"
    assert template(team) == before
    paper_node.endings[team.namespace] = GOOD
    after = serve(team, OLD)
    assert "migration" not in after["status"]
    assert template(team) == before


def test_a_migration_waits_for_its_window_in_silence(team: Team, paper_node: PaperNode, audit: AuditLog) -> None:
    """It says until when, writes nothing more, and goes on when the window is taken away."""
    window = {"upgrade": {"window": NEVER_NOW}}
    serve(team, OLD, **window)
    before = template(team)
    paper_node.endings[team.namespace] = migrating()
    team.apply("MLflowServer", "mlflow", {**NEW, **window})
    waits = team.until("mlflowserver", "mlflow", has_reason("UpgradeWindowClosed"))
    assert "-02-29T01:30:00Z, when spec.upgrade.window opens" in condition(waits, "Ready")["message"]
    assert condition(waits, "Suspended")["status"] == "True"
    time.sleep(2)
    mark = audit.mark()
    time.sleep(8)
    assert audit.writes(mark, USER, team.namespace) == Counter()
    assert template(team) == before
    serve(team, NEW)
    assert template(team) != before


@pytest.fixture
def another_operator(
    session_folder: Path, installed: ControlPlane, operator: OperatorProcess, paper_node: PaperNode
) -> Iterator[OperatorProcess]:
    """An operator of other images, which has yet to be started; the one of before comes back after it."""
    settings = {**SETTINGS, "IMAGE_SERVER": "mirror.example/mlflow:{version}"}
    process = OperatorProcess(session_folder / "another-operator", installed, settings, paper_node.environment)
    yield process
    process.stop()
    operator.start()


def test_another_operator_replaces_one_server_after_another(
    team: Team, operator: OperatorProcess, another_operator: OperatorProcess, paper_node: PaperNode
) -> None:
    """The others stay Ready and say what they wait for; killed in between, it goes on; a broken one stops nobody."""
    names = ["a", "b", "c", "d"]
    for name in names:
        team.apply("MLflowServer", name, OLD)
    for name in names:
        team.ready("mlflowserver", name)

    def servers() -> list[Object]:
        return [team.get("mlflowserver", name) for name in names]

    def moved() -> set[str]:
        found = json.loads(team.plane.kubectl("get", "deployment", "-n", team.namespace, "-o", "json"))["items"]
        return {o["metadata"]["name"] for o in found if "mirror.example" in json.dumps(o["spec"])}

    def waits(server: Object) -> bool:
        return bool(condition(server, "Ready").get("reason") == "UpdateWaits" and is_ready(server))

    paper_node.held[team.namespace] = "Pending"  # the preparation of the first holds it up
    operator.stop()
    another_operator.start()
    waiting.until(lambda: sum(map(waits, servers())) == 3, what="three to wait", seconds=30)
    assert moved() == set()
    another_operator.kill()
    another_operator.start()
    time.sleep(5)
    assert sum(map(waits, servers())) == 3
    (first,) = (s["metadata"]["name"] for s in servers() if not waits(s))
    paper_node.endings[team.namespace] = lambda pod: (
        failing("database", "LoginRefused", "no")
        if pod["metadata"]["labels"]["app.kubernetes.io/instance"] == first
        else GOOD
    )
    most = 0
    paper_node.let_go(team.namespace)
    deadline = time.monotonic() + 60
    while len(moved()) < 3 and time.monotonic() < deadline:
        most = max(most, sum(not is_ready(s) and s["metadata"]["name"] != first for s in servers()))
        time.sleep(0.05)
    assert moved() == set(names) - {first}
    assert most <= 1
    stalled = next(s for s in servers() if s["metadata"]["name"] == first)
    assert condition(stalled, "Ready")["reason"] == "LoginRefused"
