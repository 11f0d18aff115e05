"""Who scales a server by its load, and by what."""

from typing import Any

import pytest

from mlflow_operator.desired.server.autoscaler import autoscaler
from unit.desired.servers import EXISTING, server


@pytest.mark.parametrize(
    ("said", "measured"),
    [
        ({}, {"cpu": 80}),
        ({"targetCPUUtilizationPercentage": 60}, {"cpu": 60}),
        ({"targetMemoryUtilizationPercentage": 70}, {"memory": 70}),
        (
            {"targetCPUUtilizationPercentage": 60, "targetMemoryUtilizationPercentage": 70},
            {"cpu": 60, "memory": 70},
        ),
    ],
)
def test_it_scales_by_what_the_spec_measures(said: dict[str, Any], measured: dict[str, int]) -> None:
    """By CPU where it says nothing; with several, the autoscaler takes the one that wants most pods."""
    found = autoscaler(server(EXISTING | {"autoscaling": {"maxReplicas": 5, **said}}))
    assert found is not None
    metrics = {m["resource"]["name"]: m["resource"]["target"]["averageUtilization"] for m in found["spec"]["metrics"]}
    assert metrics == measured
    assert (found["spec"]["minReplicas"], found["spec"]["maxReplicas"]) == (1, 5)


def test_it_scales_the_server_so_that_nobody_sets_its_number_back() -> None:
    """The operator brings the Deployment to what the server says, whoever has written it there."""
    found = autoscaler(server(EXISTING | {"autoscaling": {"minReplicas": 2, "maxReplicas": 5}}, name="fraud.team"))
    assert found is not None
    assert found["spec"]["scaleTargetRef"] == {
        "apiVersion": "mlflow.talentflow.ai/v1alpha1",
        "kind": "MLflowServer",
        "name": "fraud.team",
    }


@pytest.mark.parametrize("spec", [{}, {"autoscaling": {"maxReplicas": 5}, "hibernate": True}])
def test_without_pods_or_wishes_there_is_none(spec: dict[str, Any]) -> None:
    """Nothing can be measured of a server that hibernates."""
    assert autoscaler(server(EXISTING | spec)) is None
