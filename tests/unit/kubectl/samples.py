"""Objects as the API server has them, as small as they can be."""

import io
from collections.abc import Callable
from typing import Any

from rich.console import Console

Object = dict[str, Any]

UID = "6f0d2c5e"
NOW = "2026-03-01T12:00:00Z"


def condition(type_: str, status: str, reason: str, message: str = "said so") -> Object:
    """A condition."""
    return {"type": type_, "status": status, "reason": reason, "message": message, "lastTransitionTime": NOW}


def server(reason: str = "Ready", message: str = "it answers", *, name: str = "mlflow", **spec: Any) -> Object:
    """An MLflowServer; ready, unless another reason is given."""
    ready = condition("Ready", str(reason == "Ready"), reason, message)
    return {
        "kind": "MLflowServer",
        "metadata": {"name": name, "namespace": "team-a", "uid": "s-1", "generation": 2},
        "spec": spec or {"external": {"url": "http://mlflow.example.com"}},
        "status": {
            "observedGeneration": 2,
            "version": "3.17.0",
            "url": "http://mlflow.example.com",
            "conditions": [ready],
        },
    }


def claim(reason: str = "Promoted", message: str = "holds it", *, ready: str = "", **status: Any) -> Object:
    """A ModelPromotion of version 7, from 6; promoted, unless another reason is given."""
    state = ready or str(reason == "Promoted")
    return {
        "kind": "ModelPromotion",
        "metadata": {"name": "fraud", "namespace": "team-a", "uid": UID, "generation": 3, "resourceVersion": "41"},
        "spec": {
            "serverRef": {"name": "mlflow"},
            "model": "fraud-detector",
            "target": {"stage": "Production"},
            "version": 7,
        },
        "status": {
            "observedGeneration": 3,
            "slot": "stage/Production",
            "currentVersion": "6",
            "conditions": [condition("Ready", state, reason, message)],
            **status,
        },
    }


def attempt(number: int, to: str, **more: Any) -> Object:
    """A finished attempt."""
    return {
        "number": number,
        "digest": "2:x",
        "type": "Promote",
        "toVersion": to,
        "startedAt": f"2026-03-0{number}T10:00:00Z",
        "finishedAt": f"2026-03-0{number}T10:00:02Z",
        "result": "Promoted",
        **more,
    }


def printed(show: Callable[[Console], None]) -> str:
    """What is printed where no terminal is."""
    text = io.StringIO()
    show(Console(file=text, highlight=False, soft_wrap=True, width=100_000))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())
