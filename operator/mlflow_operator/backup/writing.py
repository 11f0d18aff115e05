"""Makes a backup."""

import json
import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from mlflow_operator import __version__
from mlflow_operator.backup import catalogue, checking, listing
from mlflow_operator.backup.beside import beside
from mlflow_operator.backup.databases import Database
from mlflow_operator.backup.errors import Damaged, Refused
from mlflow_operator.backup.listing import Artifact
from mlflow_operator.backup.manifest import (
    ARTIFACTS,
    FOLDER,
    MANIFEST,
    MARK,
    STARTED,
    ArtifactCopies,
    DatabaseCopy,
    Manifest,
    Server,
    name_at,
)
from mlflow_operator.backup.places import Place, Thing
from mlflow_operator.backup.streams import CHUNK, Measured, compressed

_AT_ONCE = 8
"""Artifacts that are copied beside each other: most are small, and wait for their store."""

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Source:
    """What a backup is made of."""

    server: Server
    databases: Sequence[Database]
    artifacts: Place | None
    """None where only the databases are wanted."""


def make(source: Source, to: Place, clock: Clock, chance: str) -> Manifest:
    """Make one, look whether all of it is there, and only then call it one.

    Args:
        source: What is copied.
        to: Where to.
        clock: Tells the moment.
        chance: Six hexadecimal digits, which keep two of one second apart.

    Raises:
        BackupError: There is none; what was written of it is no backup, and goes some day.
    """
    began = clock()
    name = name_at(began, chance)
    to.write(f"{FOLDER}/{name}/{STARTED}", [json.dumps({"began": began.isoformat()}).encode()])
    databases = tuple(_database(database, to, name) for database in source.databases)
    artifacts = _artifacts(source.artifacts, to, name) if source.artifacts else None
    manifest = Manifest(name, source.server, began, clock(), databases, artifacts, __version__)
    if lacking := checking.lacking(to, manifest):
        raise Damaged(f"{to.uri} does not have what was just written: {'; '.join(lacking)}")
    to.write(manifest.file(MANIFEST), [manifest.text().encode()])
    return manifest


def _database(database: Database, to: Place, name: str) -> DatabaseCopy:
    file = f"{database.name}{database.suffix}.zst"
    with database.copying() as copying:
        plain = Measured(copying.chunks)
        stored = to.write(f"{FOLDER}/{name}/{file}", compressed(plain))
        log.info("database %s: %d rows, %d bytes", database.name, sum(copying.rows.values()), plain.size)
        return DatabaseCopy(
            name=database.name,
            kind=database.kind,
            file=file,
            size=plain.size,
            sha256=plain.sha256,
            stored=stored,
            rows=copying.rows,
            revisions=copying.revisions,
            made_with=copying.made_with,
        )


def _artifacts(of: Place, to: Place, name: str) -> ArtifactCopies:
    """Copy what is new, and write the list of all."""
    copier = _Copier(of, to)
    sha256, stored = _written(copier.all_of_them(), to, f"{FOLDER}/{name}/{ARTIFACTS}")
    log.info("artifacts: %d, of which %d are new", copier.count, copier.new)
    return ArtifactCopies(ARTIFACTS, sha256, copier.count, copier.size, copier.new, copier.stored + stored)


class _Copier:
    """Goes through the artifacts once, and copies those that the last backup does not have."""

    def __init__(self, of: Place, to: Place) -> None:
        self._of = of
        self._to = to
        self._before = _known(to)
        self._blobs = {thing.name: thing.size for thing in to.things("blobs")}
        self.count = self.size = self.new = self.stored = 0

    def all_of_them(self) -> Iterator[Artifact]:
        """Each, once its bytes are kept."""
        things = (thing for thing in self._of.things() if thing.name != MARK)
        for found, is_new in beside(self._kept, things, _AT_ONCE):
            if found is None:
                continue
            self.count, self.size = self.count + 1, self.size + found.size
            if is_new:
                self.new, self.stored = self.new + 1, self.stored + found.stored
            yield found

    def _kept(self, thing: Thing) -> tuple[Artifact | None, bool]:
        known = self._before.get(thing.name)
        same = known is not None and (known.size, known.mark) == (thing.size, thing.mark)
        if known and same and self._blobs.get(known.blob) == known.stored:
            return known, False
        return _copied(self._of, thing, self._to), True


def _known(to: Place) -> dict[str, Artifact]:
    """The artifacts of the latest whole backup."""
    for manifest in reversed(catalogue.find(to).whole):
        if manifest.artifacts:
            return {artifact.path: artifact for artifact in catalogue.listed(to, manifest)}
    return {}


def _copied(of: Place, thing: Thing, to: Place) -> Artifact | None:
    """One artifact, copied; None if it is gone by now."""
    plain = Measured(of.read(thing.name))
    try:
        stored = to.write(listing.blob(thing.name, thing.mark), compressed(plain))
    except Refused as error:
        if error.reason != "NotFound":
            raise
        log.info("%s was deleted meanwhile", thing.name)
        return None
    return Artifact(thing.name, plain.size, plain.sha256, thing.mark, stored)


def _written(artifacts: Iterable[Artifact], to: Place, name: str) -> tuple[str, int]:
    """The list, by way of a file: it takes as long as all the artifacts do. Its checksum, and the bytes it takes."""
    plain = Measured(listing.lines(artifacts))
    with tempfile.TemporaryFile() as file:
        for chunk in compressed(plain):
            file.write(chunk)
        file.seek(0)
        stored = to.write(name, iter(lambda: file.read(CHUNK), b""))
    return plain.sha256, stored
