"""The plugin as people start it: a process with a kubeconfig, under the name of whoever asks."""

import os
import subprocess
import sys
from dataclasses import dataclass

from cluster.host import folders
from cluster.plane import programs
from cluster.plane.control_plane import ControlPlane


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


class Terminal:
    """A terminal in front of one control plane, in one namespace."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self.plane = plane
        self.namespace = namespace

    def run(self, who: str, *words: str, text: str = "", env: dict[str, str] | None = None) -> Done:
        """`kubectl mlflow` with these words, as somebody, in the namespace unless the words name another."""
        where = () if {"-n", "-A"} & set(words) else ("-n", self.namespace)
        return self.start(*words, *where, "--as", who, text=text, env=env)

    def start(self, *words: str, text: str = "", env: dict[str, str] | None = None) -> Done:
        """`kubectl mlflow` with these words and no others."""
        argv = [sys.executable, "-m", "mlflow_operator.kubectl", *words]
        done = subprocess.run(
            argv, env=self.environment | (env or {}), input=text, capture_output=True, text=True, check=False
        )
        return Done(done.returncode, done.stdout, done.stderr)

    @property
    def environment(self) -> dict[str, str]:
        """A shell's, with kubectl on the PATH."""
        found = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
        path = f"{programs.build(programs.KUBERNETES)}:{os.environ['PATH']}"
        python = str(folders.CHECKOUT / "operator")
        return found | {"KUBECONFIG": str(self.plane.kubeconfig), "PATH": path, "PYTHONPATH": python}
