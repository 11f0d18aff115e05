"""kubectl as the story uses it: every command is shown, run, and its output shown."""

import json
import shlex
import time
from typing import Any

from cluster.host import folders
from cluster.host.errors import ClusterError
from cluster.providers.provider import Cluster
from demo.narrator import Narrator


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

    def apply(self, file: str, *, replacing: tuple[str, str] = ("", "")) -> None:
        """Apply a file of the repository; the audience sees its path, whatever is replaced in it."""
        text = (folders.CHECKOUT / file).read_text()
        old, new = replacing
        self("apply", "-f", "-", text=text.replace(old, new) if old else text, typed=self._typed("apply", file))

    def until_ready(self, resource: str, *, seconds: float) -> dict[str, Any]:
        """Show every step of an object on its way to Ready, and return the object.

        Raises:
            Stalled: the operator has given up.
            ClusterError: it is not ready within `seconds`.
        """
        self._narrator.command(f"kubectl -n {self._namespace} wait {resource} --for=condition=Ready")
        deadline = time.monotonic() + seconds
        shown = ""
        while time.monotonic() < deadline:
            found: dict[str, Any] = json.loads(
                self._cluster.kubectl("-n", self._namespace, "get", resource, "-o", "json")
            )
            line = _state(found)
            if line != shown:
                self._narrator.output(f"{resource}  {line}")
                shown = line
            if _is(found, "Ready"):
                return found
            if _is(found, "Stalled"):
                raise Stalled(f"{resource} is stalled: {line}")
            time.sleep(0.5)
        raise ClusterError(f"{resource} was not ready within {seconds:.0f} s: {shown}")

    def log_of(self, job: str, *, lines: int, seconds: int) -> str:
        """Wait for a Job and return the end of its log."""
        self("wait", f"job/{job}", "--for=condition=Complete", f"--timeout={seconds}s")
        return self("logs", f"job/{job}", f"--tail={lines}")

    def _read(self, resource: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._cluster.kubectl("-n", self._namespace, "get", resource, "-o", "json"))
        return found

    def _typed(self, verb: str, file: str) -> str:
        return f"kubectl -n {self._namespace} {verb} -f {file}"


def _is(found: dict[str, Any], type_: str) -> bool:
    """Whether a condition holds for the object as it is now, not as it was before its latest change."""
    condition = _condition(found, type_)
    return condition.get("status") == "True" and condition["observedGeneration"] == found["metadata"]["generation"]


def _state(found: dict[str, Any]) -> str:
    ready = _condition(found, "Ready")
    if not ready:
        return "not looked at yet"
    return f"Ready={ready['status']} {ready['reason']}: {ready['message']}"


def _condition(found: dict[str, Any], type_: str) -> dict[str, Any]:
    conditions = found.get("status", {}).get("conditions", [])
    return next((condition for condition in conditions if condition["type"] == type_), {})
