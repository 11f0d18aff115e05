"""kubectl as the story uses it: every command is shown, run, and its output shown."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from cluster.host import folders
from cluster.host.errors import ClusterError
from cluster.providers.provider import Cluster
from demo.narrator import WIDTH, Narrator


class Stalled(ClusterError):
    """The operator says that only a change by the user can help, so there is nothing to wait for."""


class Kubectl:
    """kubectl in one namespace of a cluster, with an audience."""

    def __init__(self, cluster: Cluster, narrator: Narrator, namespace: str) -> None:
        self._cluster = cluster
        self._narrator = narrator
        self._namespace = namespace

    def __call__(self, *words: str, text: str | None = None, typed: str | None = None) -> str:
        """Run a command and show it: as it is, or as it would be `typed`."""
        prefix = f"kubectl -n {self._namespace}"
        self._narrator.command(typed or f"{prefix} {shlex.join(words)}")
        answer = self._cluster.kubectl("-n", self._namespace, *words, text=text)
        self._narrator.output(answer)
        return answer

    def apply(self, file: str, *, replacing: tuple[str, str] = ("", ""), who: str = "") -> None:
        """Apply a file of the repository, as somebody; the audience sees its path, whatever is replaced in it."""
        text = (folders.CHECKOUT / file).read_text()
        old, new = replacing
        impersonating = [f"--as={who}"] if who else []
        typed = " ".join([f"kubectl -n {self._namespace} apply -f {file}", *impersonating])
        self("apply", "-f", "-", *impersonating, text=text.replace(old, new) if old else text, typed=typed)

    def until_ready(self, resource: str, *, seconds: float) -> dict[str, Any]:
        """Show every step of an object on its way to Ready, and return the object.

        Raises:
            Stalled: the operator has given up.
            ClusterError: it is not ready within `seconds`.
        """
        self._narrator.command(f"kubectl -n {self._namespace} wait {resource} --for=condition=Ready")

        def come_true(found: dict[str, Any], line: str) -> bool:
            if _is(found, "Stalled"):
                raise Stalled(f"{resource} is stalled: {line}")
            return _is(found, "Ready")

        return self._until(resource, come_true, seconds)

    def until_reason(self, resource: str, reason: str, *, seconds: float) -> dict[str, Any]:
        """Show every step of an object until Ready has a reason, and return the object.

        Raises:
            ClusterError: it has not, within `seconds`.
        """
        self._narrator.command(f"kubectl -n {self._namespace} get {resource} -o wide --watch")
        return self._until(resource, lambda found, _: _has_reason(found, reason), seconds)

    def _until(self, resource: str, come_true: Callable[[dict[str, Any], str], bool], seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        shown = ""
        while time.monotonic() < deadline:
            found = self._read(resource)
            line = _state(found)
            if line != shown:
                self._narrator.output(f"{resource}  {line}")
                shown = line
            if come_true(found, line):
                return found
            time.sleep(0.5)
        raise ClusterError(f"{resource} did not come to it within {seconds:.0f} s: {shown}")

    def log_of(self, job: str, *, lines: int, seconds: int) -> str:
        """Wait for a Job and return the end of its log."""
        self("wait", f"job/{job}", "--for=condition=Complete", f"--timeout={seconds}s")
        return self("logs", f"job/{job}", f"--tail={lines}")

    def mlflow(self, *words: str) -> str:
        """Run a command of the plugin and show it; what is not well, it tells the audience itself."""
        self._narrator.command(f"kubectl mlflow {shlex.join(words)} -n {self._namespace}")
        place = (f"--namespace={self._namespace}", f"--kubeconfig={self._cluster.kubeconfig}")
        argv = [sys.executable, "-m", "mlflow_operator.kubectl", words[0], *place, *words[1:]]
        package, path = str(folders.CHECKOUT / "operator"), f"{self._cluster.kubectl_folder}:{os.environ['PATH']}"
        done = subprocess.run(
            argv,
            env={**os.environ, "PYTHONPATH": package, "COLUMNS": str(WIDTH), "PATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode not in (0, 1):  # 1: something is not well
            raise ClusterError(f"kubectl mlflow {words[0]} ended with {done.returncode}: {done.stderr.strip()}")
        self._narrator.output(done.stdout)
        return done.stdout

    def _read(self, resource: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._cluster.kubectl("-n", self._namespace, "get", resource, "-o", "json"))
        return found


def _is(found: dict[str, Any], type_: str) -> bool:
    """Whether a condition holds for the object as it is now, not as it was before its latest change."""
    condition = _condition(found, type_)
    return condition.get("status") == "True" and condition["observedGeneration"] == found["metadata"]["generation"]


def _has_reason(found: dict[str, Any], reason: str) -> bool:
    ready = _condition(found, "Ready")
    return ready.get("reason") == reason and ready["observedGeneration"] == found["metadata"]["generation"]


def _state(found: dict[str, Any]) -> str:
    ready = _condition(found, "Ready")
    if not ready:
        return "not looked at yet"
    return f"Ready={ready['status']} {ready['reason']}: {ready['message']}"


def _condition(found: dict[str, Any], type_: str) -> dict[str, Any]:
    conditions = found.get("status", {}).get("conditions", [])
    return next((condition for condition in conditions if condition["type"] == type_), {})
