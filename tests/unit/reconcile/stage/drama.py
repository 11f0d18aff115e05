"""Passes, people, crashes, lost news and failing calls in an order that a tape of numbers says."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mlflow_operator.api.attempt import AttemptResult
from mlflow_operator.engine.queue import WorkQueue
from mlflow_operator.engine.workers import Workers
from mlflow_operator.errors import ClusterUnavailable, RegistryUnavailable
from mlflow_operator.promotion.wish import REASSERT

from .simulation import Simulation, claim_key
from .turns import Stage

SLOTS = {"fraud": "Production", "staging": "Staging", "rival": "Production"}
VERSIONS = ("5", "6", "7")
GATED = "fraud"
"""The claim with a gate; the other one has none."""
GATES = {"metrics": [{"name": "auc", "metric": "auc", "min": 0.9}]}
_STEPS = 400
"""Calls until it has to have come to rest, once nobody disturbs it any more."""


class Over(Exception):
    """The tape has ended."""


@dataclass
class Process:
    """The operator's workers on the simulation, several at once."""

    world: Simulation
    stage: Stage
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    started: int = 0

    def start(self, workers: int = 3) -> None:
        """A new process; one that was not killed goes on with what it has seen, and hears nothing more."""
        self.world.start()
        self.started += 1
        names = [f"worker-{self.started}-{number}" for number in range(workers)]
        self.tasks += [asyncio.create_task(self._work(self.world.queue, self.world.workers), name=n) for n in names]

    async def kill(self, *, but: str = "nobody") -> None:
        """Every pass ends where it is, but those of the process of that name."""
        ending = [task for task in self.tasks if not task.get_name().startswith(but)]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        self.tasks = [task for task in self.tasks if task not in ending]
        self.stage.parked = [call for call in self.stage.parked if call.task.startswith(but)]

    async def kill_the_cut_off(self) -> None:
        """Only the newest process is left."""
        await self.kill(but=f"worker-{self.started}-")

    async def _work(self, queue: WorkQueue, workers: Workers) -> None:
        task = asyncio.current_task()
        assert task is not None
        while True:
            key = await queue.get()
            self.stage.of_pass[task.get_name()].clear()
            try:
                if key.kind != "MLflowServer":
                    await workers.run(key)
            finally:
                queue.done(key)


@dataclass
class Log:
    """Which versions have been in which stage, and since when, as the registry itself would tell."""

    world: Simulation
    entries: list[tuple[datetime, dict[str, list[str]]]] = field(default_factory=list)

    def note(self) -> None:
        """What is there now; who would pass the gate is noted as if that was a stage."""
        held = {stage: self.world.registry.holders(stage) for stage in set(SLOTS.values())}
        held[GATED] = [version for version in VERSIONS if self.passes(version)]
        if not self.entries or self.entries[-1][1] != held:
            self.entries.append((self.world.moment, held))

    def passes(self, version: str) -> bool:
        """Whether a version would pass the gate now."""
        return self.world.registry.runs.get(f"run-{version}", {}).get("auc", 0) >= 0.9

    def held(self, version: str, stage: str, begin: datetime, end: datetime) -> bool:
        """Whether a version was in a stage at any moment between two."""
        follows = [at for at, _ in self.entries[1:]] + [end]
        spans = zip(self.entries, follows, strict=True)
        return any(version in held[stage] and at <= end and until >= begin for (at, held), until in spans)


class Drama:
    """What happens, drawn from a tape of numbers."""

    def __init__(self, tape: Iterator[int]) -> None:
        self.tape = tape
        self.stage = Stage()
        self.world = Simulation(outside=self.stage)
        self.world.registry.add(v5="None", v6="Production", v7="Staging")
        self.world.registry.runs = {f"run-{version}": {"auc": 0.95} for version in VERSIONS}
        self.process = Process(self.world, self.stage)
        self.log = Log(self.world)
        self.requests = 0

    def number(self, below: int) -> int:
        """The next number of the tape.

        Raises:
            Over: There is none.
        """
        for number in self.tape:
            return number % below
        raise Over

    async def play(self) -> None:
        """Everything until the tape ends, then peace."""
        self.log.note()
        self.process.start()
        with suppress(Over):
            while True:
                await self.step()
        await self.peace()

    async def step(self) -> None:
        """One thing happens."""
        acts: tuple[Callable[[], Awaitable[None]], ...] = (
            *(self.let_go,) * 8,
            *(self.wish,) * 3,
            *(self.move,) * 2,
            self.measure,
            self.fail,
            self.crash,
            self.split,
            self.deafen,
            self.forget,
            self.time,
        )
        await acts[self.number(len(acts))]()
        await settled()
        self.log.note()

    async def let_go(self) -> None:
        """A call has its effect."""
        if self.stage.parked:
            parked = self.stage.parked.pop(self.number(len(self.stage.parked)))
            if not parked.go.done():
                parked.go.set_result(None)

    async def fail(self) -> None:
        """A call fails, without any effect."""
        if self.stage.parked:
            parked = self.stage.parked.pop(self.number(len(self.stage.parked)))
            kind = ClusterUnavailable if parked.name in ("apply_status", "create", "get") else RegistryUnavailable
            if not parked.go.done():
                parked.go.set_exception(kind(kind.__name__, "no answer"))

    async def wish(self) -> None:
        """Somebody applies a claim, or changes one."""
        name = list(SLOTS)[self.number(len(SLOTS))]
        spec: dict[str, Any] = {"target": {"stage": SLOTS[name]}} | ({"gates": GATES} if name == GATED else {})
        kind = self.number(6)
        if kind == 0:
            spec["suspend"] = bool(self.number(2))
        elif kind == 1:
            spec["tags"] = {"team": str(self.number(3))}
        elif kind == 2 and claim_key(name) in self.world.cluster.objects:
            self.requests += 1
            self.world.cluster.annotate(claim_key(name), REASSERT, str(self.requests))
            return
        else:
            spec["version"] = int(VERSIONS[self.number(3)])
        self.world.promote(name, **spec)

    async def move(self) -> None:
        """Somebody moves a version in MLflow."""
        version, stage = VERSIONS[self.number(3)], ("None", "Staging", "Production", "Archived")[self.number(4)]
        self.world.registry.transition(version, stage, archive=stage in SLOTS.values() and bool(self.number(2)))

    async def measure(self) -> None:
        """Somebody evaluates a version again."""
        version = VERSIONS[self.number(3)]
        self.world.registry.runs[f"run-{version}"] = {"auc": (0.5, 0.95)[self.number(2)]}

    async def crash(self) -> None:
        """The process dies, and the next one starts."""
        await self.process.kill()
        self.process.start()

    async def split(self) -> None:
        """Another process takes over from one that is cut off and does not know it."""
        if self.process.started < 6:
            self.process.start()

    async def deafen(self) -> None:
        """The watch delivers nothing for now, or delivers again from now on."""
        deaf = self.world.cluster.watch == silent
        self.world.cluster.watch = self.world._watched if deaf else silent

    async def forget(self) -> None:
        """Somebody deletes a claim."""
        if (key := claim_key(list(SLOTS)[self.number(len(SLOTS))])) in self.world.cluster.objects:
            self.world.cluster.remove(key)

    async def time(self) -> None:
        """Everything that is due later is due now."""
        self.world.seconds += 30
        self.world.queue.elapse()

    async def peace(self) -> None:
        """Nobody disturbs it any more: one process, whose watches deliver and whose calls are answered."""
        await self.process.kill_the_cut_off()
        self.world.cluster.watch = self.world._watched
        await self.world.lists.all()
        for _ in range(6):
            await self.run_dry()
            self.world.seconds += 30
            self.world.queue.elapse()
        await self.run_dry()

    async def run_dry(self) -> None:
        """Let calls go until there are none."""
        for _ in range(_STEPS):
            await settled()
            if not self.stage.parked:
                return
            self.stage.parked.pop(0).go.set_result(None)
            await settled()
            self.log.note()
        raise AssertionError(f"it does not come to rest: {self.stage.calls[-12:]}")

    def check(self) -> None:
        """What has to be true of it in the end."""
        assert (self.stage.unfenced, self.stage.crowded) == ([], [])
        self.check_slots()
        later = self.world.queue.later()
        for key in self.world.cluster.objects:
            if key.kind != "ModelPromotion":
                continue
            assert key in later, f"{key} is never looked at again"
            self.check_claim(key.name)

    def check_slots(self) -> None:
        """Of the claims on one slot all but one say that it is another's, but for those that a person has suspended."""
        there = {
            key.name: obj["spec"] for key, obj in self.world.cluster.objects.items() if key.kind == "ModelPromotion"
        }
        rivals = [name for name in there if SLOTS[name] == "Production"]
        outdone = [name for name in rivals if self.world.ready(name)[1] == "Conflict"]
        assert len(outdone) < max(len(rivals), 1)
        if not any(there[name].get("suspend") for name in rivals):
            assert len(rivals) - len(outdone) <= 1

    def check_claim(self, name: str) -> None:
        """Its status is of today, and its history is true."""
        obj, status = self.world.cluster.objects[claim_key(name)], self.world.status(name)
        assert status.observed_generation == obj["metadata"]["generation"]
        assert status.holders == sorted(self.world.registry.holders(SLOTS[name]), reverse=True)
        numbers = [a.number for a in status.history]
        assert numbers == sorted(set(numbers), reverse=True)
        for entry in status.history:
            assert entry.finished_at is not None
            if entry.result is AttemptResult.PROMOTED:
                end = entry.finished_at.replace(microsecond=999_999)
                assert self.log.held(entry.to_version, SLOTS[name], entry.started_at, end), entry
                assert name != GATED or self.log.held(entry.to_version, GATED, entry.started_at, end), entry
        ready = self.world.ready(name)[1]
        assert ready in ("Promoted", "PromotedOnward", "DriftDetected", "Suspended", "GateFailed", "Conflict"), ready
        assert ready != "GateFailed" or not self.log.passes(str(obj["spec"]["version"]))
        if ready == "Promoted":
            assert status.holders == [obj["spec"]["version"] and str(obj["spec"]["version"])]


def silent(kind: str, obj: dict[str, Any], deleted: bool) -> None:
    """A watch that delivers nothing."""


async def settled() -> None:
    """Every task has gone on as far as it can."""
    for _ in range(12):
        await asyncio.sleep(0)
