"""What is known of the promoted models: one look at a server, or at a model, serves all claims on it.

Every ``now`` is in seconds of a clock that never goes back.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from mlflow_operator.clients.registry import Registry
from mlflow_operator.engine.queue import Key
from mlflow_operator.promotion.evidence import ModelFile
from mlflow_operator.promotion.snapshot import Mark, ModelVersion, Snapshot
from mlflow_operator.reconcile.evidence.findings import Findings

_SLOWEST = 60.0
_DECAY = 12.0
"""What has not come for so many times as long as between two looks is looked for less often."""


@dataclass
class Waiting:
    """A claim that waits for something in the registry which only a look at its model shows."""

    since: float
    every: float
    """Seconds between two looks, in the beginning."""
    wish: int = 0
    """The sequence of what it asked for then."""

    def rest(self, now: float) -> float:
        """Seconds until the next look."""
        return max(self.every, min(_SLOWEST, (now - self.since) / _DECAY))


@dataclass
class ModelWatch:
    """One registered model on one server, as its claims see it; passes on one model take turns."""

    snapshot: Snapshot | None = None
    asked: float = 0.0
    """When the snapshot was asked for."""
    sequence: int = -1
    """The store's sequence at that moment: what was news in the cluster by then, the snapshot is younger than."""
    mark: Mark | None = None
    """What a list of all models told of it, where the snapshot is known to be as new."""
    told: Mark | None = None
    """The same, where the snapshot is older, and has to be read."""
    failing: float | None = None
    """Since when looks that were needed have had no answer."""
    news: bool = False
    """A look has found something else than the one before, and the claims have not been told."""
    files: dict[tuple[str, int], ModelFile] = field(default_factory=dict)
    """What the file of a version, registered at that time, says; a version never changes its files."""
    findings: Findings = field(default_factory=Findings)
    """What was measured of its versions."""
    waiting: dict[Key, Waiting] = field(default_factory=dict)
    failed: dict[Key, float] = field(default_factory=dict)
    """Claims whose latest pass ended in an error of the registry's, and since when they all have."""

    async def read(self, registry: Registry, model: str, *, aliases: bool, now: float, sequence: int) -> Snapshot:
        """Look now; the caller has the turn. An answer after looks that had none is news to all claims."""
        try:
            found = await registry.snapshot(model, aliases=aliases)
        except Exception:
            self.unanswered(now)
            raise
        changed = self.snapshot is not None and _differ(self.snapshot, found)
        self.news = self.news or changed or self.failing is not None
        self.snapshot, self.asked, self.sequence, self.failing = found, now, sequence, None
        self.mark, self.told = self.told, None
        return found

    def learn(self, written: Snapshot) -> None:
        """A write was answered: the snapshot is now this, which is news to the other claims."""
        self.news = self.news or self.snapshot is None or _differ(self.snapshot, written)
        self.snapshot, self.mark = written, None

    def forget(self) -> None:
        """What was known is of another registry: the next look is news to all claims."""
        self.snapshot, self.mark, self.told, self.news = None, None, None, True
        self.files.clear()
        self.findings.clear()

    def unanswered(self, now: float) -> None:
        """A look that was needed has had no answer."""
        self.failing = now if self.failing is None else self.failing

    def lose(self, now: float, patience: float) -> bool:
        """Whether there has just now been no answer for too long: from here on no claim is sure of its slot."""
        lost = self.snapshot is not None and self.failing is not None and now - self.failing >= patience
        if lost:
            self.snapshot, self.news = None, True
        return lost

    def answered(self, mark: Mark | None) -> bool:
        """A list of all models has told of the model: whether the snapshot is as new, or has to be read.

        A model that is not in such a list may be hidden by MLflow's permissions: what was known of it has to be read.
        """
        known = self.snapshot
        if known is None or mark is None:
            fits = known is not None and not known.versions
        elif self.mark is not None:
            fits = mark == self.mark
        else:
            fits = mark.updated <= known.updated and (mark.aliases == known.aliases or not known.knows_aliases)
        if fits:
            self.mark, self.news, self.failing = mark, self.news or self.failing is not None, None
        else:
            self.told = mark
        return fits

    def await_(self, claim: Key, wish: int, every: float | None, now: float) -> None:
        """A claim waits for something, so many seconds between two looks, or for nothing any more."""
        known = self.waiting.get(claim)
        if every is None:
            self.waiting.pop(claim, None)
        elif known is None or known.wish != wish:
            self.waiting[claim] = Waiting(now, every, wish)

    def keep(self, claims: set[Key]) -> None:
        """Forget the claims that are gone."""
        for claim in (self.waiting.keys() | self.failed.keys()) - claims:
            self.waiting.pop(claim, None)
            self.failed.pop(claim, None)

    def rest(self, now: float) -> float | None:
        """Seconds until the model has to be looked at for the sake of those who wait; None: nobody does."""
        return min((waiting.rest(now) for waiting in self.waiting.values()), default=None)

    async def file(self, registry: Registry, model: str, version: ModelVersion) -> ModelFile:
        """What a version's file says; asked once."""
        which = (version.version, version.created)
        if which not in self.files:
            self.files[which] = await registry.model_file(model, version.version)
        return self.files[which]


def _differ(before: Snapshot, after: Snapshot) -> bool:
    if before.versions != after.versions:
        return True
    return before.knows_aliases and after.knows_aliases and before.aliases != after.aliases


@dataclass
class ServerWatch:
    """The registry of one server."""

    models: dict[str, ModelWatch] = field(default_factory=dict)
    registered: int | None = None
    """How many models the latest list of all had."""
    registry: Hashable = None
    """Which registry that is: its MLflowServer may be pointed to another one."""

    def be(self, registry: Hashable) -> None:
        """Forget what was known, if that was of another registry."""
        if self.registry not in (None, registry):
            self.registered = None
            for model in self.models.values():
                model.forget()
        self.registry = registry


class Models:
    """All promoted models, by server and name; what one server may see is nothing to another's claims."""

    def __init__(self) -> None:
        self._servers: dict[Key, ServerWatch] = {}

    def on(self, server: Key) -> ServerWatch:
        """What is known of a server's registry."""
        return self._servers.setdefault(server, ServerWatch())

    def watch(self, server: Key, model: str) -> ModelWatch:
        """What is known of a model."""
        return self.on(server).models.setdefault(model, ModelWatch())

    def keep(self, server: Key, models: Iterable[str]) -> None:
        """Forget the models of a server that nobody claims any more; without any, the server too."""
        claimed = set(models)
        if not claimed:
            self._servers.pop(server, None)
            return
        watch = self.on(server)
        watch.models = {name: model for name, model in watch.models.items() if name in claimed}
