"""Looks whether a backup is what it says: quickly, by names and sizes, or by reading all of it."""

from collections.abc import Iterator

from mlflow_operator.backup import catalogue
from mlflow_operator.backup.beside import beside
from mlflow_operator.backup.errors import Damaged
from mlflow_operator.backup.listing import Artifact
from mlflow_operator.backup.manifest import FOLDER, Manifest
from mlflow_operator.backup.places import Place

_AT_ONCE = 8
_MOST = 10
"""Faults that are told; one would do."""


def lacking(where: Place, of: Manifest) -> list[str]:
    """What is not there, or not as long as it was."""
    files = {thing.name: thing.size for thing in where.things(f"{FOLDER}/{of.name}")}
    blobs = {thing.name: thing.size for thing in where.things("blobs")} if of.artifacts else {}
    found: list[str] = []
    for copy in of.databases:
        found += _told(of.file(copy.file), files.get(of.file(copy.file)), copy.stored)
    try:
        for artifact in catalogue.listed(where, of):
            found += _told(f"{artifact.path} ({artifact.blob})", blobs.get(artifact.blob), artifact.stored)
            if len(found) >= _MOST:
                break
    except Damaged as error:
        found.append(error.message)
    return found[:_MOST]


def broken(where: Place, of: Manifest) -> list[str]:
    """What is not there, or not what it was; reads all of it."""
    if found := lacking(where, of):
        return found
    for copy in of.databases:
        file = of.file(copy.file)
        found += _read(catalogue.content(where, file, copy.sha256, file))

    def one(artifact: Artifact) -> list[str]:
        what = f"{artifact.path} ({artifact.blob})"
        return _read(catalogue.content(where, artifact.blob, artifact.sha256, what))

    for faults in beside(one, catalogue.listed(where, of), _AT_ONCE):
        found += faults
        if len(found) >= _MOST:
            break
    return found[:_MOST]


def _told(what: str, size: int | None, expected: int) -> list[str]:
    if size == expected:
        return []
    return [f"{what} is missing" if size is None else f"{what} has {size} bytes, not {expected}"]


def _read(chunks: Iterator[bytes]) -> list[str]:
    try:
        for _ in chunks:
            pass
    except Damaged as error:
        return [error.message]
    return []
