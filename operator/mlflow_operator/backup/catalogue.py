"""Which backups a place has, and which of them are whole."""

from collections.abc import Iterator
from dataclasses import dataclass

from mlflow_operator.backup.errors import Damaged, Refused
from mlflow_operator.backup.listing import Artifact, artifacts
from mlflow_operator.backup.manifest import ARTIFACTS, FOLDER, MANIFEST, Manifest, began_at, parse
from mlflow_operator.backup.places import Place
from mlflow_operator.backup.streams import checked, decompressed


@dataclass(frozen=True)
class Found:
    """What a place has."""

    whole: tuple[Manifest, ...]
    """Oldest first."""
    cut: tuple[str, ...]
    """Names of those that never became whole: under way, or cut off."""


def find(where: Place) -> Found:
    """All backups of a place.

    Raises:
        BackupError: It cannot be asked, or a manifest cannot be read.
    """
    files: dict[str, set[str]] = {}
    for thing in where.things(FOLDER):
        _, _, rest = thing.name.partition("/")
        name, _, file = rest.partition("/")
        if began_at(name):
            files.setdefault(name, set()).add(file)
    whole = [manifest(where, name) for name in files if MANIFEST in files[name]]
    return Found(
        tuple(sorted(whole, key=lambda one: one.began)),
        tuple(sorted(name for name in files if MANIFEST not in files[name])),
    )


def manifest(where: Place, name: str) -> Manifest:
    """The manifest of one."""
    file = f"{FOLDER}/{name}/{MANIFEST}"
    return parse(b"".join(where.read(file)).decode(errors="replace"), file)


def choose(where: Place, name: str) -> Manifest:
    """The backup of a name, or the latest one.

    Raises:
        Refused: NoBackup.
    """
    found = find(where)
    for one in reversed(found.whole):
        if name in ("latest", one.name):
            return one
    names = ", ".join(one.name for one in found.whole[-5:]) or "none"
    cut = f" ({name} was cut off, or is under way)" if name in found.cut else ""
    raise Refused("NoBackup", f"{where.uri} has no whole backup {name}{cut}; the latest it has: {names}")


def listed(where: Place, of: Manifest) -> Iterator[Artifact]:
    """The artifacts of a backup, from its list.

    Raises:
        Damaged: The list is not what it was.
    """
    if of.artifacts is None:
        return
    file = of.file(ARTIFACTS)
    yield from artifacts(content(where, file, of.artifacts.sha256, file), file)


def content(where: Place, name: str, sha256: str, what: str) -> Iterator[bytes]:
    """What was compressed and kept.

    Raises:
        Damaged: It is not what it was; the bytes before were.
    """
    try:
        yield from checked(decompressed(where.read(name), what), sha256, what)
    except Refused as error:
        if error.reason != "NotFound":
            raise
        raise Damaged(f"{what} is missing; restore another backup") from error
