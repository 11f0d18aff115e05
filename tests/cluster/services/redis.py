"""Redis as a process on loopback, from the Debian package."""

import contextlib
from pathlib import Path

from cluster.host import packages, ports, run, waiting
from cluster.host.errors import ClusterError
from cluster.host.process import Process

READY_SECONDS = 30
PASSWORD = "redis-of-the-tests"
PACKAGES = {"redis-server": "redis-server", "redis-tools": "redis-cli"}


class Redis:
    """One server that keeps nothing on disk; it keeps its port over restarts, and forgets everything else."""

    def __init__(self, folder: Path) -> None:
        self.process = Process("redis", folder)
        self.port = ports.free(1)[0]
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"
        self._folder = folder

    def start(self) -> None:
        """Start it and return when it answers."""
        packages.ensure(PACKAGES)
        self._folder.mkdir(parents=True, exist_ok=True)
        # Debian's package starts one of its own where it can; this one has another port, and a file for its password.
        file = self._folder / "redis.conf"
        file.touch(mode=0o600)
        file.write_text(f'bind 127.0.0.1\nport {self.port}\nsave ""\nrequirepass {PASSWORD}\n')
        self.process.start(["redis-server", str(file)], folder=self._folder)
        waiting.until(self._answers, what=f"Redis ({self.process.log})", seconds=READY_SECONDS)

    def stop(self) -> None:
        """End it in an orderly way."""
        self.process.stop()

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()

    def ask(self, *words: str) -> str:
        """What redis-cli prints."""
        env = {"REDISCLI_AUTH": PASSWORD}
        return run.output(["redis-cli", "-p", str(self.port), *words], env=env).strip()

    def _answers(self) -> bool:
        self.process.check()
        with contextlib.suppress(ClusterError):
            return self.ask("ping") == "PONG"
        return False
