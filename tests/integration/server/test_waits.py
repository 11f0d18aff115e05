"""Every wait says for what, while it lasts."""

import json
from datetime import UTC, datetime

import pytest

from cluster.services.team import Object, Team, condition, has_reason, is_ready
from integration.server.steps import MANAGED, SQLITE, patch, serve

pytestmark = pytest.mark.integration


def quota(team: Team, pods: int) -> None:
    """As many pods as the namespace may have."""
    metadata = {"name": "small", "namespace": team.namespace}
    spec = {"hard": {"pods": str(pods)}}
    body = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": spec}
    team.plane.kubectl("apply", "-f", "-", text=json.dumps(body))


@pytest.mark.parametrize("spec", [SQLITE, MANAGED], ids=["the preparation", "a managed store"])
def test_a_quota_that_refuses_pods_is_named(team: Team, spec: dict[str, object]) -> None:
    """Within half a minute, in the words of who refuses; when it is raised the server goes on by itself."""
    quota(team, 0)
    team.apply("MLflowServer", "mlflow", spec)
    refused = team.until("mlflowserver", "mlflow", has_reason("PodsRefused"))
    assert "exceeded quota: small" in condition(refused, "Ready")["message"]
    assert condition(refused, "Reconciling")["status"] == "True"
    team.plane.kubectl("delete", "resourcequota", "small", "-n", team.namespace)
    team.until("mlflowserver", "mlflow", is_ready, seconds=120)


def test_a_quota_that_refuses_a_rollout_is_named(team: Team) -> None:
    """The Deployment's own controller knows; the server goes on answering."""
    serve(team, MANAGED)
    quota(team, 4)
    team.apply("MLflowServer", "mlflow", {**MANAGED, "workers": 3, "replicas": 4})
    refused = team.until("mlflowserver", "mlflow", has_reason("PodsRefused"))
    assert "pods of the server are refused" in condition(refused, "Ready")["message"]
    team.plane.kubectl("delete", "resourcequota", "small", "-n", team.namespace)
    team.until("mlflowserver", "mlflow", is_ready, seconds=120)


def now() -> str:
    """As the API server writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ready(team: Team, pod: str, status: str) -> None:
    """What the cluster says of a pod's readiness."""
    said = {"type": "Ready", "status": status, "lastTransitionTime": now()}
    patch(team, pod, {"status": {"conditions": [said]}}, "--subresource=status")


def lose_node(team: Team, component: str) -> str:
    """What controllers do when the kubelet of a pod is not heard of any more; the pod."""
    words = ("get", "pods", "-n", team.namespace, "-l", f"app.kubernetes.io/component={component}", "-o", "json")
    (pod,) = json.loads(team.plane.kubectl(*words))["items"]
    name = f"pod/{pod['metadata']['name']}"
    ready(team, name, "False")
    about = {"kind": "Pod", "apiVersion": "v1", **{k: pod["metadata"][k] for k in ("name", "namespace", "uid")}}
    event: Object = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "lost", "namespace": team.namespace},
        "involvedObject": about,
        "type": "Warning",
        "reason": "NodeNotReady",
        "message": "Node is not ready",
        "firstTimestamp": now(),
        "lastTimestamp": now(),
    }
    team.plane.kubectl("create", "-f", "-", text=json.dumps(event))
    return name


def test_a_lost_node_is_named_until_it_is_back(team: Team) -> None:
    """Its pods run no more, though nobody can say that they have ended."""
    serve(team)
    pod = lose_node(team, "server")
    lost = team.until("mlflowserver", "mlflow", has_reason("NodeLost"))
    assert "does not answer" in condition(lost, "Ready")["message"]
    ready(team, pod, "True")
    team.until("mlflowserver", "mlflow", is_ready, seconds=60)
