"""What the tests of this tier share: one control plane with the chart, one operator, one MLflow, one Git server."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.companions.argocd import ArgoCd
from cluster.companions.cert_manager import CertManager
from cluster.companions.flux import Flux
from cluster.companions.git_server import GitServer
from cluster.companions.kube_router import KubeRouter
from cluster.companions.traefik import Traefik
from cluster.companions.vpa import Vpa
from cluster.fixtures import available
from cluster.leaks.recorder import Recorder
from cluster.nodes.node import LocalNode
from cluster.plane.control_plane import ControlPlane
from cluster.plane.paper_node import PaperNode
from cluster.providers.provider import Cluster
from cluster.services.mlflow_server import MlflowServer
from cluster.services.operator_process import OperatorProcess, install
from cluster.services.registry import Registry
from cluster.services.team import Team
from demo import installation
from ecosystem.steps import GitTeam

SETTINGS = {"REGISTRY_POLL": "1", "SERVER_PROBE": "2", "RELIST": "5", "RESYNC": "60"}


@pytest.fixture(scope="session")
def installed(control_plane: ControlPlane) -> ControlPlane:
    """The control plane with the chart on it."""
    install(control_plane)
    return control_plane


@pytest.fixture(scope="session")
def light_mlflow(session_folder: Path) -> MlflowServer:
    """The pinned MLflow on SQLite, which needs nothing else."""
    folder = session_folder / "mlflow"
    folder.mkdir()
    server = MlflowServer(folder, f"sqlite:///{folder}/mlflow.db", str(folder / "artifacts"))
    with available():
        server.start()
    return server


@pytest.fixture(scope="session")
def paper_node(installed: ControlPlane, light_mlflow: MlflowServer) -> Iterator[PaperNode]:
    """The node of all pods."""
    node = PaperNode(installed, light_mlflow.url)
    node.start()
    yield node
    node.stop()


@pytest.fixture(scope="session")
def operator(session_folder: Path, installed: ControlPlane, paper_node: PaperNode) -> Iterator[OperatorProcess]:
    """The operator, under the chart's role; it reaches Services through the node."""
    process = OperatorProcess(session_folder / "operator", installed, SETTINGS, paper_node.environment)
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="session")
def git_server(session_folder: Path) -> Iterator[GitServer]:
    """Git over HTTP."""
    with GitServer(session_folder / "git").running() as server:
        yield server


@pytest.fixture(scope="session")
def argocd(session_folder: Path, operator: OperatorProcess, installed: ControlPlane) -> Iterator[ArgoCd]:
    """Argo CD, with our health checks."""
    tool = ArgoCd(session_folder / "argocd", installed)
    with available():
        tool.start()
    yield tool
    tool.stop()


@pytest.fixture(scope="session")
def flux(session_folder: Path, operator: OperatorProcess, installed: ControlPlane) -> Iterator[Flux]:
    """Flux."""
    tool = Flux(session_folder / "flux", installed)
    with available():
        tool.start()
    yield tool
    tool.stop()


@pytest.fixture(scope="module")
def vpa(session_folder: Path, operator: OperatorProcess, installed: ControlPlane) -> Iterator[Vpa]:
    """The Vertical Pod Autoscaler, for the tests of one file: its webhook is asked about all pods."""
    tool = Vpa(session_folder / "vpa", installed)
    with available():
        tool.start()
    yield tool
    tool.stop()


@pytest.fixture(scope="session")
def local_node(node: Cluster, recorder: Recorder | None) -> LocalNode:
    """The node of this machine with the operator in a pod: a companion runs as a process beside its kubelet.

    In the end no secret may be anywhere but in its Secret.
    """
    if not isinstance(node, LocalNode):
        pytest.skip(f"the network of the provider {node.name} is its own; CLUSTER=local")
    installation.install(node)
    return node


@pytest.fixture(scope="module")
def kube_router(local_node: LocalNode) -> Iterator[KubeRouter]:
    """What enforces NetworkPolicies, for the tests of one file."""
    tool = KubeRouter(local_node)
    with available():
        tool.start()
    yield tool
    tool.stop()


@pytest.fixture
def cert_manager(session_folder: Path, operator: OperatorProcess, installed: ControlPlane) -> Iterator[CertManager]:
    """A cert-manager that a test installs."""
    with available():
        tool = CertManager(session_folder / "cert-manager", installed)
    yield tool
    tool.stop()


@pytest.fixture(scope="module")
def traefik(local_node: LocalNode) -> Iterator[Traefik]:
    """A controller of routes from outside, for the tests of one file."""
    tool = Traefik(local_node)
    with available():
        tool.start()
    yield tool
    tool.stop()


@pytest.fixture
def team(installed: ControlPlane, namespace: str, operator: OperatorProcess) -> Team:
    """A team whose servers get pods."""
    return Team(installed, namespace)


@pytest.fixture
def git_team(installed: ControlPlane, team: Team, git_server: GitServer, light_mlflow: MlflowServer) -> GitTeam:
    """A team with an empty repository, and a model with five versions."""
    registry = Registry(light_mlflow.url)
    model = registry.create_model(f"fraud-{uuid.uuid4().hex[:8]}", versions=5)
    return GitTeam(installed, team, git_server.repository(team.namespace), registry, model)
