"""What the tests of this tier share: the operator as a process under the chart's role, a team, a registry."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cluster.plane.control_plane import ControlPlane
from cluster.services.mlflow_server import MlflowServer
from cluster.services.operator_process import NAMESPACE, OperatorProcess, install
from cluster.services.registry import Registry
from cluster.services.team import Team
from mlflow_operator import generate
from unit.documentation import ROOT

# Everything that the operator does from time to time, often enough for a test to wait for it.
OFTEN = {"REGISTRY_POLL": "1", "SERVER_PROBE": "2", "RELIST": "5", "RESYNC": "60"}
QUICK = {**OFTEN, "APPROVALS": "Count", "JOB_GATES": "true"}
POLICIES = tuple(f"mlflow-operator-{name}" for name in ("promote", "delete", "approve", "withdraw", "sign", "expose"))


@pytest.fixture(scope="session")
def installed(control_plane: ControlPlane) -> ControlPlane:
    """The control plane with the chart on it."""
    install(control_plane)
    return control_plane


@pytest.fixture(scope="module")
def asking(installed: ControlPlane) -> Iterator[ControlPlane]:
    """The admission policies of the chart, in force, and the roles that go with them."""
    objects = generate.render(ROOT / generate.CHART, NAMESPACE, {"admission": {"enabled": True}})
    parts = ("-promote", "-approve")
    wanted = [o for o in objects if "Admission" in o["kind"] or any(part in o["metadata"]["name"] for part in parts)]
    installed.kubectl("apply", "--server-side", "-f", "-", text=yaml.safe_dump_all(wanted))
    yield installed
    kinds = "validatingadmissionpolicybinding,validatingadmissionpolicy"
    installed.kubectl("delete", kinds, *POLICIES)


@pytest.fixture(scope="session")
def operator_of_session(session_folder: Path, installed: ControlPlane) -> OperatorProcess:
    """The operator; whoever kills it starts it again."""
    return OperatorProcess(session_folder / "operator", installed, QUICK)


@pytest.fixture
def operator(operator_of_session: OperatorProcess) -> OperatorProcess:
    """The operator, running."""
    operator_of_session.start()
    return operator_of_session


@pytest.fixture
def registry(mlflow_server: MlflowServer) -> Registry:
    """The registry of the real MLflow, seen by another client than the operator."""
    mlflow_server.start()
    return Registry(mlflow_server.url)


@pytest.fixture
def team(installed: ControlPlane, namespace: str) -> Team:
    """A team in a namespace of its own."""
    return Team(installed, namespace)


@pytest.fixture
def served(team: Team, operator: OperatorProcess, registry: Registry) -> Team:
    """The team with an MLflowServer named mlflow, which is ready."""
    team.external_server(registry.url)
    return team


@pytest.fixture
def model(registry: Registry) -> str:
    """A registered model with nine versions, under a name that no other test uses."""
    return registry.create_model(f"fraud-{uuid.uuid4().hex[:8]}", versions=9)
