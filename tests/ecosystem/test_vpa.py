"""A real Vertical Pod Autoscaler beside the real operator; what it recommends is written, and pods evicted, by hand."""

import json
import time
from typing import Any

import pytest

from cluster.companions.vpa import Vpa
from cluster.plane.control_plane import ControlPlane
from cluster.services.operator_process import USER
from cluster.services.team import Object, Team
from ecosystem.steps import until

pytestmark = pytest.mark.ecosystem

MANAGED: Object = {"backendStore": {"managed": {}}, "artifactStore": {"managed": {}}, "replicas": 2}
GROUP = "autoscaling.k8s.io/v1"
QUIET_SECONDS = 8.0


def autosize(team: Team, kind: str, version: str, name: str) -> None:
    """Apply a VerticalPodAutoscaler for an object called mlflow."""
    spec = {
        "targetRef": {"apiVersion": version, "kind": kind, "name": "mlflow"},
        "updatePolicy": {"updateMode": "Recreate"},
    }
    metadata = {"name": name, "namespace": team.namespace}
    body = {"apiVersion": GROUP, "kind": "VerticalPodAutoscaler", "metadata": metadata, "spec": spec}
    team.plane.kubectl("apply", "-f", "-", text=json.dumps(body))


def recommend(team: Team, name: str) -> None:
    """What a recommender would write after some days."""
    target = {"cpu": "750m", "memory": "2Gi"}
    bounds = {"lowerBound": {"cpu": "700m", "memory": "1900Mi"}, "upperBound": {"cpu": "800m", "memory": "2100Mi"}}
    found = [{"containerName": "mlflow", "target": target, **bounds}]
    status = json.dumps({"status": {"recommendation": {"containerRecommendations": found}}})
    words = ("patch", "verticalpodautoscaler", name, "-n", team.namespace, "--subresource=status", "--type=merge")
    team.plane.kubectl(*words, "-p", status)


def pods(team: Team) -> list[Any]:
    """The server's pods that stay."""
    words = ("get", "pods", "-n", team.namespace, "-l", "app.kubernetes.io/component=server", "-o", "json")
    items = json.loads(team.plane.kubectl(*words))["items"]
    return [pod for pod in items if "deletionTimestamp" not in pod["metadata"]]


def sizes(team: Team) -> list[str]:
    """How much CPU they ask for."""
    return [pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] for pod in pods(team)]


def evict(team: Team, pod: Any) -> None:
    """As its updater does it."""
    metadata = {"name": pod["metadata"]["name"], "namespace": team.namespace}
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
    path = f"/api/v1/namespaces/{team.namespace}/pods/{metadata['name']}/eviction"
    team.plane.kubectl("create", "--raw", path, "-f", "-", text=json.dumps(body))


def evicted(team: Team) -> list[str]:
    """Evict one pod of the old size, if there is one; the sizes before."""
    before = sizes(team)
    old = [pod for pod, size in zip(pods(team), before, strict=True) if size != "750m"]
    if old:
        evict(team, old[0])
        team.ready("mlflowserver", "mlflow")
    return before


def unsupported(team: Team, name: str) -> str | None:
    """What it says against its target; empty when it is content, None while it has said nothing."""
    found = json.loads(team.plane.kubectl("get", "verticalpodautoscaler", name, "-n", team.namespace, "-o", "json"))
    conditions = {c["type"]: c for c in found.get("status", {}).get("conditions", [])}
    if not conditions:
        return None
    wrong = conditions.get("ConfigUnsupported", {})
    return str(wrong.get("message")) if wrong.get("status") == "True" else ""


def test_it_finds_the_pods_through_the_server_and_resizes_them(vpa: Vpa, installed: ControlPlane, team: Team) -> None:
    """New pods get its size; the template stays, and the operator has nothing to write."""
    team.apply("MLflowServer", "mlflow", MANAGED)
    team.ready("mlflowserver", "mlflow")
    before = team.get("deployment", "mlflow")["spec"]["template"]
    autosize(team, "MLflowServer", "mlflow.talentflow.ai/v1alpha1", "server")
    recommend(team, "server")
    until(lambda: evicted(team) == ["750m", "750m"], "two pods of the new size")
    team.ready("mlflowserver", "mlflow")
    time.sleep(QUIET_SECONDS)
    mark = installed.audit.mark()
    time.sleep(QUIET_SECONDS)
    assert installed.audit.writes(mark, USER, team.namespace) == {}
    assert team.get("deployment", "mlflow")["spec"]["template"] == before
    assert sizes(team) == ["750m", "750m"]


def test_it_wants_the_server_as_its_target(vpa: Vpa, team: Team) -> None:
    """It goes to whoever is on top and can be scaled: the Deployment is refused, the MLflowServer is not."""
    team.apply("MLflowServer", "mlflow", MANAGED)
    team.ready("mlflowserver", "mlflow")
    autosize(team, "MLflowServer", "mlflow.talentflow.ai/v1alpha1", "server")
    autosize(team, "Deployment", "apps/v1", "deployment")
    vpa.start_recommender()
    try:
        until(lambda: unsupported(team, "server") == "", "the server to be supported")
        until(lambda: "topmost" in (unsupported(team, "deployment") or ""), "the Deployment to be refused")
    finally:
        vpa.recommender.stop()
