"""PostgreSQL as a process on loopback, from the Debian package."""

import os
import shutil
import tempfile
from pathlib import Path

from cluster.host import packages, ports, run, waiting
from cluster.host.errors import ClusterError, Unavailable
from cluster.host.process import Process

READY_SECONDS = 30
UNPRIVILEGED_UID = 65534  # initdb refuses root
PASSWORD = "postgres-of-the-tests"


class Postgres:
    """One server with the superuser `mlflow` and the database `mlflow`; it keeps port and data over restarts.

    The data lie in the system's temporary folder, since the unprivileged user may not reach `folder`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = Process("postgres", folder)
        self.port = ports.free(1)[0]
        self._data: Path | None = None
        self._uid = UNPRIVILEGED_UID if os.geteuid() == 0 else None

    def uri(self, database: str = "mlflow") -> str:
        """Return SQLAlchemy's address of a database, with the password."""
        return f"postgresql+psycopg2://mlflow:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, with the data that it had, and return when it answers."""
        if self._data is None:
            self._data = self._initialise()
        argv = [str(binaries() / "postgres"), "-D", str(self._data / "data"), "-p", str(self.port), "-k", ""]
        tuning = ["fsync=off", "full_page_writes=off", "max_connections=300", "listen_addresses=127.0.0.1"]
        argv += [word for setting in tuning for word in ("-c", setting)]

        def is_ready() -> bool:
            # After a crash the orphans hold the shared memory for a moment, and a new server refuses to start.
            self.process.start(argv, uid=self._uid, folder=self._data)
            return self._answers()

        waiting.until(is_ready, what=f"PostgreSQL ({self.process.log})", seconds=READY_SECONDS, pause=0.1)
        if not self.sql("SELECT 1 FROM pg_database WHERE datname = 'mlflow'", "postgres"):
            self.create_database("mlflow")

    def stop(self) -> None:
        """End it in an orderly way, with sessions cut ("fast shutdown")."""
        if self.process.pid is not None:
            self._run("pg_ctl", "stop", "-D", f"{self._data}/data", "-m", "fast", "-w")
        self.process.stop()

    def kill(self) -> None:
        """End it as a crash would; `start` recovers."""
        self.process.kill()

    def remove(self) -> None:
        """End it and delete its data."""
        self.kill()
        if self._data is not None:
            shutil.rmtree(self._data, ignore_errors=True)
            self._data = None

    def create_database(self, name: str) -> str:
        """Create a database and return its address."""
        self.sql(f'CREATE DATABASE "{name}"', "postgres")
        return self.uri(name)

    def encrypt(self, certificate: str, key: str) -> None:
        """Speak TLS too, with this certificate and its key in PEM."""
        assert self._data is not None
        for name, text in (("server.crt", certificate), ("server.key", key)):
            file = self._data / "data" / name
            file.write_text(text)
            file.chmod(0o600)
            if self._uid is not None:
                os.chown(file, self._uid, self._uid)
        self.sql("ALTER SYSTEM SET ssl = on", "postgres")
        self.sql("SELECT pg_reload_conf()", "postgres")
        waiting.until(lambda: self.sql("SHOW ssl", "postgres") == "on", what="TLS", seconds=READY_SECONDS)

    def sql(self, statement: str, database: str = "mlflow") -> str:
        """Run one statement; return the rows, a line each, fields separated by `|`."""
        login = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "mlflow", "-d", database]
        return self._run("psql", "-qtAX", "-v", "ON_ERROR_STOP=1", *login, "-c", statement).strip()

    def _answers(self) -> bool:
        try:
            return self.sql("SELECT 1", "postgres") == "1"
        except ClusterError:
            return False

    def _initialise(self) -> Path:
        data = Path(tempfile.mkdtemp(prefix="mlflow-operator-postgres-"))
        (self.folder / "postgres.data").parent.mkdir(parents=True, exist_ok=True)
        (self.folder / "postgres.data").write_text(str(data))
        password = data / "password"
        password.write_text(PASSWORD)
        if self._uid is not None:
            for path in (data, password):
                os.chown(path, self._uid, self._uid)
        options = ["--auth=scram-sha-256", f"--pwfile={password}", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"]
        self._run("initdb", "-U", "mlflow", "-D", str(data / "data"), *options, folder=data)
        return data

    def _run(self, program: str, *words: str, folder: Path | None = None) -> str:
        env = {"PGPASSWORD": PASSWORD, "PGCONNECT_TIMEOUT": "3"}
        return run.output([binaries() / program, *words], env=env, uid=self._uid, folder=folder or Path("/"))


def binaries() -> Path:
    """Return the folder with the newest PostgreSQL's own programs; wrappers on PATH are passed over."""
    packages.ensure({"postgresql": "/usr/lib/postgresql"})
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    if not found:
        raise Unavailable("/usr/lib/postgresql/*/bin/initdb is not there; install the package postgresql")
    return found[-1].parent
