"""An autoscaler that owns the number of replicas: the real controller, and what an event-driven one does itself."""

import json
import time

import pytest

from cluster.host import waiting
from cluster.services.team import Object, Team, has_reason
from integration.server.steps import MANAGED, QUIET_SECONDS, serve, until_children

pytestmark = pytest.mark.integration

TARGET = {"apiVersion": "mlflow.talentflow.ai/v1alpha1", "kind": "MLflowServer", "name": "mlflow"}


def replicas(team: Team) -> tuple[int, int]:
    """Of the server, and of its Deployment."""
    server, deployment = team.get("mlflowserver", "mlflow"), team.get("deployment", "mlflow")
    return server["spec"]["replicas"], deployment["spec"]["replicas"]


def test_an_autoscaler_scales_the_server_and_git_leaves_it_alone(team: Team) -> None:
    """It goes by the scale subresource; a manifest without replicas, applied again, changes nothing."""
    serve(team, MANAGED)
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
    }
    spec = {"scaleTargetRef": TARGET, "minReplicas": 3, "maxReplicas": 5, "metrics": [metric]}
    metadata = {"name": "mlflow", "namespace": team.namespace}
    scaler: Object = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata,
        "spec": spec,
    }
    team.plane.kubectl("apply", "-f", "-", text=json.dumps(scaler))
    waiting.until(lambda: replicas(team) == (3, 3), what="three replicas", seconds=60, pause=0.5)
    team.apply("MLflowServer", "mlflow", MANAGED)
    team.ready("mlflowserver", "mlflow")
    time.sleep(QUIET_SECONDS)
    assert replicas(team) == (3, 3)


def test_an_event_driven_autoscaler_goes_to_zero_and_back(team: Team) -> None:
    """KEDA writes the scale of the server itself where an HPA cannot: the first and the last replica."""
    serve(team, MANAGED)
    for number in (0, 1):
        team.plane.kubectl("scale", "mlflowserver/mlflow", f"--replicas={number}", "-n", team.namespace)
        if number == 0:
            team.until("mlflowserver", "mlflow", has_reason("ScaledToZero"))
        else:
            team.ready("mlflowserver", "mlflow")
        team.apply("MLflowServer", "mlflow", MANAGED)
        time.sleep(QUIET_SECONDS)
        assert replicas(team) == (number, number)


def test_an_autoscaler_of_the_spec_scales_between_its_numbers_and_goes_with_the_field(team: Team) -> None:
    """The real controller brings it to the least; without the field the number stays, and is anybody's again."""
    serve(team, MANAGED, autoscaling={"minReplicas": 3, "maxReplicas": 5})
    waiting.until(lambda: replicas(team) == (3, 3), what="three replicas", seconds=60, pause=0.5)
    team.apply("MLflowServer", "mlflow", {**MANAGED, "autoscaling": {"minReplicas": 1, "maxReplicas": 2}})
    waiting.until(lambda: replicas(team) == (2, 2), what="two replicas", seconds=60, pause=0.5)
    team.apply("MLflowServer", "mlflow", MANAGED)
    until_children(team, lambda found: "HorizontalPodAutoscaler/mlflow" not in found, what="no autoscaler")
    team.ready("mlflowserver", "mlflow")
    assert replicas(team) == (2, 2)
