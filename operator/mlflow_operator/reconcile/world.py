"""Everything that a pass works with, made once at the start and passed in."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mlflow_operator.clients.cluster import Cluster
from mlflow_operator.clients.mlflow.registry import Mlflow
from mlflow_operator.clients.webhooks.calls import Webhooks
from mlflow_operator.config import Settings
from mlflow_operator.engine.queue import Key, WorkQueue
from mlflow_operator.engine.store import Store
from mlflow_operator.promotion.evidence import Reply
from mlflow_operator.reconcile.directory import Directory
from mlflow_operator.reconcile.logins import Logins
from mlflow_operator.reconcile.objects import INDEXES, said
from mlflow_operator.reconcile.policies.book import Book
from mlflow_operator.reconcile.promotions.models import Models
from mlflow_operator.reconcile.renewals import Renewals
from mlflow_operator.reconcile.tries import Tries
from mlflow_operator.status.preparation import Preparation
from mlflow_operator.status.seen import Probe


@dataclass
class World:
    """The cluster, the registries, and what is known of both."""

    settings: Settings
    cluster: Cluster
    mlflow: Mlflow
    queue: WorkQueue
    clock: Callable[[], datetime]
    instance: str
    """Name of this process, for Events."""
    now: Callable[[], float] = field(default_factory=lambda: asyncio.get_running_loop().time)
    """Seconds of a clock that never goes back."""
    store: Store = field(default_factory=lambda: Store(INDEXES, said))
    written: dict[tuple[str, str], tuple[str, Probe]] = field(default_factory=dict)
    """By namespace and name of a server: the pods through which an artifact was last written, and what was found."""
    labels: dict[str, tuple[float, Mapping[str, str]]] = field(default_factory=dict)
    """By name of a namespace: when its labels were read, and what they were."""
    models: Models = field(default_factory=Models)
    logins: Logins = field(default_factory=Logins)
    renewals: Renewals = field(default_factory=Renewals)
    webhooks: Webhooks = field(default_factory=Webhooks)
    replies: Tries[Reply] = field(default_factory=Tries)
    """What webhooks have answered, by what each question is known by."""
    mail: Tries[str] = field(default_factory=Tries)
    """By id of a message to a webhook, why it was not taken; nothing, where it was."""
    reports: dict[tuple[str, str], tuple[object, Preparation | None]] = field(default_factory=dict)
    """By namespace and name of a server: the end of its preparation's newest pod, and what it reported."""

    unmoved: dict[tuple[str, str], dict[tuple[str, str], tuple[str, str, str]]] = field(default_factory=dict)
    """By namespace and name of a server, by kind and name of an object that an apply left as it was: its uid, its
    resourceVersion, and a digest of what was applied."""

    turns: set[Key] = field(default_factory=set)
    """Servers whose pods a pass is about to replace, where no status says so yet."""

    directory: Directory = field(init=False)
    book: Book = field(init=False)

    def __post_init__(self) -> None:
        """What follows from the rest."""
        self.directory = Directory(self.store, self.settings.cluster_domain)
        self.book = Book(self.store)

    def forget(self) -> None:
        """Forget what passes have found out elsewhere: somebody else may have worked since."""
        self.written.clear()
        self.labels.clear()
        self.models = Models()
        self.replies, self.mail = Tries(), Tries()
        self.reports.clear()
        self.unmoved.clear()
        self.turns.clear()
