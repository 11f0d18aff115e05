"""What queues such as Kueue do to Jobs and pods, done by hand: suspend and resume, with what they add meanwhile."""

import json

import pytest

from cluster.host import waiting
from cluster.plane.paper_node import PaperNode
from cluster.services.team import Object, Team, condition, has_reason
from integration.server.neighbours.admission import GATE, SUSPEND, mutating
from integration.server.steps import MANAGED, SQLITE, children, patch, serve, uids

pytestmark = pytest.mark.integration

FLAVOR: Object = {
    "spec": {
        "suspend": False,
        "template": {
            "metadata": {"labels": {"queue.example/admitted": "yes"}},
            "spec": {"nodeSelector": {"pool": "batch"}, "tolerations": [{"key": "batch", "operator": "Exists"}]},
        },
    }
}
"""A Job that is let go: a queue says on which nodes, which is allowed while it is suspended."""


def jobs(team: Team) -> dict[str, Object]:
    """The preparations that there are."""
    return {name: obj for name, obj in children(team).items() if obj["kind"] == "Job"}


def held_back(team: Team) -> str:
    """Wait until the server says that its preparation is suspended; the Job."""
    waits = team.until("mlflowserver", "mlflow", has_reason("PreparationSuspended"))
    assert condition(waits, "Reconciling")["status"] == "True"
    (name,) = jobs(team)
    assert name.removeprefix("Job/") in condition(waits, "Ready")["message"]
    return name.lower()


@pytest.mark.parametrize("spec", [SQLITE, MANAGED], ids=["on a volume", "beside managed stores"])
def test_a_preparation_that_a_queue_suspends_is_waited_for(team: Team, spec: Object) -> None:
    """It says so, stays the same Job, and goes on where the queue sends it when its turn comes."""
    with mutating(team, SUSPEND, "batch", "jobs"):
        team.apply("MLflowServer", "mlflow", spec)
        job = held_back(team)
        before = uids(jobs(team))
        team.apply("MLflowServer", "mlflow", {**spec, "replicas": 1})
        assert held_back(team) == job
    patch(team, job, FLAVOR)
    team.ready("mlflowserver", "mlflow")
    assert uids(jobs(team)) == before


def test_a_preparation_that_is_suspended_at_work_goes_on(team: Team, paper_node: PaperNode) -> None:
    """A queue that needs the room takes the pod away; the Job stays, and its next pod does the work."""
    paper_node.held[team.namespace] = "Running"
    team.apply("MLflowServer", "mlflow", SQLITE)
    waiting.until(lambda: any(running(job) for job in jobs(team).values()), what="a pod at work", seconds=30)
    (name,) = jobs(team)
    before = uids(jobs(team))
    patch(team, name.lower(), {"spec": {"suspend": True}})
    held_back(team)
    del paper_node.held[team.namespace]
    patch(team, name.lower(), {"spec": {"suspend": False}})
    team.ready("mlflowserver", "mlflow")
    assert uids(jobs(team)) == before


def running(job: Object) -> bool:
    """Whether a Job has a pod."""
    return bool(job.get("status", {}).get("active"))


def test_another_spec_does_not_wait_behind_a_suspended_preparation(team: Team) -> None:
    """What has not begun is replaced: the new spec's preparation queues in its place."""
    with mutating(team, SUSPEND, "batch", "jobs"):
        team.apply("MLflowServer", "mlflow", SQLITE)
        old = held_back(team)
        team.apply("MLflowServer", "mlflow", {**SQLITE, "env": [{"name": "MLFLOW_LOGGING_LEVEL", "value": "DEBUG"}]})
        waiting.until(lambda: [*map(str.lower, jobs(team))] not in ([], [old]), what="another Job", seconds=30)
        new = held_back(team)
    assert new != old
    patch(team, new, {"spec": {"suspend": False}})
    team.ready("mlflowserver", "mlflow")


def test_an_upgrade_that_queues_leaves_the_running_server_alone(team: Team) -> None:
    """The pods of before go on while the preparation waits for its turn."""
    serve(team)
    pods = uids({"d": team.get("deployment", "mlflow")})
    with mutating(team, SUSPEND, "batch", "jobs"):
        team.apply("MLflowServer", "mlflow", {**SQLITE, "env": [{"name": "MLFLOW_LOGGING_LEVEL", "value": "DEBUG"}]})
        job = held_back(team)
    deployment = team.get("deployment", "mlflow")
    assert uids({"d": deployment}) == pods
    assert deployment["status"]["readyReplicas"] == 1
    patch(team, job, {"spec": {"suspend": False}})
    team.ready("mlflowserver", "mlflow")


def test_pods_that_a_queue_gates_are_named(team: Team) -> None:
    """A label on pods makes a queue put gates on them; the server says which, and comes up when they are lifted."""
    with mutating(team, GATE, "", "pods"):
        team.apply("MLflowServer", "mlflow", SQLITE)
        waits = team.until("mlflowserver", "mlflow", has_reason("PodsGated"))
        assert "queue.example/turn" in condition(waits, "Ready")["message"]
    items = json.loads(team.plane.kubectl("get", "pods", "-n", team.namespace, "-o", "json"))["items"]
    for pod in items:
        patch(team, f"pod/{pod['metadata']['name']}", {"spec": {"schedulingGates": None}}, "--type=merge")
    team.ready("mlflowserver", "mlflow")
