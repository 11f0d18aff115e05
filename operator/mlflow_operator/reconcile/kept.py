"""How much of what was read of the registries is kept: so much in sum, whoever answers at whatever URL."""

import hashlib
from collections.abc import Mapping
from typing import Protocol

from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot

_ROOM = 64 * 2**20
_VERSION, _ENTRY, _TEXT = 500, 100, 50
"""Bytes of a version, of an entry in a mapping, and of a text beside its letters; Python 3.11."""


class Forgetful(Protocol):
    """Who keeps something, and can do without it."""

    def forget(self) -> None:
        """Keep it no longer."""


class Kept:
    """What is kept, by who keeps it; beyond the room the largest is forgotten.

    So one giant model, or a server that makes them up, costs only itself: whoever needs it reads it again.
    """

    def __init__(self, room: int = _ROOM) -> None:
        self._room = room
        self._sizes: dict[Forgetful, int] = {}
        self._sum = 0

    def put(self, who: Forgetful, snapshot: Snapshot) -> None:
        """It keeps this from now on, instead of what it had; it may be told to forget it at once."""
        self.drop(who)
        self._sizes[who] = size = size_of(snapshot)
        self._sum += size
        while self._sum > self._room:
            largest = max(self._sizes, key=self._sizes.__getitem__)
            self.drop(largest)
            largest.forget()

    def drop(self, who: Forgetful) -> None:
        """It keeps nothing any more."""
        self._sum -= self._sizes.pop(who, 0)


def size_of(snapshot: Snapshot) -> int:
    """Bytes of memory, about."""
    return _mapping(snapshot.aliases) + sum(_version(version) for version in snapshot.versions.values())


def fingerprint(snapshot: Snapshot) -> bytes:
    """The same for two snapshots that say the same."""
    found = hashlib.blake2b(repr(sorted(snapshot.aliases.items())).encode(errors="surrogatepass"), digest_size=16)
    for number in sorted(snapshot.versions):
        version = snapshot.versions[number]
        told = (version.stage, version.status, version.status_message, sorted(version.tags.items()))
        text = repr((number, told, version.created, version.updated))
        found.update(text.encode(errors="surrogatepass"))
    return found.digest()


def _version(version: ModelVersion) -> int:
    return _VERSION + len(version.status_message) + _mapping(version.tags)


def _mapping(texts: Mapping[str, str]) -> int:
    return sum(_ENTRY + 2 * _TEXT + len(key) + len(value) for key, value in texts.items())
