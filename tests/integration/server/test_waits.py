"""Every wait says for what, while it lasts."""

import json

import pytest

from cluster.team import Team, condition, has_reason, is_ready
from integration.server.steps import MANAGED, SQLITE, serve

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
