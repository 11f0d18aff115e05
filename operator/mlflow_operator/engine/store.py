"""What the watches and lists have seen: the newest copy of every object, and who refers to whom.

Every change gets a number of the store's own, its sequence. By it a list, which is about the moment when it was asked
for, is told from what has come since; resourceVersions go back where etcd is restored from a backup.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from enum import Enum
from typing import Any, NamedTuple

from mlflow_operator.engine.queue import Key

Object = dict[str, Any]

Index = Callable[[Key, Object], Iterable[Key]]
"""Under which values an object is found."""

Place = tuple[str, Key]
"""A value of the index of that name."""


class Change(Enum):
    """What a copy of an object has changed in the store."""

    NONE = "nothing: it was known, or is older than what is known"
    KEPT = "it is kept, and says nothing to anybody"
    NEWS = "it is kept, and is news"


class _Copy(NamedTuple):
    """An object as it is kept: text takes a tenth of the room of nested dictionaries."""

    sequence: int
    news: int
    """The sequence of the latest change that was news."""
    uid: str
    version: str
    created: str
    said: bytes
    """Fingerprint of what is news when it changes."""
    places: tuple[Place, ...]
    text: bytes


class Store:
    """Objects by kind, namespace and name.

    ``indexes`` are named ways to find objects by something else; they are over all namespaces. ``said`` answers with
    the part of an object whose change is news.
    """

    def __init__(
        self, indexes: Mapping[str, Index] | None = None, said: Callable[[Key, Object], Any] = lambda _, obj: obj
    ) -> None:
        self._indexes = dict(indexes or {})
        self._said = said
        self._copies: dict[Key, _Copy] = {}
        self._found: defaultdict[Place, set[Key]] = defaultdict(set)
        self._users: defaultdict[Key, set[Key]] = defaultdict(set)
        self._gone: dict[str, tuple[int, str]] = {}
        """By uid of an object that was seen to be gone: the sequence of that, and its last resourceVersion."""
        self.sequence = 0
        """How many changes there have been."""

    def put(self, kind: str, obj: Object) -> Change:
        """Keep an object that a watch, or the answer to a write, has brought; late copies are refused."""
        key, meta = key_of(kind, obj), obj["metadata"]
        known = self._copies.get(key)
        if self._is_gone(meta) or (known is not None and not _follows(meta, known)):
            return Change.NONE
        return self._keep(key, obj)

    def learn(self, kind: str, obj: Object, asked: int) -> Change:
        """Keep an object that was there when the sequence was ``asked``; it is the truth but for changes since."""
        key, meta = key_of(kind, obj), obj["metadata"]
        known, uid = self._copies.get(key), meta.get("uid", "")
        if uid in self._gone and self._gone[uid][0] > asked:
            return Change.NONE
        self._gone.pop(uid, None)
        if known is not None and known.sequence > asked:
            return self.put(kind, obj)
        if known is not None and (known.uid, known.version) == (uid, meta.get("resourceVersion", "")):
            return Change.NONE
        return self._keep(key, obj)

    def missing(self, kind: str, namespace: str | None, asked: int, found: set[Key]) -> list[Key]:
        """What a list that was ``asked`` for then should have ``found``, and has not: it is gone."""
        return [
            key
            for key, copy in self._copies.items()
            if key.kind == kind
            and namespace in (None, key.namespace)
            and key not in found
            and copy.sequence <= asked  # what has come since is not in the list
        ]

    def bury(self, kind: str, last: Object) -> bool:
        """This object is gone, and ``last`` is what it was in the end; False where that says nothing of what is kept.

        Its heir stays, and so does a newer copy: that one was brought back by a backup.
        """
        key, meta = key_of(kind, last), last["metadata"]
        uid, version, known = meta.get("uid", ""), meta.get("resourceVersion", ""), self._copies.get(key)
        same = known is not None and known.uid == uid
        if known is not None and same and _older(version, known.version):
            return False
        if same:
            self.drop(key)
        self._close(uid, version)
        return same

    def drop(self, key: Key) -> None:
        """The object is gone."""
        copy = self._copies.pop(key, None)
        if copy is not None:
            self._close(copy.uid, copy.version)
            for place in copy.places:
                _discard(self._found, place, key)

    def forget_gone(self, until: int) -> None:
        """What was gone by that sequence is not going to be brought by anybody any more."""
        self._gone = {uid: gone for uid, gone in self._gone.items() if gone[0] > until}

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """The newest copy of an object; the caller's own."""
        copy = self._copies.get(Key(kind, namespace, name))
        if copy is None:
            return None
        obj: Object = json.loads(copy.text)
        return obj

    def sequence_of(self, key: Key) -> int | None:
        """The sequence of the newest copy of an object: as long as it is the same, so is the object."""
        copy = self._copies.get(key)
        return copy.sequence if copy else None

    def news_of(self, key: Key) -> int:
        """The sequence of the latest change of an object that was news; what was found out before is older."""
        copy = self._copies.get(key)
        return copy.news if copy else self.sequence

    def places(self, key: Key, index: str) -> list[Key]:
        """The values under which an index has an object."""
        copy = self._copies.get(key)
        return [value for name, value in copy.places if name == index] if copy else []

    def keys(self, kind: str) -> list[Key]:
        """All objects of a kind."""
        return [key for key in self._copies if key.kind == kind]

    def find(self, index: str, value: Key) -> set[Key]:
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

    def _keep(self, key: Key, obj: Object) -> Change:
        before = self._copies.get(key)
        self.drop(key)  # it may be another object of this name, on another model or of another owner
        meta, obj = obj["metadata"], {"kind": key.kind, **obj}
        uid = meta.get("uid", "")
        self._gone.pop(uid, None)
        self.sequence += 1
        places = tuple((name, value) for name, index in self._indexes.items() for value in index(key, obj))
        version, created = meta.get("resourceVersion", ""), meta.get("creationTimestamp", "")
        said = hashlib.blake2b(_text(self._said(key, obj), sort=True), digest_size=16).digest()
        change = Change.KEPT if before is not None and before.said == said else Change.NEWS
        news = self.sequence if before is None or change is Change.NEWS else before.news
        self._copies[key] = _Copy(self.sequence, news, uid, version, created, said, places, _text(obj))
        for place in places:
            self._found[place].add(key)
        return change

    def _close(self, uid: str, version: str) -> None:
        self.sequence += 1
        if uid:
            self._gone[uid] = (self.sequence, version)

    def _is_gone(self, meta: Object) -> bool:
        """Whether a copy is from before its object went; a newer one has come back under the watch's selector."""
        gone = self._gone.get(meta.get("uid", ""))
        return gone is not None and not _older(gone[1], meta.get("resourceVersion", ""))


def _follows(meta: Object, known: _Copy) -> bool:
    """Whether a copy is newer than what is known; an heir of the same second has a newer version."""
    version, created = meta.get("resourceVersion", ""), meta.get("creationTimestamp", "")
    if meta.get("uid", "") != known.uid and created != known.created:
        return bool(created > known.created)
    return version != known.version and not _older(version, known.version)


def _older(version: str, than: str) -> bool:
    """Whether a resourceVersion is older: comparable since Kubernetes 1.35 (KEP-5504), in practice before.

    What is no number cannot be compared.
    """
    return version.isdecimal() and than.isdecimal() and int(version) < int(than)


def _discard(index: defaultdict[Any, set[Key]], at: Hashable, key: Key) -> None:
    index[at].discard(key)
    if not index[at]:
        del index[at]


def _text(value: Any, *, sort: bool = False) -> bytes:
    return json.dumps(value, sort_keys=sort, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass")


def key_of(kind: str, obj: Object) -> Key:
    """The key of an object."""
    return Key(kind, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
