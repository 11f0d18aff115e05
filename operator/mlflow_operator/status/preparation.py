"""What a preparation Job reported in its termination message."""

import json
from dataclasses import dataclass, replace
from typing import Any

_LONGEST = 1200
_PASSING = ("DatabaseUnreachable", "StoreUnreachable", "AccessDenied")
"""Reasons of a restore that may pass by themselves."""

DATABASE, ARTIFACTS, LOGINS = "database", "artifacts", "logins"


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
    phase: str | None = None
    """Where a database failed: connect, plan, migrate or verify."""
    goal: str | None = None
    """The revision that the schema would be migrated to, where that was planned and not done."""
    connections: int | None = None
    """How many connections a database lets the server have."""
    warning: str | None = None
    """What is worth saying of something that works; the message has it too."""
    name: str = ""

    @property
    def connected(self) -> bool:
        """Whether the database let the preparation in, whatever came afterwards."""
        return self.ok is True or self.phase in ("plan", "migrate", "verify")


_NOT_REPORTED = Part(None, "NotTried", "the preparation said nothing of it")


@dataclass(frozen=True)
class Preparation:
    """The report on everything that was prepared, a part for each."""

    parts: tuple[Part, ...]
    restored: str | None = None
    """The backup that the stores were restored from before."""

    @classmethod
    def of(cls, database: Part, artifacts: Part) -> "Preparation":
        """The report on the two stores that every deployed server has."""
        return cls((replace(database, name=DATABASE), replace(artifacts, name=ARTIFACTS)))

    @property
    def database(self) -> Part:
        """The part of the database."""
        return self._part(DATABASE)

    @property
    def artifacts(self) -> Part:
        """The part of the artifact store."""
        return self._part(ARTIFACTS)

    @property
    def logins(self) -> Part:
        """The part of the logins, where the server asks for them."""
        return self._part(LOGINS)

    def _part(self, name: str) -> Part:
        return next((part for part in self.parts if part.name == name), _NOT_REPORTED)

    @classmethod
    def parse(cls, text: str) -> "Preparation | None":
        """Read the document that desired/preparation/program/report.py writes; None for anything else."""
        try:
            parts = tuple(_part(part) for part in json.loads(text)["parts"])
        except (ValueError, KeyError, TypeError):
            return None
        return cls(parts) if parts else None

    @classmethod
    def not_restored(cls, text: str) -> "Preparation | None":
        """The report of a preparation whose restoring container has failed; None for anything else."""
        found = _document(text)
        if found.get("ok") is not False or not all(isinstance(found.get(key), str) for key in ("reason", "message")):
            return None
        message = f"the backup of spec.bootstrap was not restored: {found['message']}"
        part = Part(False, found["reason"], message, terminal=found["reason"] not in _PASSING)
        return cls.of(part, Part(None, "NotTried", "nothing is tried before the backup is restored"))

    @classmethod
    def broken(cls, log_tail: str) -> "Preparation":
        """The report of a Job whose program left no document, such as one that could not import MLflow."""
        tail = " ".join(log_tail.split())[-_LONGEST:] or "it left no message"
        part = Part(None, "PreparationFailed", f"the preparation ended without a report: {tail}")
        return cls.of(part, part)


def restored(text: str) -> str | None:
    """The backup that a restoring container says it has restored; None for anything else."""
    found = _document(text).get("restored")
    return found if isinstance(found, str) else None


def _document(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _part(document: dict[str, Any]) -> Part:
    ok, texts = document["ok"], {key: document.get(key) for key in ("revision", "phase", "goal", "warning")}
    if ok not in (True, False, None) or not all(isinstance(text, str | None) for text in texts.values()):
        raise ValueError("not what the preparation writes")
    connections = document.get("connections")
    if not isinstance(connections, int | None):
        raise ValueError("not what the preparation writes")
    name, reason, message = (str(document[key]) for key in ("name", "reason", "message"))
    return Part(ok, reason, message, document.get("terminal") is True, **texts, connections=connections, name=name)
