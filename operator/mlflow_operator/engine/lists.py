"""The periodic list, which finds what a watch has missed: one that broke off never delivers the deletions between."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from mlflow_operator.engine import telemetry
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Object, Store, key_of
from mlflow_operator.errors import OperatorError

log = logging.getLogger(__name__)

_DEAF = 2
"""Lists in a row that found changes, without a word from the watch in between."""


class Cluster(Protocol):
    """Whatever can be listed."""

    async def list(self, kind: str, namespace: str | None = None, *, labels: str = "") -> list[Object]:
        """All objects of a kind."""


class Lists:
    """Brings the store to what the API server has.

    ``kinds`` are kinds with the label selector of what is kept of them; ``keep`` is told of every object that is there,
    and answers whether it was news; ``wake`` is told of one that is there no more, before it leaves the store.
    """

    def __init__(
        self,
        cluster: Cluster,
        store: Store,
        kinds: dict[str, str],
        namespaces: Sequence[str],
        *,
        keep: Callable[[str, Object], bool],
        wake: Callable[[Key], None],
    ) -> None:
        self._cluster = cluster
        self._store = store
        self._kinds = kinds
        self._namespaces = tuple(namespaces)
        self._keep = keep
        self._wake = wake
        self._missed: dict[str, int] = {}

    async def first(self, again: float = 2.0) -> None:
        """List everything, so that nothing is taken for missing; however long the API server takes."""
        while not await self.all():  # noqa: ASYNC110 - waits for the API server, not for a task of ours
            await asyncio.sleep(again)
        self._missed.clear()

    async def all(self) -> bool:
        """List everything; False where the API did not answer."""
        try:
            for kind in self._kinds:
                await self._list(kind)
        except OperatorError as error:
            log.warning("could not list: %s", error)
            return False
        return True

    def heard(self, kind: str) -> None:
        """A watch has brought something."""
        self._missed[kind] = 0

    def ailment(self) -> str | None:
        """Which watch is deaf, if one is."""
        deaf = [kind for kind, times in self._missed.items() if times >= _DEAF]
        return f"the watch of {', '.join(deaf)} brings nothing any more" if deaf else None

    async def _list(self, kind: str) -> None:
        before = self._store.ages(kind)
        found: set[Key] = set()
        missed: set[Key] = set()
        for namespace in self._namespaces or (None,):
            for obj in await self._cluster.list(kind, namespace, labels=self._kinds[kind]):
                key = key_of(kind, obj)
                found.add(key)
                if self._keep(kind, obj):
                    missed.add(key)
        for key, age in self._store.ages(kind).items():
            if key not in found and before.get(key) == age:  # what has come since the list was asked for is not in it
                missed.add(key)
                self._wake(key)
                self._store.drop(key)
        self._missed[kind] = self._missed.get(kind, 0) + 1 if missed else 0
        telemetry.WATCH_MISSED.labels(kind).inc(len(missed))
