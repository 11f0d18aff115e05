"""The program of the managed PostgreSQL's container, as a process of an unprivileged user."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cluster.host import packages, ports, run, waiting
from cluster.host.errors import ClusterError
from cluster.host.process import Process
from cluster.services.postgres import UNPRIVILEGED_UID, binaries
from integration.stores.test_prepare import prepare, with_volume
from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired.managed import postgres

pytestmark = pytest.mark.integration

PASSWORD = 'a "word" with $signs'
UID = UNPRIVILEGED_UID if os.geteuid() == 0 else None
NAMELESS = 1000650000
"""As in the range that OpenShift gives a namespace; no machine has such a user."""


class Container:
    """The container's process, on a volume of its own."""

    def __init__(self, folder: Path, log_folder: Path, uid: int | None = UID) -> None:
        self.folder, self.uid = folder, uid
        self.port = ports.free(1)[0]
        self.process = Process("managed-postgres", log_folder)
        self.data = folder / "data"
        credentials = folder / "credentials"
        for path in (self.data, credentials):
            path.mkdir()
        (credentials / "username").write_text("mlflow")
        (credentials / "password").write_text(PASSWORD)
        if uid is not None:
            for path in (folder, self.data, credentials, *credentials.iterdir()):
                os.chown(path, uid, uid)

    def start(self) -> None:
        """Start it as the kubelet does."""
        env = {
            "PGDATA": str(self.data / "cluster"),
            "PGPORT": str(self.port),
            "DATABASE": "mlflow",
            "CREDENTIALS": str(self.folder / "credentials"),
            "PATH": f"{binaries()}:{os.defpath}",
            "TMPDIR": str(self.folder),
        }
        # The /tmp of a pod is its own, and anybody in it may write there.
        script = postgres.start_script().replace("/tmp", str(self.folder))
        self.process.start(["bash", "-c", script], env=env, uid=self.uid, folder=self.folder)

    def sql(self, statement: str, password: str = PASSWORD) -> str:
        """Run a statement over TCP."""
        argv = ["psql", "-wqtAX", "-h", "127.0.0.1", "-p", str(self.port), "-U", "mlflow", "-d", "mlflow"]
        env = {"PGPASSWORD": password, "PGCONNECT_TIMEOUT": "3"}
        return run.output([binaries() / argv[0], *argv[1:], "-c", statement], env=env).strip()

    def probe(self) -> list[str]:
        """The command by which the kubelet asks whether it is ready, at the port that it has here."""
        metadata = {"name": "mlflow", "namespace": "team", "uid": "u"}
        spec: dict[str, Any] = {"backendStore": {"managed": {}}, "artifactStore": {"managed": {}}}
        server = MLflowServer.parse({"metadata": metadata, "spec": spec})
        (*_, found) = postgres.objects(server, desired.Inputs(desired.Images("", "", "", "")))
        (one,) = found["spec"]["template"]["spec"]["containers"]
        command: list[str] = one["readinessProbe"]["exec"]["command"]
        return [str(self.port) if word == str(postgres.PORT) else word for word in command]

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
    with contained(tmp_path, UID) as made:
        yield made


@contextmanager
def contained(log_folder: Path, uid: int | None, size: str | None = None) -> Iterator[Container]:
    """A container of a user, gone afterwards with its volume; ``size`` is that of a volume that can be full."""
    folder = Path(f"/tmp/managed-postgres-{os.getpid()}-{time.monotonic_ns()}")
    folder.mkdir()
    if size:
        run.output(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)])
    made = Container(folder, log_folder, uid)
    try:
        yield made
    finally:
        made.process.kill()
        if size:
            run.output(["umount", "--lazy", str(folder)])
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


@pytest.mark.skipif(os.geteuid() != 0, reason="to become another user takes root")
def test_a_user_of_the_platforms_choice_needs_no_name(tmp_path: Path) -> None:
    """It makes the database, and the probe finds it, though no machine knows who that is."""
    packages.ensure(packages.INTEGRATION)
    with contained(tmp_path, NAMELESS) as nameless:
        nameless.start()
        nameless.wait()
        name, *words = nameless.probe()
        asked = subprocess.run([binaries() / name, *words], user=NAMELESS, group=NAMELESS, extra_groups=[], check=False)
        assert asked.returncode == 0
        nameless.process.kill()
        nameless.start()
        nameless.wait()


def test_data_of_another_major_release_are_left_alone_and_named(container: Container) -> None:
    """The last words of the container, which the reason of Ready quotes, say how to go on."""
    container.start()
    container.wait()
    container.process.kill()
    marked = container.data / "cluster" / "PG_VERSION"
    own = marked.read_text()
    marked.write_text("9\n")
    container.start()
    waiting.until(lambda: container.process.pid is None, what="it to end", seconds=30, pause=0.2)
    assert "the data are of PostgreSQL 9, and the image has" in container.process.tail()
    assert "by a backup that a new server begins with" in container.process.tail()
    marked.write_text(own)
    container.start()
    container.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="to mount a small volume takes root")
def test_a_full_volume_is_told_and_is_well_again_with_room(tmp_path: Path) -> None:
    """A preparation says DiskFull, and no migration is half done; with room the same data serve, after a kill too."""
    with contained(tmp_path, UID, "160m") as small:
        small.start()
        small.wait()
        small.sql("CREATE TABLE kept AS SELECT 1 AS id; CHECKPOINT")
        rest = shutil.disk_usage(small.folder).free
        filler = small.folder / "filler"
        filler.write_bytes(b"x" * (rest - (512 << 10)))
        address = {"host": "127.0.0.1", "port": small.port, "database": "mlflow"}
        spec = with_volume({"postgres": address | {"credentialsSecretRef": {"name": "small"}}}, tmp_path)
        secrets = {"small": {"username": "mlflow", "password": PASSWORD}}
        full = prepare(spec, tmp_path, secrets=secrets)
        assert (full.code, full.database["reason"]) == (3, "DiskFull"), full.database
        filler.unlink()
        small.process.kill()
        small.start()
        small.wait()
        assert small.sql("SELECT id FROM kept") == "1"
        assert small.sql("SELECT to_regclass('alembic_version') IS NULL") == "t"
        assert prepare(spec, tmp_path, secrets=secrets).database["reason"] == "Migrated"
