"""What the watches have seen: the newest copy of every object, and who refers to whom."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any

from mlflow_operator.engine.queue import Key

Object = dict[str, Any]

Index = Callable[[Key, Object], Iterable[Hashable]]
"""Under which values an object is found."""


class Store:
    """Objects by kind, namespace and name. An older copy never replaces a newer one.

    ``indexes`` are named ways to find objects by something else; they are over all namespaces.
    """

    def __init__(self, indexes: Mapping[str, Index] | None = None) -> None:
        self._objects: dict[Key, Object] = {}
        self._indexes = dict(indexes or {})
        self._found: defaultdict[tuple[str, Hashable], set[Key]] = defaultdict(set)
        self._users: defaultdict[Key, set[Key]] = defaultdict(set)
        self._gone: dict[Key, int] = {}
        """How old what was deleted had become, so that a list on its way does not bring it back."""

    def put(self, kind: str, obj: Object) -> bool:
        """Keep an object; False where a copy as new is already there."""
        key = key_of(kind, obj)
        known = self._objects.get(key)
        newest = _age(known) if known is not None else self._gone.get(key, -1)
        if newest >= _age(obj):
            return False
        self.drop(key)  # it may be another object of this name, on another model or of another owner
        self._objects[key] = {"kind": kind, **obj}
        for at in self._places(key, obj):
            self._found[at].add(key)
        return True

    def drop(self, key: Key) -> None:
        """The object is gone."""
        obj = self._objects.pop(key, None)
        if obj is not None:
            for at in self._places(key, obj):
                _discard(self._found, at, key)

    def bury(self, key: Key, last: Object) -> None:
        """The object is gone, and ``last`` is what it was in the end."""
        self.drop(key)
        self._gone[key] = _age(last)

    def ages(self, kind: str) -> dict[Key, int]:
        """All objects of a kind, and how old they are; from now on a list can be compared with them."""
        self._gone = {key: age for key, age in self._gone.items() if key.kind != kind}
        return {key: _age(obj) for key, obj in self._objects.items() if key.kind == kind}

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """The newest copy of an object."""
        return self._objects.get(Key(kind, namespace, name))

    def keys(self, kind: str) -> list[Key]:
        """All objects of a kind."""
        return [key for key in self._objects if key.kind == kind]

    def find(self, index: str, value: Hashable) -> set[Key]:
        """The objects that an index has under a value."""
        return self._found.get((index, value), set())

    def set_references(self, user: Key, referenced: set[Key]) -> None:
        """Say which Secrets and ConfigMaps an object refers to."""
        for key in [key for key, users in self._users.items() if user in users]:
            _discard(self._users, key, user)
        for key in referenced:
            self._users[key].add(user)

    def users(self, referenced: Key) -> set[Key]:
        """The objects that refer to a Secret or ConfigMap."""
        return self._users.get(referenced, set())

    def _places(self, key: Key, obj: Object) -> Iterator[tuple[str, Hashable]]:
        for name, index in self._indexes.items():
            for value in index(key, obj):
                yield name, value


def _discard(index: defaultdict[Any, set[Key]], at: Hashable, key: Key) -> None:
    index[at].discard(key)
    if not index[at]:
        del index[at]


def key_of(kind: str, obj: Object) -> Key:
    """The key of an object."""
    return Key(kind, obj["metadata"]["namespace"], obj["metadata"]["name"])


def _age(obj: Object) -> int:
    """The resourceVersion as a number: comparable since Kubernetes 1.35 (KEP-5504), in practice before."""
    version = obj["metadata"].get("resourceVersion", "0")
    return int(version) if version.isdigit() else 0
