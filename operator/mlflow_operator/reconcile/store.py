"""What the watches have seen: the newest copy of every object, and who refers to whom."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.desired import names
from mlflow_operator.reconcile.queue import Key

Object = dict[str, Any]

SERVER = MLflowServer.NAMES.kind
PROMOTION = ModelPromotion.NAMES.kind
MODEL = "RegisteredModel"


class Store:
    """Objects by kind, namespace and name. An older copy never replaces a newer one."""

    def __init__(self) -> None:
        self._objects: dict[Key, Object] = {}
        self._children: defaultdict[Key, set[Key]] = defaultdict(set)
        self._claims: defaultdict[Key, set[Key]] = defaultdict(set)
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
        if kind == PROMOTION:
            if not obj["metadata"].get("deletionTimestamp"):
                self._claims[model_of(obj)].add(key)
        elif owner := owner_of(kind, obj):
            self._children[owner].add(key)
        return True

    def drop(self, key: Key) -> None:
        """The object is gone."""
        obj = self._objects.pop(key, None)
        if obj is None:
            return
        if key.kind == PROMOTION:
            self._discard(self._claims, model_of(obj), key)
        elif owner := owner_of(key.kind, obj):
            self._discard(self._children, owner, key)

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

    def server(self, namespace: str, name: str) -> MLflowServer | None:
        """An MLflowServer that is not being deleted."""
        obj = self.get(SERVER, namespace, name)
        return MLflowServer.parse(obj) if obj and not obj["metadata"].get("deletionTimestamp") else None

    def promotion(self, namespace: str, name: str) -> ModelPromotion | None:
        """A ModelPromotion that is not being deleted."""
        obj = self.get(PROMOTION, namespace, name)
        return ModelPromotion.parse(obj) if obj and not obj["metadata"].get("deletionTimestamp") else None

    def children(self, owner: Key) -> Iterator[Object]:
        """What a server owns, as its labels say."""
        return (self._objects[key] for key in self._children.get(owner, ()) if key in self._objects)

    def claims(self, model: Key) -> set[Key]:
        """The claims on a model's slots; those that are being deleted claim nothing any more."""
        return self._claims.get(model, set())

    def claims_on(self, namespace: str, server: str) -> set[Key]:
        """The claims on any model of a server."""
        found = [keys for model, keys in self._claims.items() if model[1:3] == (namespace, server)]
        return set().union(*found)

    def set_references(self, user: Key, referenced: set[Key]) -> None:
        """Say which Secrets and ConfigMaps a server refers to."""
        for key in [key for key, users in self._users.items() if user in users]:
            self._discard(self._users, key, user)
        for key in referenced:
            self._users[key].add(user)

    def users(self, referenced: Key) -> set[Key]:
        """The servers that refer to a Secret or ConfigMap."""
        return self._users.get(referenced, set())

    @staticmethod
    def _discard(index: defaultdict[Key, set[Key]], at: Key, key: Key) -> None:
        index[at].discard(key)
        if not index[at]:
            del index[at]


def key_of(kind: str, obj: Object) -> Key:
    """The key of an object."""
    return Key(kind, obj["metadata"]["namespace"], obj["metadata"]["name"])


def model_of(promotion: Object) -> Key:
    """The registered model that a claim is on."""
    spec = promotion["spec"]
    return Key(MODEL, promotion["metadata"]["namespace"], spec["serverRef"]["name"], spec["model"])


def owner_of(kind: str, obj: Object) -> Key | None:
    """The server that an object belongs to: its owner, or by label where data has to outlive its owner."""
    meta = obj["metadata"]
    labels = meta.get("labels", {})
    if kind == SERVER or labels.get(names.MANAGED_BY_LABEL) != names.MANAGER:
        return None
    owner = next((o["name"] for o in meta.get("ownerReferences", []) if o["kind"] == SERVER), None)
    name = owner or labels.get(names.INSTANCE_LABEL)
    return Key(SERVER, meta["namespace"], name) if name else None


def wish(obj: Object) -> tuple[Object, Any]:
    """Everything that others say in an object of the operator's own kinds; its status is the operator's word."""
    meta = {key: value for key, value in obj["metadata"].items() if key not in ("resourceVersion", "managedFields")}
    return meta, obj.get("spec")


def _age(obj: Object) -> int:
    """The resourceVersion as a number: comparable since Kubernetes 1.35 (KEP-5504), in practice before."""
    version = obj["metadata"].get("resourceVersion", "0")
    return int(version) if version.isdigit() else 0
