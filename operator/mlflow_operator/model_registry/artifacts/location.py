"""Where a version of a model is, as the registry says it."""

import hashlib
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class ModelLocation:
    """One version of a model; what is at it never changes, so it may be kept as long as there is room.

    The number of a version that was deleted is given again by MLflow, so when it was made is part of what it is.
    """

    name: str
    version: int
    run_id: str | None
    source: str
    """Where its files are: ``mlflow-artifacts:/…``, ``runs:/…``, ``models:/…``, or the URL of a store."""
    created: int
    """Milliseconds since 1970."""

    def __str__(self) -> str:
        return f"model {self.name} version {self.version}"

    def key(self, server: str) -> str:
        """A name for a folder: the same for the same version of the same server, whoever asks."""
        parts = [server, self.name, self.version, self.source, self.created]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]
