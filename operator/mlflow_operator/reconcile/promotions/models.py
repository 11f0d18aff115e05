"""What is known of the promoted models: one look at a server, or at a model, serves all claims on it.

Every ``now`` is in seconds of a clock that never goes back.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from mlflow_operator.clients.mlflow.registry import Registry
from mlflow_operator.engine.queue import Key
from mlflow_operator.promotion.evidence import JobFound, ModelFile
from mlflow_operator.promotion.snapshot import Mark, ModelVersion, Snapshot
from mlflow_operator.reconcile.evidence.findings import Findings
from mlflow_operator.reconcile.kept import Kept, fingerprint

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


@dataclass(eq=False)
class ModelWatch:
    """One registered model on one server, as its claims see it; passes on one model take turns."""

    kept: Kept
    snapshot: Snapshot | None = None
    forgotten: bytes | None = None
    """Fingerprint of the snapshot where there was no room to keep it: enough to see whether there is news."""
    asked: float = 0.0
    """When the snapshot was asked for."""
    sequence: int = -1
    """The store's sequence at that moment: what was news in the cluster by then, the snapshot is younger than."""
    mark: bytes | None = None
    """Fingerprint of what a list of all models told of it, where the snapshot is known to be as new."""
    told: bytes | None = None
    """The same, where the snapshot is older, and has to be read."""
    failing: float | None = None
    """Since when looks that were needed have had no answer."""
    news: bool = False
    """A look has found something else than the one before, and the claims have not been told."""
    files: dict[tuple[str, int], ModelFile] = field(default_factory=dict)
    """What the file of a version, registered at that time, says; a version never changes its files."""
    findings: Findings = field(default_factory=Findings)
    """What was measured of its versions."""
    jobs: dict[Key, Mapping[str, JobFound]] = field(default_factory=dict)
    """By claim, and by digest of the question: what was found of the Jobs of its gates."""
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
        self.news = self.news or self._is_news(found) or self.failing is not None
        self.asked, self.sequence, self.failing = now, sequence, None
        self.mark, self.told = self.told, None
        self._keep(found)
        return found

    def learn(self, written: Snapshot) -> None:
        """A write was answered: the snapshot is now this, which is news to the other claims."""
        known = self.snapshot is not None or self.forgotten is not None
        self.news = self.news or not known or self._is_news(written)
        self.mark = None
        self._keep(written)

    def forget(self) -> None:
        """There is no room for the snapshot: it is read again when somebody needs it."""
        if self.snapshot is not None:
            self.forgotten = fingerprint(self.snapshot)
            self.snapshot = None

    def forsake(self) -> None:
        """Nobody claims the model any more; a pass that is still at it takes no room from the others."""
        self.kept.drop(self)
        self.kept = Kept()

    def begin_anew(self) -> None:
        """What was known is of another registry: the next look is news to all claims."""
        self.kept.drop(self)
        self.snapshot, self.forgotten, self.mark, self.told, self.news = None, None, None, None, True
        self.files.clear()
        self.findings.clear()
        self.jobs.clear()

    def unanswered(self, now: float) -> None:
        """A look that was needed has had no answer."""
        self.failing = now if self.failing is None else self.failing

    def lose(self, now: float, patience: float) -> bool:
        """Whether there has just now been no answer for too long: from here on no claim is sure of its slot."""
        known = self.snapshot is not None or self.forgotten is not None
        lost = known and self.failing is not None and now - self.failing >= patience
        if lost:
            self.kept.drop(self)
            self.snapshot, self.forgotten, self.news = None, None, True
        return lost

    def answered(self, mark: Mark | None) -> bool:
        """A list of all models has told of the model: whether the snapshot is as new, or has to be read.

        A model that is not in such a list may be hidden by MLflow's permissions: what was known of it has to be read.
        """
        found = None if mark is None else mark.fingerprint
        if self._fits(mark, found):
            self.mark, self.news, self.failing = found, self.news or self.failing is not None, None
            return True
        self.told = found
        return False

    def await_(self, claim: Key, wish: int, every: float | None, now: float) -> None:
        """A claim waits for something, so many seconds between two looks, or for nothing any more."""
        known = self.waiting.get(claim)
        if every is None:
            self.waiting.pop(claim, None)
        elif known is None or known.wish != wish:
            self.waiting[claim] = Waiting(now, every, wish)

    def seen(self, version: ModelVersion | None) -> ModelFile | None:
        """What a version's file says, where that was asked."""
        return self.files.get((version.version, version.created)) if version else None

    def keep(self, claims: set[Key]) -> None:
        """Forget the claims that are gone."""
        for claim in (self.waiting.keys() | self.failed.keys() | self.jobs.keys()) - claims:
            self.waiting.pop(claim, None)
            self.jobs.pop(claim, None)
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

    def _keep(self, snapshot: Snapshot) -> None:
        self.snapshot, self.forgotten = snapshot, None
        self.kept.put(self, snapshot)

    def _is_news(self, found: Snapshot) -> bool:
        """Whether something else was known before."""
        if self.snapshot is None:
            return self.forgotten is not None and self.forgotten != fingerprint(found)
        return _differ(self.snapshot, found)

    def _fits(self, mark: Mark | None, told: bytes | None) -> bool:
        """Whether what is known is as new as what was told."""
        known = self.snapshot
        if told is not None and self.mark is not None and (known is not None or self.forgotten is not None):
            return told == self.mark
        if known is None or mark is None:
            return known is not None and not known.versions
        return mark.updated <= known.updated and (mark.aliases == known.aliases or not known.knows_aliases)


def _differ(before: Snapshot, after: Snapshot) -> bool:
    if before.versions != after.versions:
        return True
    return before.knows_aliases and after.knows_aliases and before.aliases != after.aliases


@dataclass
class RegistryWatch:
    """The registry of one server, or of one of its workspaces."""

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
                model.begin_anew()
        self.registry = registry


class Models:
    """All promoted models, by registry and name; what one server may see is nothing to another's claims."""

    def __init__(self, kept: Kept | None = None) -> None:
        self._registries: dict[Key, RegistryWatch] = {}
        self._kept = kept or Kept()

    def on(self, registry: Key) -> RegistryWatch:
        """What is known of a registry."""
        return self._registries.setdefault(registry, RegistryWatch())

    def watch(self, registry: Key, model: str) -> ModelWatch:
        """What is known of a model."""
        return self.on(registry).models.setdefault(model, ModelWatch(self._kept))

    def keep(self, registry: Key, models: Iterable[str]) -> None:
        """Forget the models of a registry that nobody claims any more; without any, the registry too."""
        claimed, known = set(models), self.on(registry).models
        for name in known.keys() - claimed:
            known.pop(name).forsake()
        if not claimed:
            del self._registries[registry]
