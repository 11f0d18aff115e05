"""A registry and a cluster in memory, with the semantics that a promotion depends on, and a way to break any call."""

import asyncio
import copy
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import getitem
from typing import Any, TypeVar

from mlflow_operator.api.resource import Resource
from mlflow_operator.api.slots import Stage
from mlflow_operator.clients.mlflow.answers import LoggedMetric
from mlflow_operator.clients.mlflow.registry import Access
from mlflow_operator.engine.queue import Key, WorkQueue
from mlflow_operator.engine.store import key_of
from mlflow_operator.errors import Conflict, NotFound, RegistryNotFound, RegistryRefused, RegistryUnavailable
from mlflow_operator.promotion.evidence import ModelFile
from mlflow_operator.promotion.snapshot import Mark, ModelVersion, Snapshot
from unit.promotion.meanings import unexplained

Object = dict[str, Any]
Answer = TypeVar("Answer")


class Unexplained(BaseException):
    """A status that the table of reasons does not have; no pass may take it for a failure of its own."""


class Crash(BaseException):
    """The process is killed here: nothing in the operator may catch it."""


@dataclass
class Outside:
    """Every call that leaves the process, in order; any of them can fail, get lost, or meet somebody else's change."""

    calls: list[str] = field(default_factory=list)
    before: dict[int, BaseException | Callable[[], Awaitable[None] | None]] = field(default_factory=dict)
    """By number of a call: what is raised, or what somebody else does, before it has any effect."""
    after: dict[int, BaseException | Callable[[], None]] = field(default_factory=dict)
    """By number of a call: what happens once it has had its effect; or what is raised instead of the answer."""
    broken: dict[str, BaseException] = field(default_factory=dict)
    """By name of a call: what it raises each time."""

    async def call(self, name: str, effect: Callable[[], Answer]) -> Answer:
        """Make a call; ``effect`` is what the other side does."""
        number = len(self.calls)
        self.calls.append(name)
        trouble = self.before.get(number) or self.broken.get(name)
        if isinstance(trouble, BaseException):
            raise trouble
        if trouble and (waited := trouble()) is not None:
            await waited
        await asyncio.sleep(0)
        answer = effect()
        happens = self.after.get(number)
        if isinstance(happens, BaseException):
            raise happens
        if happens:
            happens()
        return answer


@dataclass
class FakeRegistry:
    """One MLflow server with one model; errors as the client raises them."""

    outside: Outside
    model: str = "fraud"
    versions: dict[str, ModelVersion] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    signed: set[str] = field(default_factory=set)
    runs: dict[str, dict[str, float]] = field(default_factory=dict)
    """Metrics by run; that of version 7 is ``run-7``."""
    logged: dict[str, list[LoggedMetric]] = field(default_factory=dict)
    """Metrics by logged model."""
    writes: list[str] = field(default_factory=list)
    """Every write that took effect."""
    changed: int = 0
    """When the model last changed, as MLflow counts it: not by aliases and tags."""
    hidden: bool = False
    """Permissions keep the model out of lists of all models."""

    def at(self, access: Access) -> "FakeRegistry":
        """As Mlflow.at: the registry of a server."""
        return self

    def check(self) -> None:
        """It never hangs."""

    def add(self, aliases: Mapping[str, str] | None = None, **stages: str) -> None:
        """Register versions: ``v7="Staging"`` is version 7 in Staging."""
        at = self._tick()
        self.versions |= {
            n[1:]: ModelVersion(n[1:], stage, "READY", updated=at, run=f"run-{n[1:]}") for n, stage in stages.items()
        }
        self.aliases |= aliases or {}

    def holders(self, stage: str) -> list[str]:
        """The versions in a stage."""
        return sorted(v.version for v in self.versions.values() if v.stage == stage)

    async def ping(self) -> None:
        """Whether it answers at all."""
        await self.outside.call("ping", lambda: None)

    async def version(self) -> str:
        """The MLflow release."""
        return "3.0.0"

    async def snapshot(self, model: str, *, aliases: bool = True) -> Snapshot:
        """All versions, and the aliases where somebody asks for them."""
        return await self.outside.call("snapshot", lambda: self._snapshot(aliases=aliases))

    async def survey(self) -> Mapping[str, Mark]:
        """What a list of all models shows."""
        found = await self.outside.call("survey", self._mark)
        return {} if found is None or self.hidden else {self.model: found}

    async def mark(self, model: str) -> Mark | None:
        """What is shown of one model."""
        return await self.outside.call("mark", self._mark)

    async def move(self, model: str, version: str, stage: str, *, archive_existing: bool) -> ModelVersion:
        """A transition, with MLflow's flag to archive the others."""

        def effect() -> ModelVersion:
            self.transition(version, stage, archive=archive_existing)
            self.writes.append(f"{version}>{stage}")
            return self.versions[version]

        return await self.outside.call("move", effect)

    def transition(self, version: str, stage: str, *, archive: bool = True) -> None:
        """What anybody can do in MLflow's UI."""
        if archive and stage not in (Stage.STAGING, Stage.PRODUCTION):
            raise RegistryUnavailable("RegistryUnavailable", "MLflow answers 500 to that")
        self._known(version)
        at = self._tick()
        for other in self.holders(stage) if archive else []:
            self.versions[other] = replace(self.versions[other], stage="Archived", updated=at)
        self.versions[version] = replace(self.versions[version], stage=stage, updated=at)

    async def set_alias(self, model: str, alias: str, version: str) -> None:
        """Point an alias to a version."""

        def effect() -> None:
            self._known(version)
            self.aliases[alias] = version
            self.writes.append(f"{alias}={version}")

        await self.outside.call("set_alias", effect)

    async def set_version_tag(self, model: str, version: str, key: str, value: str) -> None:
        """Set a tag of a version."""

        def effect() -> None:
            found = self._known(version)
            self.versions[version] = replace(found, tags={**found.tags, key: value})
            self.writes.append(f"{version}:{key.rpartition('/')[2]}")

        await self.outside.call("set_version_tag", effect)

    async def model_file(self, model: str, version: str) -> ModelFile:
        """What the version's file says; a version that is not ready has no file yet."""

        def effect() -> ModelFile:
            if self._known(version).status != "READY":
                raise RegistryRefused("Http404", "no such file")
            return ModelFile(signature=version in self.signed)

        return await self.outside.call("model_file", effect)

    async def logged_model_metrics(self, model_id: str) -> list[LoggedMetric]:
        """Every value of every metric of a logged model."""
        return await self.outside.call("logged_model_metrics", lambda: list(self.logged.get(model_id, [])))

    async def run_metrics(self, run_id: str) -> dict[str, float]:
        """The latest value of each metric of a run."""
        return await self.outside.call("run_metrics", lambda: dict(self.runs.get(run_id, {})))

    def delete(self, version: str) -> None:
        """Delete a version, and with it its aliases, as MLflow does."""
        self._tick()
        del self.versions[version]
        self.aliases = {alias: v for alias, v in self.aliases.items() if v != version}

    def _known(self, version: str) -> ModelVersion:
        if version not in self.versions:
            raise RegistryNotFound("ResourceDoesNotExist", f"version {version} does not exist")
        return self.versions[version]

    def _snapshot(self, *, aliases: bool) -> Snapshot:
        known = dict(self.aliases) if self.versions and aliases else {}
        return Snapshot(self.model, dict(self.versions), known, knows_aliases=aliases)

    def _mark(self) -> Mark | None:
        return Mark(self.changed, dict(self.aliases)) if self.versions else None

    def _tick(self) -> int:
        self.changed += 1
        return self.changed


@dataclass
class FakeCluster:
    """An API server with a watch: what was written is seen at once, before the writer has its answer."""

    outside: Outside
    objects: dict[Key, Object] = field(default_factory=dict)
    watch: Callable[[str, Object, bool], None] = lambda kind, obj, deleted: None
    statuses: list[Object] = field(default_factory=list)
    """Every status that was written and differed from the one before."""
    events: list[str] = field(default_factory=list)
    """The reason of every Event."""
    announced: list[Object] = field(default_factory=list)
    """Every Event as it was written."""
    pods: list[Object] = field(default_factory=list)
    """Every pod, as kubelets have said how it is."""
    made: list[str] = field(default_factory=list)
    """The name of every Job that was made."""
    event_names: list[str] = field(default_factory=list)
    """The name that was generated for every Event."""
    _version: int = 0

    def put(self, obj: Object, **spec: Any) -> None:
        """Create an object, or change fields of its spec, as kubectl apply does."""
        key = key_of(obj["kind"], obj)
        known = copy.deepcopy(self.objects.get(key, obj))
        meta = known["metadata"]
        known["spec"] |= spec
        meta.setdefault("uid", f"uid-{self._version + 1}")
        meta["generation"] = meta.get("generation", 0) + 1
        known.setdefault("status", {"observedGeneration": -1})
        self._keep(key, known)

    def annotate(self, key: Key, name: str, value: str) -> None:
        """Set an annotation; the generation stays."""
        obj = copy.deepcopy(self.objects[key])
        obj["metadata"].setdefault("annotations", {})[name] = value
        self._keep(key, obj)

    def remove(self, key: Key) -> None:
        """Delete an object."""
        self._version += 1
        obj = copy.deepcopy(self.objects.pop(key))
        obj["metadata"]["resourceVersion"] = str(self._version)
        self.watch(key.kind, obj, True)

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object, or None."""
        return await self.outside.call("get", lambda: copy.deepcopy(self.objects.get(Key(kind, namespace, name))))

    async def each(self, kind: str, namespace: str | None = None, *, labels: str = "") -> AsyncIterator[Object]:
        """All objects of a kind; a list is not one of the calls that get into trouble."""
        for obj in [copy.deepcopy(obj) for key, obj in self.objects.items() if key.kind == kind]:
            yield obj

    async def list(self, kind: str, namespace: str, *, labels: str = "", fields: str = "") -> list[Object]:
        """Pods by their labels; of another kind those whose spec names this, the value of a path; no Warnings."""

        def effect() -> list[Object]:
            if kind == "Pod":
                wanted = dict(pair.split("=") for pair in labels.split(","))
                return [copy.deepcopy(p) for p in self.pods if wanted.items() <= p["metadata"]["labels"].items()]
            path, _, value = fields.partition("=")
            there: list[Any] = [
                obj for key, obj in self.objects.items() if (key.kind, key.namespace) == (kind, namespace)
            ]
            return [copy.deepcopy(obj) for obj in there if reduce(getitem, path.split("."), obj) == value]

        return await self.outside.call("list", effect)

    async def apply_status(self, resource: Resource, status: Object) -> Object:
        """Replace the status; compares the resourceVersion, and a status as it was bumps nothing."""
        meta, kind = resource.metadata, type(resource).NAMES.kind
        key = Key(kind, meta.namespace, meta.name)

        def effect() -> Object:
            known = self.objects.get(key)
            if known is None:
                raise NotFound(404, "NotFound", f"{key} does not exist")
            if known["metadata"]["resourceVersion"] != meta.resource_version:
                raise Conflict(409, "Conflict", f"{key} has been changed")
            if kind == "ModelPromotion" and (said := unexplained(status)):
                raise Unexplained(said)
            if known["status"] != status:
                self.statuses.append(copy.deepcopy(status))
                self._keep(key, {**copy.deepcopy(known), "status": copy.deepcopy(status)})
            return copy.deepcopy(self.objects[key])

        return await self.outside.call("apply_status", effect)

    async def create(self, obj: Object) -> Object:
        """Create an object: an Event, or a Job, which nobody makes twice."""

        def effect() -> Object:
            if obj["kind"] == "Job":
                return self._made(obj)
            self.events.append(obj["reason"])
            self.announced.append(obj)
            self.event_names.append(f"{obj['metadata']['generateName']}x5v2k")
            return obj

        return await self.outside.call("create", effect)

    async def delete(self, obj: Object) -> Object | None:
        """Delete exactly this object."""
        key = key_of(obj["kind"], obj)

        def effect() -> None:
            there = self.objects.get(key)
            if there is not None and there["metadata"]["uid"] == obj["metadata"]["uid"]:
                self.remove(key)

        await self.outside.call("delete", effect)
        return None

    def _made(self, job: Object) -> Object:
        key = key_of("Job", job)
        if key in self.objects:
            raise Conflict(409, "AlreadyExists", f"{key} exists")
        made = copy.deepcopy(job)
        made["metadata"] |= {"uid": f"job-{self._version + 1}", "creationTimestamp": "2026-01-02T03:04:05Z"}
        self.made.append(key.name)
        self._keep(key, made)
        return copy.deepcopy(self.objects[key])

    def report(self, key: Key, status: Object) -> None:
        """A controller says how an object is."""
        self._keep(key, {**copy.deepcopy(self.objects[key]), "status": status})

    def _keep(self, key: Key, obj: Object) -> None:
        self._version += 1
        obj["metadata"]["resourceVersion"] = str(self._version)
        self.objects[key] = obj
        self.watch(key.kind, copy.deepcopy(obj), False)


class ImpatientQueue(WorkQueue):
    """A queue whose time can be made to pass."""

    def elapse(self) -> None:
        """Every timer is due."""
        for key, timer in list(self._timers.items()):
            timer.cancel()
            self._due(key)

    def seconds(self, key: Key) -> float:
        """When a key is due."""
        return self._timers[key].when() - self._loop.time()

    def later(self) -> set[Key]:
        """The keys that are looked at later."""
        return set(self._timers)
