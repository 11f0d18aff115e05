"""The program of the managed PostgreSQL's container, as a process of an unprivileged user."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster import ports, run, waiting
from cluster.errors import ClusterError
from cluster.postgres import UNPRIVILEGED_UID, binaries
from cluster.process import Process
from mlflow_operator.desired.managed_postgres import start_script

pytestmark = pytest.mark.integration

PASSWORD = 'a "word" with $signs'
UID = UNPRIVILEGED_UID if os.geteuid() == 0 else None


class Container:
    """The container's process, on a volume of its own."""

    def __init__(self, folder: Path, log_folder: Path) -> None:
        self.folder = folder
        self.port = ports.free(1)[0]
        self.process = Process("managed-postgres", log_folder)
        self.data = folder / "data"
        credentials = folder / "credentials"
        for path in (self.data, credentials):
            path.mkdir()
        (credentials / "username").write_text("mlflow")
        (credentials / "password").write_text(PASSWORD)
        if UID is not None:
            for path in (folder, self.data, credentials, *credentials.iterdir()):
                os.chown(path, UID, UID)

    def start(self) -> None:
        """Start it as the kubelet does."""
        env = {
            "PGDATA": str(self.data / "cluster"),
            "PGPORT": str(self.port),
            "DATABASE": "mlflow",
            "CREDENTIALS": str(self.folder / "credentials"),
            "PATH": f"{binaries()}:{os.defpath}",
        }
        self.process.start(["bash", "-c", start_script()], env=env, uid=UID, folder=self.folder)

    def sql(self, statement: str, password: str = PASSWORD) -> str:
        """Run a statement over TCP."""
        argv = ["psql", "-wqtAX", "-h", "127.0.0.1", "-p", str(self.port), "-U", "mlflow", "-d", "mlflow"]
        env = {"PGPASSWORD": password, "PGCONNECT_TIMEOUT": "3"}
        return run.output([binaries() / argv[0], *argv[1:], "-c", statement], env=env).strip()

    def wait(self) -> None:
        """Return when it answers."""

        def answers() -> bool:
            self.process.check()
            try:
                return self.sql("SELECT 1") == "1"
            except ClusterError:
                return False

        waiting.until(answers, what=f"PostgreSQL ({self.process.log})", seconds=60, pause=0.2)


@pytest.fixture
def container(tmp_path: Path) -> Iterator[Container]:
    """A container that has not been started; its volume is empty."""
    folder = Path(f"/tmp/managed-postgres-{os.getpid()}-{time.monotonic_ns()}")
    folder.mkdir()
    made = Container(folder, tmp_path)
    yield made
    made.process.kill()
    shutil.rmtree(folder)


def test_it_makes_the_database_and_lets_nobody_in_without_the_password(container: Container) -> None:
    """By TCP with the generated password only; a restart keeps what was written."""
    container.start()
    container.wait()
    container.sql("CREATE TABLE kept (id int)")
    for password in ("", "wrong"):
        with pytest.raises(ClusterError, match="password"):
            container.sql("SELECT 1", password)
    container.process.kill()
    os.chmod(container.data / "cluster", 0o770)  # noqa: S103 - as a kubelet that applies fsGroup leaves it
    container.start()
    container.wait()
    assert container.sql("SELECT count(*) FROM kept") == "0"


@pytest.mark.parametrize("seconds", [0.1, 0.4, 0.7, 1.0, 1.3])
def test_a_first_start_that_was_killed_halfway_is_made_up_for(container: Container, seconds: float) -> None:
    """Whatever was left behind, the next start ends with a complete cluster."""
    container.start()
    time.sleep(seconds)
    container.process.kill()
    container.start()
    container.wait()
    assert [p.name for p in container.data.iterdir()] == ["cluster"]
