"""The periodic list, which finds what a watch has missed: one that broke off never delivers the deletions between."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Protocol

from mlflow_operator.engine import telemetry
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Object, Store, key_of
from mlflow_operator.errors import NotFound, OperatorError

log = logging.getLogger(__name__)

_DEAF = 2
"""Lists in a row that found changes, without a word from the watch in between."""


Scope = tuple[str, str | None]
"""A kind, in one namespace or in all of them: what one watch is about."""


class Cluster(Protocol):
    """Whatever can be listed."""

    def each(self, kind: str, namespace: str | None = None, *, labels: str = "") -> AsyncIterator[Object]:
        """All objects of a kind, as they were at one moment."""

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object, or None where it does not exist."""


class Lists:
    """Brings the store to what the API server has.

    ``kinds`` are kinds with the label selector of what is kept of them; ``keep`` is told of every object that is there,
    with the store's sequence at the time when it was asked for, and answers whether the store did not have it;
    ``wake`` is told of one that is there no more, before it leaves the store; objects of
    ``clusterwide`` kinds are in no namespace; ``unwatched`` kinds may not exist, and nobody brings their changes.
    """

    def __init__(
        self,
        cluster: Cluster,
        store: Store,
        kinds: dict[str, str],
        namespaces: Sequence[str],
        *,
        keep: Callable[[str, Object, int], bool],
        wake: Callable[[Key], None],
        clusterwide: Collection[str] = (),
        unwatched: Collection[str] = (),
    ) -> None:
        self._unwatched = frozenset(unwatched)
        self._clusterwide = frozenset(clusterwide)
        self._cluster = cluster
        self._store = store
        self._kinds = kinds
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self._keep = keep
        self._wake = wake
        self._missed: dict[Scope, int] = {}
        self._before = 0
        """The store's sequence at the list before."""

    async def first(self, again: float = 2.0) -> None:
        """List everything, so that nothing is taken for missing; however long the API server takes."""
        while not await self.all():  # noqa: ASYNC110 - waits for the API server, not for a task of ours
            await asyncio.sleep(again)
        self._missed.clear()

    async def keep_up(self, every: float) -> None:
        """List everything again and again, so many seconds apart; begins with a rest."""
        while True:
            await asyncio.sleep(every)
            await self.all()

    async def all(self) -> bool:
        """List everything; False where the API did not answer to all of it."""
        began, complete = self._store.sequence, True
        for kind in self._kinds:
            for namespace in self._places(kind):
                try:
                    await self._list(kind, namespace)
                except OperatorError as error:  # what cannot be listed does not keep the others from it
                    complete = False
                    where = f" in namespace {namespace}" if namespace else ""
                    log.warning("could not list %s%s: %s", kind, where, error)
        if complete:
            self._store.forget_gone(self._before)
            self._before = began
        return complete

    async def refresh(self, key: Key) -> bool:
        """Ask for one object that the API server knows otherwise than the store; whether it is there.

        Raises:
            OperatorError: The API did not answer.
        """
        if key.kind not in self._kinds:
            return True
        asked = self._store.sequence
        obj = await self._cluster.get(*key[:3])
        if obj is not None:
            self._keep(key.kind, obj, asked)
        elif (sequence := self._store.sequence_of(key)) is not None and sequence <= asked:
            self._wake(key)
            self._store.drop(key)
        return self._store.sequence_of(key) is not None

    def heard(self, kind: str, namespace: str) -> None:
        """A watch has brought something."""
        self._missed.pop((kind, namespace), None)
        self._missed.pop((kind, None), None)

    def ailment(self) -> str | None:
        """Which watch is deaf, if one is."""
        deaf = [
            f"{kind} in namespace {namespace}" if namespace else kind
            for (kind, namespace), times in self._missed.items()
            if times >= _DEAF
        ]
        return f"the watch of {', '.join(deaf)} brings nothing any more" if deaf else None

    def _places(self, kind: str) -> tuple[str | None, ...]:
        return (None,) if kind in self._clusterwide else self._namespaces

    async def _list(self, kind: str, namespace: str | None) -> None:
        asked = self._store.sequence
        found: set[Key] = set()
        missed = 0
        async for obj in self._each(kind, namespace):
            found.add(key_of(kind, obj))
            missed += self._keep(kind, obj, asked)
        for key in self._store.missing(kind, namespace, asked, found):
            missed += 1
            self._wake(key)
            self._store.drop(key)
        if kind in self._unwatched:
            return
        self._missed[kind, namespace] = self._missed.get((kind, namespace), 0) + 1 if missed else 0
        telemetry.WATCH_MISSED.labels(kind).inc(missed)

    async def _each(self, kind: str, namespace: str | None) -> AsyncIterator[Object]:
        """What there is of a kind; nothing, where the cluster does not have one that it may lack."""
        try:
            async for obj in self._cluster.each(kind, namespace, labels=self._kinds[kind]):
                yield obj
        except NotFound:
            if kind not in self._unwatched:
                raise
