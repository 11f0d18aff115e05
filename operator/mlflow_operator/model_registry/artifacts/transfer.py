"""Folders of artifacts, from a store and to it: through the server where it stands before the store, else directly."""

import contextlib
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from mlflow_operator.model_registry.artifacts import folders
from mlflow_operator.model_registry.artifacts.folders import Reserve
from mlflow_operator.model_registry.artifacts.location import ModelLocation
from mlflow_operator.model_registry.artifacts.progress import Bar
from mlflow_operator.model_registry.artifacts.server import Check, Server, module
from mlflow_operator.model_registry.errors import NotFound, Unavailable

_MOST_FILES = 100_000
_MOST_STEPS = 5
"""From one address to the next: a copy of a version names that version, which names a logged model."""


class Store(Protocol):
    """Where the artifacts of a model are; paths are below the model."""

    def files(self, path: str) -> list[tuple[str, int | None]]:
        """What is in the folder: paths, and bytes; None for a folder."""

    def download(self, path: str, target: Path, bar: Bar, check: Check) -> None:
        """Write one file."""

    def upload(self, file: Path, path: str, bar: Bar, check: Check) -> None:
        """Take one file."""


class Proxied:
    """Artifacts that the server hands out; ``root`` is the path of ``mlflow-artifacts:/…``."""

    def __init__(self, server: Server, root: str) -> None:
        self._server, self._root = server, root.strip("/")

    def files(self, path: str) -> list[tuple[str, int | None]]:
        """What the server lists."""
        found = self._server.files(_join(self._root, path))
        return [
            (_join(path, str(item["path"])), None if item.get("is_dir") else int(item.get("file_size") or 0))
            for item in found
        ]

    def download(self, path: str, target: Path, bar: Bar, check: Check) -> None:
        """Write one file, piece by piece."""
        self._server.download(_join(self._root, path), target, bar, check)

    def upload(self, file: Path, path: str, bar: Bar, check: Check) -> None:
        """Send one file, piece by piece."""
        self._server.upload(file, _join(self._root, path), bar, check)


class Direct:
    """Artifacts that MLflow's client gets from the store itself, with the credentials that it has for it."""

    def __init__(self, server: Server, uri: str) -> None:
        self._said, self._uri = server.said, _without_login(uri)
        with self._said(f"{self._uri} is no store that MLflow's client knows"):
            registry = module("mlflow.store.artifact.artifact_repository_registry")
            self._repository: Any = registry.get_artifact_repository(uri)

    def files(self, path: str) -> list[tuple[str, int | None]]:
        """What the store lists."""
        with self._said(f"{self._uri} cannot be listed"):
            found = self._repository.list_artifacts(path or None)
        return [(item.path, None if item.is_dir else int(item.file_size or 0)) for item in found]

    def download(self, path: str, target: Path, bar: Bar, check: Check) -> None:
        """Write one file, at once."""
        check()
        with self._said(f"{self._uri} did not give {path}"):
            self._repository._download_file(path, str(target))
        bar.add(target.stat().st_size)

    def upload(self, file: Path, path: str, bar: Bar, check: Check) -> None:
        """Send one file, at once."""
        check()
        with self._said(f"{self._uri} did not take {path}"):
            self._repository.log_artifact(str(file), path.rpartition("/")[0] or None)
        bar.add(file.stat().st_size)


def store(server: Server, uri: str) -> Store:
    """The way to the artifacts below an address, which is one of a store."""
    parts = urlsplit(uri)
    if parts.scheme == "mlflow-artifacts" and not parts.netloc:
        return Proxied(server, parts.path)
    return Direct(server, uri)


def resolved(server: Server, where: ModelLocation) -> str:
    """The address of a version's artifacts in a store.

    Raises:
        NotFound: The run or the logged model that it refers to is gone.
    """
    uri = where.source
    for _ in range(_MOST_STEPS):
        parts = urlsplit(uri)
        if parts.scheme == "runs":
            run, _, path = (parts.netloc + parts.path).strip("/").partition("/")
            uri = _below(server.get("runs/get", run_id=run)["run"]["info"]["artifact_uri"], path)
        elif parts.scheme == "models":
            uri = _of_model(server, parts.path.strip("/") or parts.netloc)
        else:
            return uri
    raise Unavailable(f"{where} has the source {where.source}, which leads from one address to the next without an end")


def _of_model(server: Server, path: str) -> str:
    """The next address for ``models:/…``: a logged model of MLflow 3 by its id, or a version of a model."""
    name, _, version = path.partition("/")
    if not version:
        return str(server.get(f"logged-models/{name}")["model"]["info"]["artifact_uri"])
    return str(server.get("model-versions/get-download-uri", name=name, version=version)["artifact_uri"])


def fetch(server: Server, where: ModelLocation, folder: Path, reserve: Reserve, check: Check) -> None:
    """Write the artifacts of a version into a folder.

    Raises:
        NotFound: It has none.
        StorageFull: They are more than there is room for.
        Invalid: A file of it has a name that leads elsewhere.
        Unavailable: The store broke off, or gave more or less than it said.
    """
    there = store(server, resolved(server, where))
    files = _listed(there, check)
    if not files:
        raise NotFound(f"{where} has no artifacts at {_without_login(where.source)}; log the model again")
    reserve(sum(files.values()))
    with Bar(f"{where.name} {where.version}", sum(files.values())) as bar:
        for name, size in files.items():
            target = folders.inside(folder, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            there.download(name, target, bar, check)
            if target.stat().st_size != size:
                message = f"{where}: the store gave {target.stat().st_size} bytes of {name}, and had said {size}"
                raise Unavailable(f"{message}; load it again")


def send(there: Store, folder: Path, below: str, check: Check) -> None:
    """Put a folder into a store, below a path."""
    files = folders.sizes(folder)
    with Bar(below, sum(files.values())) as bar:
        for name in files:
            there.upload(folder / name, _join(below, name), bar, check)


def _listed(there: Store, check: Check) -> dict[str, int]:
    """Every file with its bytes."""
    files, ahead = dict[str, int](), [""]
    while ahead:
        check()
        for path, size in there.files(ahead.pop()):
            if size is None:
                ahead.append(path)
            else:
                files[path] = size
            if len(files) + len(ahead) > _MOST_FILES:
                raise Unavailable(f"the artifacts are more than {_MOST_FILES} files, which is no model")
    return files


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)


def _below(uri: str, path: str) -> str:
    """An address below another one, before the query that it may have."""
    parts = urlsplit(uri)
    return parts._replace(path=_join(parts.path.rstrip("/"), path)).geturl() if path else uri


def _without_login(uri: str) -> str:
    with contextlib.suppress(ValueError):
        parts = urlsplit(uri)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
    return "an address that is none"
