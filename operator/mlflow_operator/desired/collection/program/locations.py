"""Artifacts of what is removed: where they are, how much they are, and that they are gone."""

import contextlib
import os
from typing import Any

from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.utils.file_utils import local_file_uri_to_path

from mlflow_operator.desired.preparation.program import store_errors
from mlflow_operator.desired.preparation.program.patience import Hopeless

PROXIED = "mlflow-artifacts:/"
"""How MLflow writes what is in its own artifact store: below MLFLOW_ARTIFACTS_DESTINATION."""


class Elsewhere(Exception):
    """Artifacts are where this program must not delete: the text says why."""


def remove(uri: str, owner: str, *, dry: bool) -> int:
    """Delete everything below a location that belongs to a run or logged model alone; how many bytes that was.

    Args:
        uri: as MLflow has written it down.
        owner: the id of what it belongs to, which has to be a folder of the location's path.
        dry: whether it is only counted.

    Raises:
        Elsewhere: It is not below the server's artifact store, or not known to be the owner's alone.
        Problem: The store did not do it.
    """
    place = _resolved(uri)
    if owner not in place.split("/"):
        raise Elsewhere(f"{uri} is not for {owner} alone")
    try:
        repository = get_artifact_repository(place)
        size = _size(repository)
        if dry or not _listed(repository):
            return size
        repository.delete_artifacts()
        left = _listed(repository)
    except Exception as error:
        raise store_errors.problem(place, error) from None
    if left:
        message = f"{place}: the store keeps what was deleted; the key needs the right to delete objects"
        raise Hopeless("ArtifactsNotDeleted", message)
    _tidy(place)
    return size


def remove_rest(uri: str, owner: str) -> None:
    """Delete what is left in the folder of an experiment, such as its traces; nothing where it is not its own."""
    place = _resolved(uri)
    if place.rstrip("/").rpartition("/")[2] != owner:
        raise Elsewhere(f"{uri} is not for experiment {owner} alone")
    try:
        repository = get_artifact_repository(place)
        for entry in _listed(repository):
            # One by one: a store looks for what begins like the folder's name, and 1 begins like 10.
            repository.delete_artifacts(entry.path)
    except Exception as error:
        raise store_errors.problem(place, error) from None
    _tidy(place)


def spelled(uri: str | None) -> str:
    """A location in one spelling: as the artifact store has it, where it is there."""
    found = (uri or "").rstrip("/")
    if found.startswith(PROXIED) and not found.startswith(f"{PROXIED}/"):
        return f"{_store()}/{found[len(PROXIED) :]}"
    return found


def _store() -> str:
    return os.environ["MLFLOW_ARTIFACTS_DESTINATION"].rstrip("/")


def _resolved(uri: str) -> str:
    """The location in the artifact store itself."""
    found, store = spelled(uri), _store()
    if found.startswith(f"{store}/") or local_file_uri_to_path(found).startswith(f"{store}/"):
        return found
    raise Elsewhere(f"{uri} is not in the server's artifact store, {store}")


def _listed(repository: Any) -> list[Any]:
    return list(repository.list_artifacts())


def _size(repository: Any) -> int:
    """Bytes of all files."""
    total, folders = 0, [None]
    while folders:
        for entry in repository.list_artifacts(folders.pop()):
            if entry.is_dir:
                folders.append(entry.path)
            else:
                total += entry.file_size or 0
    return total


def _tidy(place: str) -> None:
    """Take the folder of a volume away, and the one above it if that is empty by now; a bucket has none."""
    path = local_file_uri_to_path(place)
    with contextlib.suppress(OSError):
        if os.path.isabs(path):
            os.rmdir(path) if os.path.isdir(path) else None
            os.rmdir(os.path.dirname(path))
