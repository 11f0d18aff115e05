"""What else is installed in a cluster, and ill, is no concern of the operator's."""

import json
from pathlib import Path

import pytest

from cluster.host import waiting
from cluster.plane.control_plane import ControlPlane
from cluster.services.operator_process import OperatorProcess
from cluster.services.registry import Registry
from cluster.services.team import Team
from integration.conftest import QUICK

pytestmark = pytest.mark.integration

NAME = "v1beta1.metrics.k8s.io"
DEAD = {
    "apiVersion": "apiregistration.k8s.io/v1",
    "kind": "APIService",
    "metadata": {"name": NAME},
    "spec": {
        "group": "metrics.k8s.io",
        "version": "v1beta1",
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
        "insecureSkipTLSVerify": True,
        "service": {"name": "nobody", "namespace": "kube-system"},
    },
}


def test_the_operator_starts_beside_an_api_that_does_not_answer(
    installed: ControlPlane, team: Team, registry: Registry, operator_of_session: OperatorProcess, session_folder: Path
) -> None:
    """As when the metrics server is down, which every list of all APIs asks for."""
    operator_of_session.stop()
    installed.kubectl("apply", "-f", "-", text=json.dumps(DEAD))
    operator = OperatorProcess(session_folder / "operator-beside-a-dead-api", installed, QUICK)
    try:
        path = "jsonpath={.status.conditions[?(@.type=='Available')].status}"
        is_dead = lambda: installed.kubectl("get", "apiservice", NAME, "-o", path) == "False"  # noqa: E731
        waiting.until(is_dead, what="the API to be unavailable", seconds=30, pause=0.2)
        operator.start()
        team.external_server(registry.url)
    finally:
        operator.stop()
        installed.kubectl("delete", "apiservice", NAME)
