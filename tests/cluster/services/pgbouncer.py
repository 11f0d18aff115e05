"""PgBouncer as a process on loopback, from the Debian package: a few connections that many clients share."""

import os
import shutil
import tempfile
from pathlib import Path

from cluster.host import packages, ports, waiting
from cluster.host.process import Process
from cluster.services.postgres import PASSWORD, UNPRIVILEGED_UID, Postgres

READY_SECONDS = 30


class PgBouncer:
    """In front of a PostgreSQL; each transaction gets whatever connection is free."""

    def __init__(self, folder: Path, postgres: Postgres, connections: int) -> None:
        self.port = ports.free(1)[0]
        self.process = Process("pgbouncer", folder)
        self._folder = Path(tempfile.mkdtemp(prefix="mlflow-operator-pgbouncer-"))
        uid = UNPRIVILEGED_UID if os.geteuid() == 0 else None
        self._uid = uid
        (self._folder / "users").write_text(f'"mlflow" "{PASSWORD}"\n')
        settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256",
            "auth_file": self._folder / "users",
            "pool_mode": "transaction",
            "default_pool_size": connections,
            "max_client_conn": 200,
        }
        lines = [f"{name} = {value}" for name, value in settings.items()]
        to = f"* = host=127.0.0.1 port={postgres.port}"
        (self._folder / "settings.ini").write_text("\n".join(["[databases]", to, "[pgbouncer]", *lines, ""]))
        if uid is not None:
            for path in (self._folder, *self._folder.iterdir()):
                os.chown(path, uid, uid)

    def start(self) -> None:
        """Start it, and return when it listens."""
        packages.ensure({"pgbouncer": "/usr/sbin/pgbouncer"})
        self.process.start(["/usr/sbin/pgbouncer", str(self._folder / "settings.ini")], uid=self._uid)
        waiting.until(
            lambda: ports.answers("127.0.0.1", self.port), what=f"PgBouncer ({self.process.log})", seconds=READY_SECONDS
        )

    def remove(self) -> None:
        """End it."""
        self.process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
