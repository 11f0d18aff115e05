"""The operator's own machinery, on a registry and a cluster in memory: passes run until nothing is left to do."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from mlflow_operator.api.modelpromotion import ModelPromotion, ModelPromotionStatus
from mlflow_operator.clients.cluster import Cluster
from mlflow_operator.clients.mlflow.registry import Mlflow
from mlflow_operator.clients.webhooks.calls import Webhooks
from mlflow_operator.config import Settings
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Store
from mlflow_operator.reconcile.events import seen
from mlflow_operator.reconcile.lanes import lanes_of
from mlflow_operator.reconcile.objects import INDEXES, MODEL, PROMOTION, REGISTRY, SERVER, said
from mlflow_operator.reconcile.process import lists_of, workers_of
from mlflow_operator.reconcile.world import World

from .fakes import FakeCluster, FakeRegistry, ImpatientQueue, Object, Outside
from .receiver import FakeReceiver

SERVER_KEY = Key(SERVER, "team", "mlflow")
MODEL_KEY = Key(MODEL, "team", "mlflow", "fraud")
REGISTRY_KEY = Key(REGISTRY, "team", "mlflow")
_HOT = 60
"""Passes without any time going by; more is a loop."""


def claim_key(name: str = "fraud") -> Key:
    """The key of a claim."""
    return Key(PROMOTION, "team", name)


@dataclass
class Simulation:
    """One team's cluster and registry, and the operator's process, which can be killed and started again."""

    outside: Outside = field(default_factory=Outside)
    moment: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    seconds: float = 1000.0
    settings: Settings = field(default_factory=lambda: Settings(job_gates=True))
    server_ready: bool = True
    """The server was found to answer, and is not looked at; else it is looked at like everything."""

    def __post_init__(self) -> None:
        self.cluster = FakeCluster(self.outside)
        self.registry = FakeRegistry(self.outside)
        self.receiver = FakeReceiver(self.outside)
        answers = {"type": "ServerReady", "status": "True", "reason": "Ready", "message": "it answers"}
        server = _object("MLflowServer", "mlflow", {"external": {"url": "http://mlflow.test"}})
        if self.server_ready:
            server["status"] = {"conditions": [{**answers, "lastTransitionTime": "2026-01-01T00:00:00Z"}]}
        self.cluster.put(server)
        self.start()

    def start(self) -> None:
        """A new process: it knows what the cluster tells it, and nothing else."""
        store = Store(INDEXES, said)
        self.queue = ImpatientQueue(lanes_of(store, self.settings))
        self.world = World(
            settings=self.settings,
            store=store,
            cluster=cast("Cluster", self.cluster),
            mlflow=cast("Mlflow", self.registry),
            queue=self.queue,
            clock=self._clock,
            instance="test",
            now=self._now,
            webhooks=cast("Webhooks", self.receiver),
        )
        self.lists = lists_of(self.world)
        self.workers = workers_of(self.world, self.lists)
        self.cluster.watch = self._watched
        for key, obj in self.cluster.objects.items():
            self._watched(key.kind, obj, False)

    def promote(self, name: str = "fraud", **spec: Any) -> None:
        """Apply a claim on Production, or change fields of its spec."""
        wanted = {"serverRef": {"name": "mlflow"}, "model": "fraud", "target": {"stage": "Production"}, "version": 7}
        known = claim_key(name) in self.cluster.objects
        self.cluster.put(_object("ModelPromotion", name, {} if known else {**wanted, **spec}), **spec)

    async def drain(self) -> None:
        """Run passes, one at a time, until none is due.

        Raises:
            AssertionError: It does not come to rest although nothing happens and no time goes by.
        """
        for _ in range(_HOT):
            if not self.queue.depth():
                return
            key = await self.queue.get()
            try:
                if key.kind != SERVER or not self.server_ready:
                    await self.workers.run(key)
            finally:
                self.queue.done(key)
        raise AssertionError(f"a hot loop: {self.outside.calls[-12:]}")

    async def settle(self, rounds: int = 4) -> None:
        """Let time go by until everything has been looked at that often."""
        await self.drain()
        for _ in range(rounds):
            self.queue.elapse()
            await self.drain()

    async def look(self) -> None:
        """The registry is due to be looked at, and whatever follows from that; half a minute has gone by."""
        self.seconds += 30
        self.queue.add(REGISTRY_KEY)
        await self.drain()

    def status(self, name: str = "fraud") -> ModelPromotionStatus:
        """A claim's status as the cluster has it."""
        return self.status_of(claim_key(name))

    def status_of(self, key: Key) -> ModelPromotionStatus:
        """The same of a claim in any namespace."""
        return ModelPromotion.parse(self.cluster.objects[key]).status

    def ready(self, name: str = "fraud") -> tuple[str, str]:
        """Status and reason of a claim's Ready."""
        return next((c.status, c.reason) for c in self.status(name).conditions if c.type == "Ready")

    def _clock(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment

    def _now(self) -> float:
        self.seconds += 0.001
        return self.seconds

    def _watched(self, kind: str, obj: Object, deleted: bool) -> None:
        seen(self.world, kind, obj, deleted=deleted)


def _object(kind: str, name: str, spec: Object) -> Object:
    meta = {"name": name, "namespace": "team"}
    return {"apiVersion": "mlflow.talentflow.ai/v1alpha1", "kind": kind, "metadata": meta, "spec": spec}
