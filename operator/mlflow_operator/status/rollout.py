"""Where the Deployment of a server stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mlflow_operator.desired.names import VERSION_LABEL


@dataclass(frozen=True)
class Rollout:
    """Where the Deployment stands."""

    complete: bool
    """Every pod is of the wanted kind, and as many as wanted are available."""
    stuck: bool
    """The Deployment has given up waiting (ProgressDeadlineExceeded)."""
    replicas: int
    ready: int
    version: str | None
    """The MLflow release of the pods."""
    available_since: datetime | None = None
    observed: bool = True
    """The controller has seen the newest generation; even an annotation of somebody else's makes a new one."""

    @classmethod
    def of(cls, deployment: dict[str, Any]) -> "Rollout":
        """Read a Deployment of the API server, as `kubectl rollout status` does."""
        spec, status = deployment["spec"], deployment.get("status", {})
        wanted = spec.get("replicas", 1)
        counts = {n: status.get(n, 0) for n in ("replicas", "updatedReplicas", "availableReplicas", "readyReplicas")}
        seen = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
        as_wanted = all(counts[n] == wanted for n in ("replicas", "updatedReplicas", "availableReplicas"))
        conditions_ = {c["type"]: c for c in status.get("conditions", []) if c["type"] in ("Available", "Progressing")}
        stuck = conditions_.get("Progressing", {}).get("reason") == "ProgressDeadlineExceeded"
        available = conditions_.get("Available", {})
        since = datetime.fromisoformat(available["lastTransitionTime"]) if available.get("status") == "True" else None
        version = deployment["metadata"].get("labels", {}).get(VERSION_LABEL)
        replicas, ready = counts["replicas"], counts["readyReplicas"]
        return cls(seen and as_wanted, seen and stuck, replicas, ready, version, since, seen)
