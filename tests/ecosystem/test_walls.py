"""NetworkPolicies hold on a real node: kube-router enforces what the operator makes, and pods try to get through."""

import json
import uuid
from collections.abc import Iterator

import pytest

from cluster.companions.kube_router import KubeRouter
from cluster.nodes.node import LocalNode
from cluster.services.team import Object, Team, is_ready
from e2e.client import ClientPod
from ecosystem.steps import until

pytestmark = pytest.mark.ecosystem

START_SECONDS = 300.0
POSTGRES, OBJECTS = ("mlflow-postgres", 5432), ("mlflow-object-store", 9000)
SERVER = ("mlflow", 5000)
API_SERVER = ("kubernetes.default.svc", 443)

_CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3).close()
    print("in")
except (TimeoutError, ConnectionRefusedError):  # dropped, or refused on behalf of the pod
    print("kept out")
"""
_LOG = """
import mlflow
mlflow.set_tracking_uri("http://mlflow:5000")
mlflow.set_experiment("walls")
with mlflow.start_run() as run:
    mlflow.log_metric("accuracy", 0.85)
    mlflow.log_text("let through", "notes/wall.txt")
metrics = mlflow.get_run(run.info.run_id).data.metrics
print(metrics["accuracy"], mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/wall.txt"))
"""


def walled(*apps: str) -> Object:
    """A server with stores of its own that lets in pods of some apps."""
    known = [{"podSelector": {"matchLabels": {"app": app}}} for app in apps]
    stores: Object = {"backendStore": {"managed": {}}, "artifactStore": {"managed": {}}}
    return {**stores, "workers": 1, "networkPolicy": {"from": known}}


@pytest.fixture(scope="module")
def team(local_node: LocalNode, kube_router: KubeRouter) -> Iterator[Team]:
    """A team whose server came about behind its walls."""
    local_node.recycle_volumes()
    name = f"test-{uuid.uuid4().hex[:8]}"
    local_node.kubectl("create", "namespace", name)
    team = Team(local_node, name)
    team.apply("MLflowServer", "mlflow", walled("friend"))
    team.until("mlflowserver", "mlflow", is_ready, seconds=START_SECONDS)
    yield team
    local_node.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def friend(local_node: LocalNode, team: Team) -> ClientPod:
    """A pod that the spec names."""
    return ClientPod(local_node, team.namespace, "http://mlflow:5000", name="friend")


@pytest.fixture(scope="module")
def stranger(local_node: LocalNode, team: Team) -> ClientPod:
    """A pod beside it that nobody names."""
    return ClientPod(local_node, team.namespace, "http://mlflow:5000", name="stranger")


def gets_in(pod: ClientPod, where: tuple[str, int]) -> bool:
    """Whether a connection from the pod comes about; its name is looked up in any case."""
    host, port = where
    return pod.python(_CONNECT, host, str(port)).strip() == "in"


def pod_gets_in(team: Team, workload: str, where: tuple[str, int]) -> bool:
    """The same from a pod of the server."""
    host, port = where
    words = ("-n", team.namespace, "exec", workload, "--", "python", "-c", _CONNECT, host, str(port))
    return team.plane.kubectl(*words).strip() == "in"


def test_whom_the_spec_names_logs_a_run(friend: ClientPod) -> None:
    """With an artifact that comes back: through the server, which alone gets through to its stores."""
    assert friend.python(_LOG).splitlines()[-1] == "0.85 let through"


def test_a_stranger_is_kept_out(friend: ClientPod, stranger: ClientPod) -> None:
    """Of the server, while its neighbour gets in; both reach what has no walls."""
    until(lambda: not gets_in(stranger, SERVER), "the stranger to be kept out")
    assert gets_in(friend, SERVER)
    assert [gets_in(pod, API_SERVER) for pod in (friend, stranger)] == [True, True]


@pytest.mark.parametrize("store", [POSTGRES, OBJECTS], ids=["database", "object store"])
def test_only_the_server_reaches_its_stores(
    team: Team, friend: ClientPod, stranger: ClientPod, store: tuple[str, int]
) -> None:
    """Nobody else does, whether or not the spec names them."""
    assert [gets_in(pod, store) for pod in (friend, stranger)] == [False, False]
    assert pod_gets_in(team, "deployment/mlflow", store)


def test_pods_of_a_server_go_nowhere_else(team: Team) -> None:
    """Somebody who has broken into MLflow does not reach the API server from there."""
    assert not pod_gets_in(team, "deployment/mlflow", API_SERVER)


def test_a_policy_deleted_by_hand_comes_back(team: Team, stranger: ClientPod) -> None:
    """A stranger gets in for seconds at most."""
    team.plane.kubectl("-n", team.namespace, "delete", "networkpolicy", "mlflow")
    until(lambda: "mlflow" in policies(team), "the policy")
    until(lambda: not gets_in(stranger, SERVER), "the stranger to be kept out")


def policies(team: Team) -> list[str]:
    """Names of the NetworkPolicies."""
    items = json.loads(team.plane.kubectl("-n", team.namespace, "get", "networkpolicies", "-o", "json"))["items"]
    return [item["metadata"]["name"] for item in items]


def test_who_is_named_later_gets_in(team: Team, friend: ClientPod, stranger: ClientPod) -> None:
    """By an edit of the spec, without a restart; the database stays closed to everybody."""
    before = team.get("deployment", "mlflow")["metadata"]["generation"]
    team.apply("MLflowServer", "mlflow", walled("friend", "stranger"))
    until(lambda: gets_in(stranger, SERVER), "the stranger to be let in")
    assert stranger.get("http://mlflow:5000/health") == (200, "OK")
    assert not gets_in(stranger, POSTGRES)
    assert team.get("deployment", "mlflow")["metadata"]["generation"] == before
    assert gets_in(friend, SERVER)
