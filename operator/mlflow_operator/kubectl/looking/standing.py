"""Where an object stands, as its condition says it, and the next step: what status, doctor and --wait have in common.

Objects are read as they are, since those of another release have to be shown too.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlflow_operator.promotion.gates.approval import WHO_MAY
from mlflow_operator.status.reasons import MEANINGS

Object = Mapping[str, Any]

SHORT = {"MLflowServer": "mls", "ModelPromotion": "mp"}
NOT_SEEN = "NotSeenYet"
_LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
_PAGE = "modelpromotion.md"
_UNSEEN = "the operator has not looked at the object as it is now; wait a moment, or see whether the operator runs"
_SEE_OPERATOR = "kubectl get pods -A -l app.kubernetes.io/name=mlflow-operator"


@dataclass(frozen=True)
class Standing:
    """One object in one sentence."""

    kind: str
    namespace: str
    name: str
    ready: str
    """True, False or Unknown, as the condition Ready says."""
    reason: str
    message: str
    next_step: str = ""
    """What to do; empty where nothing has to be done."""

    @property
    def is_well(self) -> bool:
        """Whether nothing has to be done."""
        return self.ready == "True"

    @property
    def told(self) -> str:
        """The message for people: the command that approves is a shorter one here."""
        return self.message.partition(WHO_MAY)[0]

    def data(self) -> dict[str, str]:
        """The same for machines."""
        return {
            "namespace": self.namespace,
            "name": self.name,
            "ready": self.ready,
            "reason": self.reason,
            "message": self.message,
            "nextStep": self.next_step,
        }


def standing(obj: Object) -> Standing:
    """Where an object stands."""
    meta, ready = obj["metadata"], condition(obj, "Ready")
    at = (obj["kind"], meta.get("namespace", ""), meta["name"])
    if not ready or not is_current(obj):
        message = "the operator has not looked at the object as it is now; wait a moment, or see whether it runs"
        return Standing(
            *at, "Unknown", NOT_SEEN, message, "kubectl get pods -A -l app.kubernetes.io/name=mlflow-operator"
        )
    state, reason = ready["status"], ready["reason"]
    step = "" if state == "True" else next_step(*at, state, reason)
    return Standing(*at, state, reason, ready["message"], step)


def condition(obj: Object, type_: str) -> Object:
    """A condition of an object; an empty one where it is absent."""
    return next((c for c in obj.get("status", {}).get("conditions", []) if c["type"] == type_), {})


def is_current(obj: Object) -> bool:
    """Whether the status is about the spec as it is now."""
    return bool(obj.get("status", {}).get("observedGeneration") == obj["metadata"].get("generation"))


def next_step(kind: str, namespace: str, name: str, ready: str, reason: str) -> str:
    """What to do about a reason: for a claim what the table of reasons says, else the command that looks closer."""
    command = f"kubectl mlflow {_command(kind, name, reason)} -n {namespace}"
    if kind != "ModelPromotion":
        return command
    helps = next((m.helps for m in MEANINGS if reason in m.reasons and m.standing.ready == ready), "")
    if reason in ("ApprovalRequired", "GateFailed", "GateInconclusive"):
        return command
    return plain(helps) or command


def _command(kind: str, name: str, reason: str) -> str:
    if reason == "ApprovalRequired":
        return f"approve {shlex.quote(name)}"
    if reason in ("GateFailed", "GateInconclusive"):
        return f"diff {shlex.quote(name)}"
    return f"doctor {SHORT[kind]}/{shlex.quote(name)}"


def plain(markdown: str) -> str:
    """A sentence of the documentation as a terminal shows it: links with the page that they lead to."""
    return _LINK.sub(lambda link: f"{link[1]} (docs/{_page(link[2])})", markdown).replace("`", "")


def _page(target: str) -> str:
    return f"{_PAGE}{target}" if target.startswith("#") else target
