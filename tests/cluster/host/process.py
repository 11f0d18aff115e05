"""Processes that outlive whoever started them and are found again by a record on disk.

A record holds the pid and the kernel's start time of that pid. Both must agree before anything is signalled, so a
recycled pid is never hit.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cluster.host.errors import ClusterError

# Started by this Python and not seen to end yet: they have to be waited for, or they stay as zombies.
_children: dict[int, subprocess.Popen[bytes]] = {}


class Process:
    """One program under `folder`: its record is `<name>.process`, its output `<name>.log`."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._record = folder / f"{name}.process"

    @property
    def pid(self) -> int | None:
        """Pid of the running process, None when it does not run."""
        with contextlib.suppress(OSError, ValueError):
            record = json.loads(self._record.read_text())
            # Without a time it had ended before anybody looked.
            if record["started"] is not None and start_time(record["pid"]) == record["started"]:
                return int(record["pid"])
        return None

    def start(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        uid: int | None = None,
        folder: Path | None = None,
    ) -> None:
        """Start the program in a process group of its own; `env` is added to the environment of the caller.

        Args:
            argv: the program and its arguments; never a secret, since everybody on the machine can read them.
            env: additional variables.
            uid: the user to become (needs root), with the group of the same number.
            folder: the working folder.
        """
        if self.pid is not None:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        child = self._spawn(argv, {**os.environ, **(env or {})}, uid, folder)
        _children[child.pid] = child
        record = {"pid": child.pid, "started": start_time(child.pid), "argv": list(argv)}
        self._record.write_text(json.dumps(record))

    def _spawn(
        self, argv: Sequence[str], env: Mapping[str, str], uid: int | None, folder: Path | None
    ) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                argv,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=folder,
                user=uid,
                group=uid,
                extra_groups=None if uid is None else [],
            )

    def stop(self, grace: float = 10) -> None:
        """Ask it to end; after `grace` seconds kill what is left of its process group."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + grace
            while self.pid is not None and time.monotonic() < deadline:
                time.sleep(0.02)
        self._end(pid)

    def kill(self) -> None:
        """End it and its children at once, as a crash of the machine would."""
        self._end(self.pid)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop its process group from running while the body runs: connections stay open and nothing answers."""
        pid = self.pid
        if pid is None:
            raise ClusterError(f"{self.name} does not run")
        os.killpg(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(pid, signal.SIGCONT)

    def check(self) -> None:
        """Raise ClusterError with the end of the log when it does not run."""
        if self.pid is None:
            raise ClusterError(f"{self.name} ended by itself; the last lines of {self.log}:\n{self.tail()}")

    def tail(self, lines: int = 15) -> str:
        """Return the last lines of its output."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def _end(self, pid: int | None) -> None:
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            if child := _children.pop(pid, None):
                child.wait()
            while self.pid is not None:
                time.sleep(0.01)
        self._record.unlink(missing_ok=True)


def start_time(pid: int) -> int | None:
    """Return when the process started, in clock ticks since boot; None for a dead process or a zombie."""
    if pid in _children and _children[pid].poll() is not None:
        del _children[pid]
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def recorded(folder: Path) -> list[Process]:
    """Return the processes that have a record in `folder`."""
    return [Process(file.stem, folder) for file in sorted(folder.glob("*.process"))]
