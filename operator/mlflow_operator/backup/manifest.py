"""What a backup says of itself: JSON that a later release can read, and a person too."""

import json
import re
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from mlflow_operator.backup.errors import Damaged, Refused

FORMAT = 1
MARK = ".mlflow-operator-restore"
"""Among artifacts, while a backup is restored: which one. It is no artifact."""
FOLDER, MANIFEST, STARTED, ARTIFACTS = "backups", "manifest.json", "started.json", "artifacts.zst"
_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


@dataclass(frozen=True)
class Server:
    """Whose backup it is."""

    namespace: str = ""
    name: str = ""
    uid: str = ""
    version: str = ""
    """The MLflow release that wrote it, as far as it is known."""


@dataclass(frozen=True)
class DatabaseCopy:
    """One database of it."""

    name: str
    """As which it is known: tracking, or auth."""
    kind: str
    """postgresql or sqlite."""
    file: str
    size: int
    """Bytes of the copy before it was compressed."""
    sha256: str
    """Of the same."""
    stored: int
    """Bytes that it takes."""
    rows: dict[str, int]
    """How many rows each table has."""
    revisions: dict[str, str]
    """Where the schema stands, by the table that says so."""
    made_with: str = ""
    """The program, and its version."""


@dataclass(frozen=True)
class ArtifactCopies:
    """The artifacts of it."""

    file: str
    sha256: str
    """Of the list, before it was compressed."""
    count: int
    size: int
    """Bytes of all artifacts."""
    new: int
    """How many of them no earlier backup had."""
    stored: int
    """Bytes that those take."""


@dataclass(frozen=True)
class Manifest:
    """One whole backup."""

    name: str
    server: Server
    began: datetime
    ended: datetime
    databases: tuple[DatabaseCopy, ...]
    artifacts: ArtifactCopies | None = None
    """None where only the database was asked for."""
    operator: str = ""
    """Version of the program that made it."""
    format: int = field(default=FORMAT)

    def file(self, name: str) -> str:
        """The name of one of its files in the place."""
        return f"{FOLDER}/{self.name}/{name}"

    @property
    def stored(self) -> int:
        """Bytes that it has added to the place."""
        return sum(copy.stored for copy in self.databases) + (self.artifacts.stored if self.artifacts else 0)

    def text(self) -> str:
        """As it is written."""
        found = asdict(self)
        found |= {key: found[key].isoformat() for key in ("began", "ended")}
        return json.dumps(found, indent=1, sort_keys=True)


def parse(text: str, where: str) -> Manifest:
    """What was written, by this release or an earlier one; what a later one has added is left out.

    Raises:
        Damaged: It is no manifest.
        Refused: NewerFormat.
    """
    try:
        found: dict[str, Any] = json.loads(text)
        if int(found["format"]) > FORMAT:
            message = (
                f"{where} has format {found['format']}, and this program reads up to {FORMAT}; use a later release"
            )
            raise Refused("NewerFormat", message)
        copies = found.get("artifacts")
        return Manifest(
            name=found["name"],
            server=Server(**_known(Server, found["server"])),
            began=datetime.fromisoformat(found["began"]),
            ended=datetime.fromisoformat(found["ended"]),
            databases=tuple(DatabaseCopy(**_known(DatabaseCopy, copy)) for copy in found["databases"]),
            artifacts=ArtifactCopies(**_known(ArtifactCopies, copies)) if copies else None,
            operator=found.get("operator", ""),
            format=found["format"],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"{where} is no manifest of a backup; restore another one") from error


def _known(kind: Any, found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in kind.__dataclass_fields__ if name in found}


def name_at(moment: datetime, chance: str) -> str:
    """The name of a backup that begins now; names sort by time. ``chance``: six hexadecimal digits."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}-{chance}"


def began_at(name: str) -> datetime | None:
    """When the backup of a name began; None if it is no name of a backup."""
    if not _NAME.fullmatch(name):
        return None
    return datetime.strptime(name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
