"""What a server does when something is missing, wrong or in the way: nothing that runs is made worse."""

import random
import time
from collections.abc import Callable

import pytest

from cluster.plane.audit import AuditLog
from cluster.plane.paper_node import GOOD, PaperNode, failing
from cluster.services.operator_process import USER, OperatorProcess
from cluster.services.team import Object, Team, condition, has_reason, is_ready
from integration.server.steps import (
    MANAGED,
    QUIET_SECONDS,
    SQLITE,
    URI,
    children,
    patch,
    secret,
    serve,
    template,
    uids,
    until_children,
)
from unit.signing import signed

pytestmark = pytest.mark.integration


def is_serving(server: Object) -> bool:
    """Whether the pods that run answer, by the probe that follows a change of the spec."""
    return bool(condition(server, "ServerReady")["status"] == "True")


def says(words: str) -> Callable[[Object], bool]:
    """Whether Ready says something."""
    return lambda obj: words in condition(obj, "Ready").get("message", "")


def test_a_missing_secret_is_named_and_then_used(team: Team) -> None:
    """The server waits, says for which Secret and which key, and goes on when it has come."""
    team.apply("MLflowServer", "mlflow", URI)
    waits = team.until("mlflowserver", "mlflow", has_reason("SecretNotFound"))
    assert "Secret database does not exist" in condition(waits, "Ready")["message"]
    assert "Deployment/mlflow" not in children(team)
    secret(team, "database", password="nothing")
    waits = team.until("mlflowserver", "mlflow", has_reason("SecretKeyNotFound"))
    assert "has no key uri" in condition(waits, "Ready")["message"]
    secret(team, "database", uri="postgresql://me@database/mlflow")
    team.ready("mlflowserver", "mlflow")


def test_a_database_of_cloud_native_pg_is_waited_for(team: Team) -> None:
    """The cluster need not know what a Cluster is, and each Secret is named until it is there."""
    running = SQLITE | {"backendStore": {"cloudNativePG": {"clusterRef": {"name": "db"}}}}
    team.apply("MLflowServer", "mlflow", running)
    made = {"db-app": {"username": "app", "password": "a"}, "db-ca": {"ca.crt": signed().certificate}}
    for name, data in made.items():
        team.until("mlflowserver", "mlflow", says(f"CloudNativePG has not made Secret {name} yet"))
        secret(team, name, **data)
    team.ready("mlflowserver", "mlflow")


def test_a_rotated_secret_is_tried_before_the_pods_get_it(team: Team, paper_node: PaperNode) -> None:
    """A new preparation comes first; with a bad password the pods stay as they are, and with a good one they change."""
    secret(team, "database", uri="postgresql://me@database/mlflow")
    serve(team, URI)
    before, jobs = template(team), [c for c in children(team) if c.startswith("Job/")]
    paper_node.endings[team.namespace] = failing("database", "LoginRefused", "the database refused the login")
    secret(team, "database", uri="postgresql://me:wrong@database/mlflow")
    team.until("mlflowserver", "mlflow", has_reason("LoginRefused"))
    assert template(team) == before
    paper_node.endings[team.namespace] = GOOD
    secret(team, "database", uri="postgresql://me:right@database/mlflow")
    team.until("mlflowserver", "mlflow", is_ready)
    assert template(team)["metadata"]["annotations"] != before["metadata"]["annotations"]
    until_children(team, lambda c: len([n for n in c if n.startswith("Job/")]) == 1, "old preparations to go")
    assert not set(jobs) & set(children(team))


def test_one_preparation_at_a_time(team: Team, paper_node: PaperNode) -> None:
    """A new one waits until the old one has gone with its pods: two would migrate one database at once."""
    paper_node.endings[team.namespace] = failing("database", "DatabaseUnreachable", "nobody there", terminal=False)
    secret(team, "database", uri="postgresql://me@database/mlflow")
    team.apply("MLflowServer", "mlflow", URI)
    team.until("mlflowserver", "mlflow", has_reason("DatabaseUnreachable"))
    (old,) = (name for name in children(team) if name.startswith("Job/"))
    patch(team, old, {"metadata": {"finalizers": ["somebody.else/holds-it"]}})
    paper_node.endings[team.namespace] = GOOD
    secret(team, "database", uri="postgresql://me@elsewhere/mlflow")
    until_children(team, lambda c: "deletionTimestamp" in c[old]["metadata"], "the old preparation to be deleted")
    time.sleep(QUIET_SECONDS)
    assert [name for name in children(team) if name.startswith("Job/")] == [old]
    patch(team, old, {"metadata": {"finalizers": None}})
    team.ready("mlflowserver", "mlflow")


def test_a_bad_edit_of_the_store_leaves_the_store_in_use(team: Team, paper_node: PaperNode) -> None:
    """The managed PostgreSQL runs until the server has moved to another database, and then goes."""
    serve(team, MANAGED)
    store = {name: uid for name, uid in uids(children(team)).items() if name.endswith("-postgres")}
    assert store
    secret(team, "database", uri="postgresql://me:wrong@database/mlflow")
    paper_node.endings[team.namespace] = failing("database", "LoginRefused", "the database refused the login")
    edited = {**MANAGED, "backendStore": URI["backendStore"]}
    team.apply("MLflowServer", "mlflow", edited)
    team.until("mlflowserver", "mlflow", has_reason("LoginRefused"))
    assert store.items() <= uids(children(team)).items()
    paper_node.endings[team.namespace] = GOOD
    secret(team, "database", uri="postgresql://me:right@database/mlflow")
    team.ready("mlflowserver", "mlflow")
    gone = {name for name in store if name.startswith(("StatefulSet/", "Service/"))}
    until_children(team, lambda c: not gone & set(c), "the managed PostgreSQL to go")


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bad_edit_leaves_the_running_server_as_it_was(team: Team, paper_node: PaperNode, *, terminal: bool) -> None:
    """A preparation that fails says why; the Deployment is not touched, and an edit back is ready at once."""
    serve(team, MANAGED)
    before = team.get("deployment", "mlflow")
    paper_node.endings[team.namespace] = failing(
        "artifacts", "BucketMissing", "there is no bucket b", terminal=terminal
    )
    bad = {**MANAGED, "artifactStore": {"s3": {"bucket": "bad-bucket"}}, "replicas": 2}
    team.apply("MLflowServer", "mlflow", bad)
    failed = team.until("mlflowserver", "mlflow", lambda o: has_reason("BucketMissing")(o) and is_serving(o))
    assert condition(failed, "Ready")["message"] == "there is no bucket b"
    assert condition(failed, "Stalled" if terminal else "Reconciling")["status"] == "True"
    after = team.get("deployment", "mlflow")
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    paper_node.endings[team.namespace] = GOOD
    serve(team, MANAGED)
    assert team.get("deployment", "mlflow")["metadata"]["generation"] == before["metadata"]["generation"]


def test_an_unsupported_version_leaves_the_running_server_as_it_was(team: Team) -> None:
    """The downgrade is refused in words, and everything that runs goes on."""
    serve(team)
    before = uids(children(team)), template(team)
    team.apply("MLflowServer", "mlflow", {**SQLITE, "version": "2.9.2"})
    stalled = team.until("mlflowserver", "mlflow", has_reason("UnsupportedVersion"))
    assert condition(stalled, "Stalled")["status"] == "True"
    assert (uids(children(team)), template(team)) == before


def test_a_suspended_server_is_looked_at_and_not_touched(team: Team, audit: AuditLog) -> None:
    """Not even a deleted Service comes back before it is lifted."""
    serve(team)
    team.apply("MLflowServer", "mlflow", {**SQLITE, "workers": 4, "suspend": True})
    team.until("mlflowserver", "mlflow", lambda o: has_reason("Suspended")(o) and is_serving(o))
    mark = audit.mark()
    team.delete("service", "mlflow")
    time.sleep(QUIET_SECONDS)
    assert {
        key for key in audit.writes(mark, USER, team.namespace) if "status" not in key[1] and key[1] != "events"
    } == set()
    serve(team, workers=4, suspend=False)
    assert "Service/mlflow" in children(team)


def test_what_belongs_to_somebody_else_is_left_alone(team: Team) -> None:
    """A Service of the same name is named in the message, and stays as it is; when it is gone the server goes on."""
    team.plane.kubectl("create", "service", "clusterip", "mlflow", "--tcp=80", "-n", team.namespace)
    before = team.get("service", "mlflow")
    team.apply("MLflowServer", "mlflow", SQLITE)
    stalled = team.until("mlflowserver", "mlflow", has_reason("ChildConflict"))
    assert "Service mlflow exists and belongs to somebody else" in condition(stalled, "Ready")["message"]
    assert team.get("service", "mlflow") == before
    team.delete("service", "mlflow")
    team.apply("MLflowServer", "mlflow", {**SQLITE, "workers": 3})
    team.ready("mlflowserver", "mlflow")


def test_killed_at_four_moments_it_converges(team: Team, operator: OperatorProcess) -> None:
    """A kill -9 anywhere between apply and ready: started again, the server is complete, and no password changed."""
    chance = random.Random(20260102)
    team.apply("MLflowServer", "mlflow", MANAGED)
    for number in range(4):
        time.sleep(chance.random() * 1.5)
        operator.kill()
        team.apply("MLflowServer", "mlflow", {**MANAGED, "workers": number % 2 + 1, "replicas": number + 1})
        operator.start()
    server = team.until("mlflowserver", "mlflow", is_ready, seconds=60)
    assert server["status"]["readyReplicas"] == 4
    assert len(children(team)) == 13  # the budget for several pods among them


def test_a_server_made_again_waits_for_what_its_predecessor_leaves(team: Team) -> None:
    """Deleted and applied again faster than the garbage collector: it says so, and is not stalled."""
    before = serve(team)
    team.plane.kubectl("delete", "mls", "mlflow", "-n", team.namespace, "--wait=false")
    after = serve(team)
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert "ChildConflict" not in [event["reason"] for event in team.events("mlflow")]
