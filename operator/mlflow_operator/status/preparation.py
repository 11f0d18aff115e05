"""What a preparation Job reported in its termination message."""

import json
from dataclasses import dataclass
from typing import Any

_LONGEST = 1200


@dataclass(frozen=True)
class Part:
    """What was found of one store; ``ok`` None: it was not tried."""

    ok: bool | None
    reason: str
    message: str
    terminal: bool = False
    """Only a user can help."""
    revision: str | None = None
    """The schema's revision now, of a database that could be asked."""


@dataclass(frozen=True)
class Preparation:
    """The report on both stores."""

    database: Part
    artifacts: Part

    @classmethod
    def parse(cls, text: str) -> "Preparation | None":
        """Read the document that desired/prepare_script.py writes; None for anything else."""
        try:
            document = json.loads(text)
            return cls(_part(document["database"]), _part(document["artifacts"]))
        except (ValueError, KeyError, TypeError):
            return None

    @classmethod
    def broken(cls, log_tail: str) -> "Preparation":
        """The report of a Job whose program left no document, such as one that could not import MLflow."""
        tail = " ".join(log_tail.split())[-_LONGEST:] or "it left no message"
        part = Part(None, "PreparationFailed", f"the preparation ended without a report: {tail}")
        return cls(part, part)


def _part(document: dict[str, Any]) -> Part:
    ok, revision = document["ok"], document.get("revision")
    if ok not in (True, False, None) or not isinstance(revision, str | None):
        raise ValueError("not what the preparation writes")
    reason, message = str(document["reason"]), str(document["message"])
    return Part(ok, reason, message, document.get("terminal") is True, revision)
