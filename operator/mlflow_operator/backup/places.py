"""A folder or a bucket that bytes are kept in, by one library for all of them.

A thing is written whole or not at all: a folder gets it by a rename, a bucket by completing an upload.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore import exceptions as answers
from obstore.store import LocalStore, from_url

from mlflow_operator.backup.errors import Refused, Unreachable

_PART = 8 << 20
"""Bytes of a part of an upload: the largest thing is 10,000 of them, 78 GiB."""
_PARTS_AT_ONCE = 1
"""Beside the one that is being filled: the memory that a copy takes is that of as many as are made at once."""
_OPTIONS: dict[str, Any] = {"connect_timeout": timedelta(seconds=10), "read_timeout": timedelta(minutes=1)}
_TRIES: dict[str, Any] = {"max_retries": 8, "retry_timeout": timedelta(minutes=5)}
_NO_LIMIT = timedelta(days=7)
"""For a whole request: one that stands still is found by the time between two reads."""


@dataclass(frozen=True)
class Thing:
    """What is kept under a name."""

    name: str
    size: int
    mark: str
    """Another one when it was written again."""
    written: datetime


class Place:
    """One folder, bucket, or part of a bucket."""

    def __init__(self, uri: str, store: Any) -> None:
        self.uri = uri
        self._store = store

    def things(self, under: str = "") -> Iterator[Thing]:
        """Everything whose name begins with a folder's, in no order."""
        with self._told():
            for some in obstore.list(self._store, prefix=under or None):
                for found in some:
                    mark = found["e_tag"] or found["version"] or found["last_modified"].isoformat()
                    yield Thing(found["path"], found["size"], mark, found["last_modified"])

    def read(self, name: str) -> Iterator[bytes]:
        """The bytes of one thing.

        Raises:
            Refused: NotFound.
        """
        with self._told(name):
            for chunk in obstore.get(self._store, name).stream(min_chunk_size=1 << 20):
                yield bytes(chunk)

    def write(self, name: str, chunks: Iterable[bytes], media_type: str | None = None) -> int:
        """Keep bytes under a name, once all of them are there; how many they were.

        What is raised while they are read leaves the place as it was.
        """
        size = 0
        attributes: Any = {"Content-Type": media_type} if media_type and not self._is_folder else None
        with self._told(name):
            # Not `put`, which pulls: while it waits for bytes of ours, nothing else of the library may run.
            writer = obstore.open_writer(
                self._store, name, attributes=attributes, buffer_size=_PART, max_concurrency=_PARTS_AT_ONCE
            )
            for chunk in chunks:
                writer.write(chunk)
                size += len(chunk)
            writer.close()
        return size

    def remove(self, names: Iterable[str]) -> None:
        """Remove things; those that are gone are no error."""
        for name in names:
            try:
                with self._told(name):
                    obstore.delete(self._store, name)
            except Refused as error:
                if error.reason != "NotFound":
                    raise

    @property
    def _is_folder(self) -> bool:
        return isinstance(self._store, LocalStore)

    @contextmanager
    def _told(self, name: str = "") -> Iterator[None]:
        """What the library raises, as something to tell a person."""
        where = f"{self.uri.rstrip('/')}/{name}" if name else self.uri
        try:
            yield
        except (FileNotFoundError, answers.NotFoundError) as error:
            raise Refused("NotFound", f"there is no {where}") from error
        except (PermissionError, answers.PermissionDeniedError, answers.UnauthenticatedError) as error:
            raise Unreachable(
                "AccessDenied", f"{where} may not be used with these credentials: {_first(error)}"
            ) from error
        except answers.BaseError as error:
            raise Unreachable("StoreUnreachable", f"{where} could not be used: {_first(error)}") from error
        except OSError as error:
            raise Unreachable("StoreUnreachable", f"{where} could not be used: {error.strerror or error}") from error


def place(uri: str, options: Mapping[str, str] | None = None) -> Place:
    """The place at a folder's path, or at an s3://, gs:// or az:// address.

    Args:
        uri: Path or address, without a login.
        options: Of the library for that kind of store, such as ``endpoint``; ``root_certificate`` is a file with
            authorities that are trusted beside the public ones. What is not given comes from the environment.

    Raises:
        Refused: InvalidPlace.
    """
    scheme = urlsplit(uri).scheme
    if scheme in ("", "file"):
        folder = Path(uri.removeprefix("file://"))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unreachable("StoreUnreachable", f"{folder} cannot be used: {error.strerror}") from error
        return Place(uri, LocalStore(folder))
    config: dict[str, Any] = dict(options or {})
    client = _OPTIONS | {"timeout": _NO_LIMIT}
    if authorities := config.pop("root_certificate", None):
        client["root_certificate"] = Path(authorities).read_bytes()
    endpoint = config.get("endpoint") or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
    if endpoint.startswith("http://"):
        client["allow_http"] = True
    try:
        make: Any = from_url
        found = make(uri, config=config, client_options=client, retry_config=_TRIES)
    except (answers.BaseError, ValueError) as error:
        raise Refused("InvalidPlace", f"{uri} is no place that a backup can be in: {_first(error)}") from error
    return Place(uri, found)


def _first(error: BaseException) -> str:
    """What the library says, without the names of its types."""
    return str(error).partition("\n")[0].strip()[:300]
