"""What a mutant is."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Edit:
    """One change: `old`, which stands exactly once in a file below operator/mlflow_operator, becomes `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """The code with one thing wrong that a user would mind; `name` says what."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    """The files or folders below tests/unit that should notice; the whole of tests/unit has the last word."""
    accepted: str = ""
    """Why no unit test notices, where that is as it should be."""

    def stale(self, package: Path) -> str | None:
        """What keeps the edits from being made; None where they fit."""
        for edit in self.edits:
            file = package / edit.file
            found = file.read_text().count(edit.old) if file.exists() else 0
            if found != 1:
                return f"{edit.file} has this {found} times, not once: {edit.old.strip()!r}"
        return None


def mutant(file: str, name: str, old: str, new: str, *tests: str, accepted: str = "") -> Mutant:
    """A mutant of one edit."""
    return Mutant(f"{file}: {name}", (Edit(file, old, new),), tests, accepted)
