"""Why an object is not ready: what the condition says, what is seen around it, and the next command."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from mlflow_operator.kubectl.looking.findings import BAD, Finding
from mlflow_operator.kubectl.looking.standing import Standing
from mlflow_operator.kubectl.terminal.output import say, table
from mlflow_operator.status.waits import Cause

_LOGS = "kubectl logs -A -l app.kubernetes.io/name=mlflow-operator --prefix --tail=50"
_SEEN = ("SEEN", "STATE", "DETAIL")


@dataclass(frozen=True)
class Diagnosis:
    """One object, and what was found around it."""

    at: Standing
    seen: Sequence[Finding] = ()
    cause: Cause | None = None
    """What keeps pods from running, as it is in this moment."""
    server: "Diagnosis | None" = field(default=None)
    """Of a claim: its server, where that is not ready."""

    @property
    def next_step(self) -> str:
        """The next command; empty where everything is well."""
        if self.at.is_well:
            return ""
        if self.server is not None:
            return self.server.next_step
        return _closer(self.at, self.seen) or _unlike_doctor(self.at) or _LOGS

    def data(self) -> dict[str, Any]:
        """The same for machines."""
        cause = {"reason": self.cause.reason, "message": self.cause.message} if self.cause else None
        found = self.at.data() | {"kind": self.at.kind, "nextStep": self.next_step}
        below = self.server.data() if self.server else None
        return found | {"pods": cause, "seen": [each.data() for each in self.seen], "server": below}

    def show(self, to: Console) -> None:
        """The same for people."""
        how = "is ready" if self.at.is_well else f"is not ready: {self.at.reason}"
        say(to, f"{self.at.kind} {self.at.name} {how}", style="bold")
        say(to, f"  found  {self.at.told}")
        if self.cause and self.cause.reason != self.at.reason:
            say(to, f"  pods   {self.cause.reason}: {self.cause.message}")
        if self.next_step and self.server is None:
            say(to, f"  next   {self.next_step}")
        say(to, "")
        if self.seen:
            table(to, _SEEN, [(f.what, f.state, f.detail) for f in self.seen])
            say(to, "")
        if self.server:
            self.server.show(to)


def _closer(at: Standing, seen: Sequence[Finding]) -> str:
    """The command that shows more of the first thing that is wrong."""
    if step := next((finding.step for finding in seen if finding.step), ""):
        return step
    wrong = {kind: name for kind, _, name in (f.what.partition(" ") for f in reversed(seen) if f.state == BAD)}
    if "Job" in wrong and at.kind == "MLflowServer":
        return f"kubectl mlflow logs {at.name} --preparation -n {at.namespace}"
    if "PersistentVolumeClaim" in wrong:
        return f"kubectl describe pvc {wrong['PersistentVolumeClaim']} -n {at.namespace}"
    return f"kubectl describe pod {wrong['Pod']} -n {at.namespace}" if "Pod" in wrong else ""


def _unlike_doctor(at: Standing) -> str:
    """The step that the status knows, unless that is to ask the doctor, who is here."""
    return "" if " doctor " in at.next_step else at.next_step
