"""The operator as a process, under the role that the chart gives it."""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from cluster.host import folders, ports, rest, waiting
from cluster.host.process import Process
from cluster.plane.control_plane import ControlPlane
from mlflow_operator import generate

NAMESPACE = "mlflow-operator-system"
ACCOUNT = "mlflow-operator"
USER = f"system:serviceaccount:{NAMESPACE}:{ACCOUNT}"
READY_SECONDS = 60


def install(plane: ControlPlane, values: dict[str, Any] | None = None) -> None:
    """Apply the chart's CRDs, account and roles; the Deployment too, which gets no pod without a node."""
    objects = generate.render(folders.CHECKOUT / generate.CHART, NAMESPACE, values)
    wanted = [o for o in objects if o["kind"] != "Deployment"]
    plane.kubectl(
        "apply", "--server-side", "-f", "-", text=f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {NAMESPACE}}}"
    )
    plane.kubectl("apply", "--server-side", "-f", "-", text=yaml.safe_dump_all(wanted))
    crds = [f"crd/{o['metadata']['name']}" for o in wanted if o["kind"] == "CustomResourceDefinition"]
    plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", *crds)


class OperatorProcess:
    """One operator process; it keeps its port over restarts."""

    def __init__(
        self,
        folder: Path,
        plane: ControlPlane,
        settings: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """`settings` are variables of its own, without their prefix; `env` are others."""
        self.port = ports.free(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = Process("operator", folder)
        self._plane = plane
        self._settings = dict(settings or {})
        self._env = dict(env or {})

    def start(self, *, wait: bool = True) -> None:
        """Start it and return when it says that it is ready, or at once without `wait`."""
        env = {
            "KUBECONFIG": str(self._plane.kubeconfig_for(ACCOUNT, NAMESPACE)),
            "PYTHONPATH": str(folders.CHECKOUT / "operator"),
            "MLFLOW_OPERATOR_HTTP_PORT": str(self.port),
            "MLFLOW_OPERATOR_HTTP_HOST": "127.0.0.1",
            "MLFLOW_OPERATOR_LOG_FORMAT": "console",
            **{f"MLFLOW_OPERATOR_{key}": value for key, value in self._settings.items()},
            **self._env,
        }
        # The variables of the tests themselves are no settings of the operator, which would refuse them.
        without = [word for name in ("CACHE", "STATE") for word in ("-u", f"MLFLOW_OPERATOR_{name}")]
        self.process.start(["env", *without, sys.executable, "-m", "mlflow_operator", "run"], env=env)
        if wait:
            waiting.until(self._ready, what=f"the operator ({self.process.log})", seconds=READY_SECONDS)

    def kill(self) -> None:
        """End it as a crash would: kill -9."""
        self.process.kill()

    def stop(self) -> int | None:
        """SIGTERM, as Kubernetes does it; the pid that it had."""
        pid = self.process.pid
        self.process.stop(grace=25)
        return pid

    def interrupt(self) -> None:
        """Send SIGTERM without waiting."""
        if pid := self.process.pid:
            os.kill(pid, signal.SIGTERM)

    def metric(self, line: str) -> float:
        """The value of one sample of /metrics, by its name with labels; 0 where it is not there."""
        _, body = rest.get(f"{self.url}/metrics")
        found = [row.rpartition(" ")[2] for row in body.decode().splitlines() if row.rpartition(" ")[0] == line]
        return float(found[0]) if found else 0.0

    def _ready(self) -> bool:
        self.process.check()
        return rest.succeeds(f"{self.url}/readyz")
