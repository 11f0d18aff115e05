"""What is known of every promoted model: one list per model serves all its claims, and writers take turns."""

import asyncio
from dataclasses import dataclass, field

from mlflow_operator.clients.registry import Registry
from mlflow_operator.engine.queue import Key
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot

PATIENCE = 3
"""Looks in a row without an answer until settled claims are no longer sure of their slots."""


@dataclass
class ModelWatch:
    """One registered model on one server."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held from reading to the last write: MLflow has no compare-and-swap, and its archiving is not exclusive."""
    snapshot: Snapshot | None = None
    news: bool = False
    """A look has found something else than the one before, and the claims have not been told."""
    failures: int = 0
    """Looks in a row that found no answer."""
    signatures: dict[tuple[str, int], bool] = field(default_factory=dict)
    """Whether a version, registered at that time, has a signature; a version never changes its files."""

    async def read(self, registry: Registry, model: str) -> Snapshot:
        """Look now; the caller has the turn. An answer after many that failed is news to all claims."""
        found = await registry.snapshot(model)
        changed = self.snapshot is not None and self.snapshot != found
        self.news = self.news or changed or self.failures >= PATIENCE
        self.snapshot, self.failures = found, 0
        return found

    async def known(self, registry: Registry, model: str) -> Snapshot:
        """The latest look, or a first one."""
        if self.snapshot is None:
            registry.check()  # rather than queue for the turn behind somebody whom the server keeps waiting
        async with self.turn:
            return self.snapshot or await self.read(registry, model)

    async def signature(self, registry: Registry, model: str, version: ModelVersion) -> bool:
        """Whether a version has a signature; asked once."""
        which = (version.version, version.created)
        if which not in self.signatures:
            self.signatures[which] = await registry.has_signature(model, version.version)
        return self.signatures[which]


class Models:
    """All promoted models, by server and name."""

    def __init__(self) -> None:
        self._watches: dict[Key, ModelWatch] = {}

    def watch(self, model: Key) -> ModelWatch:
        """What is known of a model."""
        return self._watches.setdefault(model, ModelWatch())

    def drop(self, model: Key) -> bool:
        """No claim is left on the model; False while a pass has its turn, and others have to wait for it."""
        if self.watch(model).turn.locked():
            return False
        del self._watches[model]
        return True
