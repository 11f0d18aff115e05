"""Fixtures for the integration and the end-to-end tier; `pytest_plugins = ["cluster.fixtures"]` brings them in.

What takes minutes when a machine is new is built after collection, where no test's timeout runs; of several workers of
pytest one builds, and the others wait for it. What runs is each worker's own.
"""

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cluster.host import console, packages, sessions
from cluster.host.errors import ClusterError, Impossible, Unavailable
from cluster.leaks.recorder import Recorder
from cluster.nodes import images
from cluster.nodes.node import LocalNode
from cluster.plane import programs
from cluster.plane.audit import AuditLog
from cluster.plane.control_plane import ControlPlane
from cluster.providers import keeping
from cluster.providers.choice import choose
from cluster.providers.provider import Cluster
from cluster.services import mlflow_server as mlflow
from cluster.services.minio import Minio
from cluster.services.mlflow_server import MlflowServer
from cluster.services.postgres import Postgres
from cluster.services.redis import PACKAGES as REDIS
from cluster.services.redis import Redis


def _build_control_plane() -> None:
    packages.ensure({"openssl": "openssl"})
    programs.build(programs.KUBERNETES)


def _bring_up(cluster: Cluster) -> Cluster:
    cluster.up()
    for image in images.OF_THE_TESTS:
        cluster.load(image)
    return cluster


PREPARATIONS: dict[str, Callable[[], object]] = {
    "control_plane": _build_control_plane,
    "postgres": lambda: packages.ensure(packages.INTEGRATION),
    "redis": lambda: packages.ensure(REDIS),
    "minio": lambda: programs.build(programs.MINIO),
    "mlflow_server": lambda: mlflow.environment(mlflow.pinned_version()),
    "light_mlflow": lambda: mlflow.environment(mlflow.pinned_version()),
    "argocd": lambda: programs.build(programs.ARGOCD),
    "flux": lambda: programs.build(programs.FLUX),
    "cert_manager": lambda: programs.build(programs.CERT_MANAGER),
    "vpa": lambda: programs.build(programs.VPA),
    "kube_router": lambda: programs.build(programs.KUBE_ROUTER),
    "traefik": lambda: programs.build(programs.TRAEFIK),
    "identity_provider": lambda: images.build(images.OAUTH2_PROXY),
    "browser": lambda: packages.ensure(packages.BROWSER),
    "node": lambda: choose().prepare(),
}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build what the collected tests need, with its progress on the terminal."""
    if session.config.option.collectonly:
        return
    wanted = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        for name in PREPARATIONS:
            if name in wanted:
                _prepare(name)


def _prepare(name: str) -> None:
    try:
        PREPARATIONS[name]()
    except ClusterError as error:
        console.say(f"{name}: {error}")  # the fixture meets it again, and skips or fails


@contextlib.contextmanager
def available() -> Iterator[None]:
    """Turn what is missing on this machine into a skip; in CI into an error, unless the machine could never have it."""
    try:
        yield
    except Unavailable as missing:
        if os.environ.get("CI") == "true" and not isinstance(missing, Impossible):
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def session_folder() -> Iterator[Path]:
    """State of this test session; its processes end with it."""
    with sessions.folder() as path, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECACHEDIR", str(path / "kubectl"))  # of these API servers, not of older ones at their ports
        yield path


@pytest.fixture(scope="session")
def control_plane(session_folder: Path) -> ControlPlane:
    """A Kubernetes without nodes: API server, etcd, controllers."""
    plane = ControlPlane(session_folder / "control-plane")
    with available():
        _build_control_plane()
        plane.start()
    return plane


@pytest.fixture
def audit(control_plane: ControlPlane) -> AuditLog:
    """The audit log of the control plane."""
    return control_plane.audit


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """A new namespace of the control plane; its deletion is not waited for."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    control_plane.create_namespace(name)
    yield name
    control_plane.delete_namespace(name)


@pytest.fixture(scope="session")
def postgres(session_folder: Path) -> Postgres:
    """A PostgreSQL with the database `mlflow`."""
    server = Postgres(session_folder / "postgres")
    with available():
        server.start()
    return server


@pytest.fixture(scope="session")
def redis_of_session(session_folder: Path) -> Redis:
    """A Redis with a password; whoever kills it starts it again."""
    server = Redis(session_folder / "redis")
    with available():
        server.start()
    return server


@pytest.fixture
def redis(redis_of_session: Redis) -> Redis:
    """That Redis, running."""
    redis_of_session.start()
    return redis_of_session


@pytest.fixture(scope="session")
def minio(session_folder: Path) -> Minio:
    """A MinIO with the bucket `mlflow`."""
    server = Minio(session_folder / "minio")
    with available():
        server.start()
    server.create_bucket("mlflow")
    return server


@pytest.fixture(scope="session")
def mlflow_server(session_folder: Path, postgres: Postgres, minio: Minio) -> MlflowServer:
    """The pinned MLflow on that PostgreSQL and that MinIO."""
    server = MlflowServer(
        session_folder / "mlflow", postgres.uri(), "s3://mlflow/artifacts", extra_env=minio.client_env
    )
    with available():
        server.start()
    return server


@pytest.fixture(scope="session")
def node() -> Iterator[Cluster]:
    """A cluster whose nodes run pods, with all images loaded; left up when somebody wants to keep it or uses it."""
    with available():
        cluster = choose()
        if os.environ.get("KEEP_CLUSTER") == "1":
            keeping.keep()
    with keeping.in_use(cluster), available():
        yield _bring_up(cluster)


@pytest.fixture(scope="session")
def recorder(node: Cluster, session_folder: Path) -> Iterator[Recorder | None]:
    """Records from the first test on; in the end fails when a secret is anywhere but in its Secret.

    None where the node's disk and processes are not this machine's.
    """
    if not isinstance(node, LocalNode):
        yield None
        return
    recorder = Recorder(node, session_folder / "recorded")
    recorder.start()
    try:
        yield recorder
        leaks = recorder.leaks()
    finally:
        recorder.stop()
    console.say(recorder.looked)
    assert leaks == [], "secrets are where nobody should find them: where, and of which Secret and key"


@pytest.fixture
def node_namespace(node: Cluster) -> Iterator[str]:
    """A new namespace of the node, after volumes of earlier ones were made free; its deletion is not waited for."""
    node.recycle_volumes()
    name = f"test-{uuid.uuid4().hex[:8]}"
    node.kubectl("create", "namespace", name)
    yield name
    node.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")
