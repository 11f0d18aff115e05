"""What vertical autoscalers and cluster autoscalers do to pods: other sizes when they are made, and evictions."""

import json
import time

import pytest

from cluster.host import waiting
from cluster.host.errors import ClusterError
from cluster.plane.audit import AuditLog
from cluster.plane.paper_node import PaperNode
from cluster.services.operator_process import USER
from cluster.services.team import Object, Team
from integration.server.neighbours.admission import RESIZE, mutating
from integration.server.steps import MANAGED, QUIET_SECONDS, SQLITE, children, serve, uids

pytestmark = pytest.mark.integration


def pods(team: Team, component: str) -> list[Object]:
    """The pods of a component that stay."""
    label = f"app.kubernetes.io/component={component}"
    words = ("get", "pods", "-n", team.namespace, "-l", label, "-o", "json")
    items = json.loads(team.plane.kubectl(*words))["items"]
    return [pod for pod in items if "deletionTimestamp" not in pod["metadata"]]


def evict(team: Team, pod: Object) -> None:
    """As `kubectl drain` and autoscalers do it."""
    metadata = {"name": pod["metadata"]["name"], "namespace": team.namespace}
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
    path = f"/api/v1/namespaces/{team.namespace}/pods/{metadata['name']}/eviction"
    team.plane.kubectl("create", "--raw", path, "-f", "-", text=json.dumps(body))


def until_evicted(team: Team, pod: Object) -> None:
    """Evict it as soon as the server can do without it."""

    def is_evicted() -> bool:
        try:
            evict(team, pod)
        except ClusterError:
            return False
        return True

    waiting.until(is_evicted, what="the eviction", seconds=60)


def sizes(team: Team) -> set[str]:
    """How much CPU the server's pods ask for."""
    return {pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] for pod in pods(team, "server")}


def test_pods_of_another_size_than_their_template_cost_nothing(team: Team, audit: AuditLog) -> None:
    """A vertical autoscaler evicts pods and gives the next ones its own size: no rollout, no write, ready all along."""
    serve(team, MANAGED, replicas=2)
    before = team.get("deployment", "mlflow")
    with mutating(team, RESIZE, "", "pods"):
        for pod in pods(team, "server"):
            until_evicted(team, pod)
            team.ready("mlflowserver", "mlflow")
        waiting.until(lambda: sizes(team) == {"750m"}, what="pods of the new size", seconds=30)
        team.plane.kubectl("rollout", "status", "deployment/mlflow", "-n", team.namespace, "--timeout=30s")
        team.ready("mlflowserver", "mlflow")
        time.sleep(QUIET_SECONDS)
        mark = audit.mark()
        time.sleep(QUIET_SECONDS)
        assert audit.writes(mark, USER, team.namespace) == {}
    after = team.get("deployment", "mlflow")
    assert after["spec"]["template"] == before["spec"]["template"]


def test_a_preparation_that_is_evicted_begins_again(team: Team, paper_node: PaperNode) -> None:
    """A node that goes takes the pod along; the Job stays, and its next pod does the work."""
    paper_node.held[team.namespace] = "Running"
    team.apply("MLflowServer", "mlflow", SQLITE)
    waiting.until(lambda: bool(pods(team, "prepare")), what="the pod", seconds=30)
    jobs = {name: obj for name, obj in children(team).items() if obj["kind"] == "Job"}
    del paper_node.held[team.namespace]
    evict(team, pods(team, "prepare")[0])
    team.ready("mlflowserver", "mlflow")
    assert uids(jobs).items() <= uids(children(team)).items()
