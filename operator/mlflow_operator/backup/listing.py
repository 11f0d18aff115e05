"""The list of a backup's artifacts: one JSON array in a line, so that it can be read while it comes."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mlflow_operator.backup.errors import Damaged

_LINES = 1000
"""Lines that are written at once."""


class Artifact(NamedTuple):
    """One artifact, as it was."""

    path: str
    size: int
    sha256: str
    mark: str
    """By which the store told it from what had the name before."""
    stored: int
    """Bytes that its blob takes."""

    @property
    def blob(self) -> str:
        """Where its bytes are: the same for the same artifact in all backups."""
        return blob(self.path, self.mark)


def blob(path: str, mark: str) -> str:
    """The name under which an artifact's bytes are kept."""
    name = hashlib.sha256(json.dumps([path, mark]).encode()).hexdigest()
    return f"blobs/{name[:2]}/{name}.zst"


def lines(artifacts: Iterable[Artifact]) -> Iterator[bytes]:
    """The list as text."""
    some: list[str] = []
    for artifact in artifacts:
        some.append(json.dumps(artifact))
        if len(some) == _LINES:
            yield ("\n".join(some) + "\n").encode()
            some = []
    yield "".join(f"{line}\n" for line in some).encode()


def artifacts(chunks: Iterable[bytes], where: str) -> Iterator[Artifact]:
    """The list again.

    Raises:
        Damaged: It is none.
    """
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield _artifact(line, where)
    if rest:
        raise Damaged(f"{where} ends within a line; restore another backup")


def _artifact(line: bytes, where: str) -> Artifact:
    try:
        return Artifact(*json.loads(line))
    except (ValueError, TypeError) as error:
        raise Damaged(f"{where} has a line that is no artifact; restore another backup") from error
