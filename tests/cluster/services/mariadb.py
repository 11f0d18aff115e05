"""MariaDB as a process on loopback, from the Debian package, for what MLflow does on databases of MySQL's kind."""

import os
import shutil
import tempfile
from pathlib import Path

from cluster.host import folders, packages, ports, run, waiting
from cluster.host.console import step
from cluster.host.errors import ClusterError
from cluster.host.locking import exclusive
from cluster.host.process import Process
from cluster.services import mlflow_server

READY_SECONDS = 60
UNPRIVILEGED_UID = 65534
PASSWORD = "mariadb-of-the-tests"
DRIVER = "pymysql==1.1.2"
_ASK = "import os, pymysql; pymysql.connect(port=int(os.environ['PORT']), user='mlflow', password=os.environ['WORD'])"


class Mariadb:
    """One server with the user `mlflow`, who may do everything.

    Args:
        folder: of its log and record.
        shown: a certificate and its key, in PEM, with which it speaks TLS.
    """

    def __init__(self, folder: Path, shown: tuple[str, str] | None = None) -> None:
        self.process = Process("mariadb", folder)
        self._shown = shown
        self.port = ports.free(1)[0]
        self._data: Path | None = None
        self._uid = UNPRIVILEGED_UID if os.geteuid() == 0 else None

    def uri(self, database: str) -> str:
        """Return SQLAlchemy's address of a database, with the password."""
        return f"mysql+pymysql://mlflow:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it and return when it answers."""
        packages.ensure({"mariadb-server-core": "mariadbd", "mariadb-client-core": "my_print_defaults"})
        self._data = self._data or self._initialise()
        argv = ["mariadbd", "--no-defaults", f"--datadir={self._data}/data", f"--socket={self._data}/socket"]
        argv.append(f"--tmpdir={self._data}")  # which its user may write, whatever the machine does with /tmp
        argv += [f"--port={self.port}", "--bind-address=127.0.0.1", f"--init-file={self._data}/first.sql"]
        argv += ["--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve", f"--pid-file={self._data}/pid"]
        if self._shown:
            argv += [f"--ssl-cert={self._data}/server.crt", f"--ssl-key={self._data}/server.key"]
        env = {"PATH": packages.search_path()}
        self.process.start(argv, uid=self._uid, folder=self._data, env=env)
        waiting.until(self._answers, what=f"MariaDB ({self.process.log})", seconds=READY_SECONDS)

    def remove(self) -> None:
        """End it and delete its data."""
        self.process.stop()
        if self._data is not None:
            shutil.rmtree(self._data, ignore_errors=True)

    def _answers(self) -> bool:
        self.process.check()
        try:
            self.run(_ASK)
        except ClusterError:
            return False
        return True

    @property
    def environment(self) -> dict[str, str]:
        """What a Python program needs to talk to it."""
        return {"PYTHONPATH": str(driver()), "PORT": str(self.port), "WORD": PASSWORD}

    def run(self, program: str, *words: str) -> str:
        """Run a Python program that has the driver and MLflow; return what it prints."""
        python = mlflow_server.environment(mlflow_server.pinned_version()) / "bin" / "python"
        return run.output([python, "-c", program, *words], env=self.environment)

    def _initialise(self) -> Path:
        data = Path(tempfile.mkdtemp(prefix="mlflow-operator-mariadb-"))
        first = data / "first.sql"
        first.write_text(
            f"CREATE USER IF NOT EXISTS mlflow@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';"
            "\nGRANT ALL ON *.* TO mlflow@'127.0.0.1';\n"
        )
        shown = [data / "server.crt", data / "server.key"] if self._shown else []
        for file, text in zip(shown, self._shown or (), strict=True):
            file.touch(0o600)
            file.write_text(text)
        if self._uid is not None:
            for path in (data, first, *shown):
                os.chown(path, self._uid, self._uid)
        words = ["--no-defaults", f"--datadir={data}/data", "--auth-root-authentication-method=normal"]
        run.output(
            ["mariadb-install-db", *words, "--skip-test-db"], env={"TMPDIR": str(data)}, uid=self._uid, folder=data
        )
        return data


def driver() -> Path:
    """Return the cached folder with a driver, which the server's image does not have."""
    target = folders.cache() / "environments" / DRIVER
    with exclusive(target.parent / f"{target.name}.lock"):
        if not target.exists():
            with step(f"Installing {DRIVER} (once)"):
                run.output([run.uv(), "pip", "install", "--quiet", "--target", str(target), DRIVER])
    return target
