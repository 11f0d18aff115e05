"""A cluster that is a dictionary, and a queue that does not wait."""

import copy
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

from mlflow_operator.engine.queue import Key, WorkQueue
from mlflow_operator.errors import ClusterUnavailable, NotFound
from mlflow_operator.reconcile.objects import PROMOTION
from mlflow_operator.reconcile.world import World

CLAIM = Key(PROMOTION, "team", "fraud")


class Listing:
    """A cluster that can only be read, and that can be away, as a whole or for a kind."""

    def __init__(self) -> None:
        self.objects: dict[str, list[dict[str, Any]]] = {}
        self.unknown: set[str] = set()
        """Kinds that the cluster does not have."""
        self.away = False
        self.forbidden: set[tuple[str, str | None]] = set()
        self.meanwhile: Callable[[], object] = lambda: None
        """What happens, and what the watch says, while an answer is on its way."""

    async def each(self, kind: str, namespace: str | None = None, *, labels: str = "") -> AsyncIterator[dict[str, Any]]:
        """What was there when it was asked for."""
        if kind in self.unknown:
            raise NotFound(404, "", "HTTP status 404")
        for obj in self._all(kind, namespace):
            yield obj

    async def get(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        """One object."""
        found = [o for o in self._all(kind, namespace) if o["metadata"]["name"] == name]
        return found[0] if found else None

    def _all(self, kind: str, namespace: str | None) -> list[dict[str, Any]]:
        if self.away or (kind, namespace) in self.forbidden:
            raise ClusterUnavailable("ClusterUnavailable", "away")
        found = [o for o in self.objects.get(kind, []) if namespace in (None, o["metadata"]["namespace"])]
        if kind == PROMOTION:
            self.meanwhile()
        return copy.deepcopy(found)


def claim(version: str, namespace: str = "team") -> dict[str, Any]:
    """A claim with a resourceVersion."""
    meta = {"name": "fraud", "namespace": namespace, "uid": "u", "resourceVersion": version}
    return {"metadata": meta, "spec": {"serverRef": {"name": "mlflow"}, "model": "fraud"}}


def listing(world: World) -> Listing:
    """The cluster as what it is."""
    return cast("Listing", world.cluster)


def version_of(world: World) -> str:
    """The claim's resourceVersion, as the store has it."""
    found = world.store.get(*CLAIM[:3])
    assert found is not None
    return str(found["metadata"]["resourceVersion"])


class Recording(WorkQueue):
    """A queue that says for when a key was put back."""

    seconds = -1.0

    def add_after(self, key: Key, seconds: float) -> None:
        """Remember instead of waiting."""
        self.seconds = seconds
