"""What a pass over a server applies, leaves, deletes and reports, on an API server in memory."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from mlflow_operator.api.mlflowserver import MLflowServer, MLflowServerStatus
from mlflow_operator.clients.cluster import Cluster
from mlflow_operator.errors import (
    ApiError,
    ClusterUnavailable,
    Conflict,
    OperatorError,
    Terminal,
    Unavailable,
    Waiting,
)
from mlflow_operator.reconcile import events
from mlflow_operator.reconcile.servers import children
from mlflow_operator.reconcile.servers.children import Brought
from mlflow_operator.reconcile.servers.preparation import report
from mlflow_operator.reconcile.world import World
from unit.reconcile.servers.test_artifacts import world as new_world

Object = dict[str, Any]
Name = tuple[str, str]

MANAGED: Object = {"backendStore": {"managed": {}}, "artifactStore": {"managed": {}}}
SQLITE: Object = {"backendStore": {"sqlite": {}}, "artifactStore": {"persistentVolume": {}}}
GOOD = '{"parts": [{"name": "database", "ok": true, "reason": "Migrated", "message": "m", "revision": "abc"}]}'
FORBIDDEN = ApiError(403, "Forbidden", "exceeded quota: small")
INVALID = ApiError(422, "Invalid", "spec.replicas: must not be negative")
SILENCE = ClusterUnavailable("ClusterUnavailable", "no answer")


@dataclass
class Api:
    """Keeps what is applied, and tells the watch of it."""

    objects: dict[Name, Object] = field(default_factory=dict)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    refuses: dict[Name, OperatorError] = field(default_factory=dict)
    """By kind and name, what an apply or a dry run raises."""
    admits: Callable[[Object], Object] = field(default=lambda obj: obj)
    """What admission makes of an object."""
    pods: list[Object] = field(default_factory=list)
    watch: Callable[[str, Object, bool], None] = field(default=lambda *_: None)
    version: int = 0

    def keep(self, obj: Object) -> Object:
        """As the API server has it afterwards; the same again changes nothing."""
        key = (obj["kind"], obj["metadata"]["name"])
        known = self.objects.get(key, {})
        meta = {**obj["metadata"], "uid": known.get("metadata", {}).get("uid", f"uid-{key}")}
        made: Object = {**{k: v for k, v in known.items() if k == "status"}, **obj, "metadata": meta}
        before = {**known, "metadata": {k: v for k, v in known.get("metadata", {}).items() if k != "resourceVersion"}}
        if before != made:
            self.version += 1
        version = str(self.version) if before != made else known["metadata"]["resourceVersion"]
        self.objects[key] = {**made, "metadata": {**meta, "resourceVersion": version}}
        self.watch(obj["kind"], copy.deepcopy(self.objects[key]), False)
        return copy.deepcopy(self.objects[key])

    def _called(self, verb: str, obj: Object) -> Name:
        key = (obj["kind"], obj["metadata"]["name"])
        self.calls.append((verb, *key))
        if key in self.refuses:
            raise self.refuses[key]
        return key

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object."""
        return copy.deepcopy(self.objects.get((kind, name)))

    async def apply(self, obj: Object) -> Object:
        """Apply it, if it is let in."""
        self._called("apply", obj)
        return self.keep(self.admits(copy.deepcopy(obj)))

    async def try_out(self, obj: Object) -> None:
        """A dry run."""
        self._called("try", obj)

    async def create(self, obj: Object) -> Object:
        """Create it, unless somebody was faster."""
        if self._called("create", obj) in self.objects:
            raise Conflict(409, "AlreadyExists", "it exists")
        return self.keep(obj)

    async def delete(self, obj: Object) -> None:
        """Delete it, and its pods."""
        gone = self.objects.pop(self._called("delete", obj))
        if obj["kind"] == "Job":
            self.pods.clear()
        self.watch(obj["kind"], gone, True)

    def applied(self) -> list[Name]:
        """What was applied since somebody last asked, in order."""
        found = [(kind, name) for verb, kind, name in self.calls if verb == "apply"]
        self.calls.clear()
        return found

    async def list(self, kind: str, namespace: str, *, labels: str = "", fields: str = "") -> list[Object]:
        """The pods."""
        return copy.deepcopy(self.pods)


class Bench:
    """A server, and passes over it."""

    def __init__(self, spec: Object) -> None:
        self.api, self.spec, self.status = Api(), spec, MLflowServerStatus()
        self.world: World = new_world()
        self.world.cluster = cast("Cluster", self.api)
        self.world.clock = lambda: datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.api.watch = lambda kind, obj, deleted: events.seen(self.world, kind, obj, deleted=deleted)

    @property
    def server(self) -> MLflowServer:
        """As it is now."""
        metadata = {"name": "mlflow", "namespace": "team", "uid": "5ba7", "generation": 1}
        return MLflowServer.parse({"metadata": metadata, "spec": self.spec}).model_copy(update={"status": self.status})

    def remember(self, **facts: Any) -> None:
        """Have something in the status."""
        self.status = self.status.model_copy(update=facts)

    async def bring(self) -> Brought:
        """One pass, as far as objects are concerned."""
        found = await children.referenced(self.world, self.server)
        return await children.bring(self.world, self.server, found)

    def job(self) -> Object:
        """The one preparation."""
        (found,) = (obj for (kind, _), obj in self.api.objects.items() if kind == "Job")
        return found

    def run(self, *containers: Object) -> None:
        """Give the preparation a pod with containers in some states."""
        meta = {"name": "p", "labels": {"batch.kubernetes.io/job-name": self.job()["metadata"]["name"]}}
        self.api.pods = [{"metadata": meta, "status": {"phase": "Running", "containerStatuses": list(containers)}}]

    def succeed(self) -> None:
        """The preparation has come to its end."""
        self.run(ended())
        done = {"conditions": [{"type": "Complete", "status": "True"}]}
        self.api.keep({**self.job(), "status": done})

    async def serve(self) -> None:
        """Bring it to its Deployment."""
        await self.bring()
        self.succeed()
        brought = await self.bring()
        assert ("Deployment", "mlflow") in self.api.objects, brought.errors
        self.remember(prepared=brought.wanted.stores)
        self.api.calls.clear()


def ended(code: int = 0) -> Object:
    """The preparation's container, after its end."""
    return {
        "name": "prepare",
        "state": {"terminated": {"exitCode": code, "message": GOOD, "finishedAt": "2026-01-01T00:00:00Z"}},
    }


def running(name: str = "prepare") -> Object:
    """A container at work."""
    return {"name": name, "state": {"running": {}}}


def foreign(kind: str, name: str, owner: Object | None = None) -> Object:
    """An object that is not the server's."""
    owners = [{"kind": "MLflowServer", "controller": True, **owner}] if owner else []
    metadata = {"name": name, "namespace": "team", "ownerReferences": owners}
    return {"kind": kind, "apiVersion": "v1", "metadata": metadata, "spec": {}}


def reasons(brought: Brought) -> list[str]:
    """Why something is not as it should be."""
    return [error.reason for error in brought.errors]


async def test_everything_comes_in_an_order_in_which_it_can_start_and_is_then_left_alone() -> None:
    """Account and volumes before who uses them, the preparation before the Deployment; a pass more writes nothing."""
    bench = Bench(SQLITE)
    assert (await bench.bring()).errors == ()
    kinds = [kind for kind, _ in bench.api.applied()]
    assert kinds == ["ServiceAccount", "PersistentVolumeClaim", "PersistentVolumeClaim", "Service", "Job"]
    bench.succeed()
    await bench.bring()
    assert bench.api.applied() == [("Deployment", "mlflow")]
    await bench.bring()
    assert bench.api.calls == []


async def test_what_was_prepared_before_is_forgotten_before_another_preparation_begins() -> None:
    """In the status first: whoever finds the new Job must not find the old memory beside it."""
    bench = Bench(SQLITE)
    bench.remember(prepared="something else")
    assert (await bench.bring()).begins
    assert "Job" not in [kind for kind, _ in bench.api.applied()]
    bench.remember(prepared=None)
    assert (await bench.bring()).begins
    assert [kind for kind, _ in bench.api.applied()] == ["Job"]


@pytest.mark.parametrize(("refused", "reason"), [(FORBIDDEN, "ChildForbidden"), (INVALID, "ChildInvalid")])
async def test_what_is_refused_stops_only_what_needs_it(refused: ApiError, reason: str) -> None:
    """Pods are not started without their account; Service and managed stores are there all the same."""
    bench = Bench(MANAGED)
    bench.api.refuses["ServiceAccount", "mlflow"] = refused
    brought = await bench.bring()
    assert reasons(brought) == [reason]
    assert refused.message in brought.errors[0].message
    assert {kind for kind, _ in bench.api.objects} == {"Secret", "PersistentVolumeClaim", "Service", "StatefulSet"}


async def test_an_object_that_is_there_and_cannot_be_changed_stops_nobody() -> None:
    """A claim that may not grow is reported; the preparation that mounts it runs."""
    bench = Bench(SQLITE)
    await bench.bring()
    bench.spec = {**SQLITE, "backendStore": {"sqlite": {"size": "9Gi"}}, "env": [{"name": "A", "value": "1"}]}
    bench.api.refuses["PersistentVolumeClaim", "mlflow-database"] = FORBIDDEN
    bench.api.calls.clear()
    for _ in range(2):
        brought = await bench.bring()
    assert reasons(brought) == ["ChildForbidden"]
    assert "Job" in [kind for kind, _ in bench.api.applied()]


async def test_what_comes_after_the_preparation_is_tried_before_it() -> None:
    """A Deployment that would be refused leaves the database as it is."""
    bench = Bench(SQLITE)
    bench.api.refuses["Deployment", "mlflow"] = INVALID
    brought = await bench.bring()
    assert reasons(brought) == ["ChildInvalid"]
    assert "the stores are left as they are" in brought.errors[0].message
    assert not brought.begins
    assert "Job" not in [kind for kind, _ in bench.api.applied()]


async def test_a_lost_claim_is_not_made_anew() -> None:
    """Known from the status: an empty one would look like a new server."""
    bench = Bench(SQLITE)
    assert (await bench.bring()).volumes == ("mlflow-artifacts", "mlflow-database")
    bench.remember(volumes=["mlflow-artifacts", "mlflow-database"])
    lost = bench.api.objects.pop(("PersistentVolumeClaim", "mlflow-database"))
    events.seen(bench.world, "PersistentVolumeClaim", lost, deleted=True)
    brought = await bench.bring()
    assert reasons(brought) == ["DataMissing"]
    assert brought.volumes == ("mlflow-artifacts", "mlflow-database")
    assert ("PersistentVolumeClaim", "mlflow-database") not in bench.api.objects


async def test_a_lost_password_is_not_drawn_anew_while_its_data_are_there() -> None:
    """Another one opens nothing; without data it is drawn."""
    bench = Bench(MANAGED)
    await bench.bring()
    password = bench.api.objects.pop(("Secret", "mlflow-postgres"))
    assert reasons(await bench.bring()) == ["CredentialsLost"]
    assert ("Secret", "mlflow-postgres") not in bench.api.objects
    bench.api.keep(password)
    assert reasons(await bench.bring()) == []
    fresh = Bench(MANAGED)
    assert reasons(await fresh.bring()) == []
    assert ("Secret", "mlflow-postgres") in fresh.api.objects


@pytest.mark.parametrize(
    ("there", "reason", "told"),
    [
        (foreign("Service", "mlflow"), "ChildConflict", "somebody else"),
        (foreign("Service", "mlflow", {"name": "other", "uid": "7"}), "ChildConflict", "MLflowServer other"),
        (
            foreign("Service", "mlflow", {"name": "mlflow", "uid": "before"}),
            "PredecessorLeaving",
            "deleted MLflowServer",
        ),
    ],
)
async def test_what_belongs_to_somebody_else_is_not_touched(there: Object, reason: str, told: str) -> None:
    """It is named, with whose it is; all else comes."""
    bench = Bench(SQLITE)
    bench.api.keep(there)
    brought = await bench.bring()
    assert reasons(brought) == [reason]
    assert told in brought.errors[0].message
    assert ("Service", "mlflow") not in bench.api.applied()
    assert brought.begins


async def test_what_admission_changes_back_is_applied_once() -> None:
    """Until the spec or the object changes."""
    bench = Bench(SQLITE)
    bench.api.admits = lambda obj: {**obj, "spec": {**obj["spec"], "type": "NodePort"}} if is_service(obj) else obj
    for _ in range(2):
        await bench.bring()
    bench.api.calls.clear()
    await bench.bring()
    assert bench.api.calls == []
    bench.spec = {**SQLITE, "service": {"port": 80}}
    await bench.bring()
    assert bench.api.applied() == [("Service", "mlflow")]


def is_service(obj: Object) -> bool:
    """Whether a policy for Services is about it."""
    return bool(obj["kind"] == "Service")


async def test_where_nobody_answers_the_pass_ends() -> None:
    """One silence may be chance; a second one means that nobody is there."""
    bench = Bench(SQLITE)
    bench.api.refuses["Service", "mlflow"] = SILENCE
    assert reasons(await bench.bring()) == ["ClusterUnavailable"]
    bench.api.refuses["ServiceAccount", "mlflow"] = SILENCE
    bench.api.objects.clear()
    bench.world.store = new_world().store
    with pytest.raises(Unavailable):
        await bench.bring()


async def test_a_preparation_at_work_is_let_finish() -> None:
    """Whatever the spec says meanwhile: it may be migrating. The wait says for which Job."""
    bench = Bench(SQLITE)
    await bench.bring()
    bench.run(running())
    bench.spec = {**SQLITE, "env": [{"name": "A", "value": "1"}]}
    brought = await bench.bring()
    assert reasons(brought) == ["PredecessorRunning"]
    assert bench.job()["metadata"]["name"] in brought.errors[0].message
    bench.run({"name": "prepare", "state": {"waiting": {}}})
    await bench.bring()
    assert ("Deployment", "mlflow") not in bench.api.objects
    assert [verb for verb, kind, _ in bench.api.calls if kind == "Job"][-1] == "delete"


async def test_a_report_is_read_before_its_job_goes() -> None:
    """A sidecar that goes on would hold the volumes, so the Job is deleted, and what it said is known."""
    bench = Bench(SQLITE)
    await bench.bring()
    bench.run(ended(), running("proxy"))
    brought = await bench.bring()
    assert ("Deployment", "mlflow") in bench.api.objects
    assert bench.api.pods == []
    found = await report(bench.world, bench.server, brought.wanted, brought.there)
    assert found is not None
    assert found.database.revision == "abc"


async def test_what_the_spec_does_not_ask_for_goes_when_the_server_has_moved() -> None:
    """A managed store runs until another database was prepared; volumes, Secrets and what is not the server's stay."""
    bench = Bench(MANAGED)
    await bench.serve()
    bench.api.keep(foreign("StatefulSet", "others", {"name": "other", "uid": "7"}))
    bench.spec = {**MANAGED, "backendStore": {"sqlite": {}}}
    bench.remember(prepared=None)
    await bench.bring()
    assert ("StatefulSet", "mlflow-postgres") in bench.api.objects
    bench.succeed()
    await bench.bring()
    left = set(bench.api.objects)
    assert not {("StatefulSet", "mlflow-postgres"), ("Service", "mlflow-postgres")} & left
    kept = {("PersistentVolumeClaim", "mlflow-postgres"), ("Secret", "mlflow-postgres"), ("StatefulSet", "others")}
    assert kept <= left


async def test_what_is_missing_of_the_users_is_named() -> None:
    """The Secret, and then its key."""
    bench = Bench({**SQLITE, "backendStore": {"uriSecretRef": {"name": "db", "key": "uri"}}})
    with pytest.raises(Waiting, match="Secret db does not exist in namespace team") as missing:
        children.check(bench.server, {})
    assert missing.value.reason == "SecretNotFound"
    with pytest.raises(Waiting, match="has no key uri") as lacking:
        children.check(bench.server, {("Secret", "db"): {"data": {"other": "eA=="}}})
    assert lacking.value.reason == "SecretKeyNotFound"
    children.check(bench.server, {("Secret", "db"): {"data": {"uri": "eA=="}}})


def test_the_worst_is_reported() -> None:
    """First what only a person can mend, then what may pass, then a refusal, then silence."""
    terminal, waiting = Terminal("ChildConflict", "m"), Waiting("ChildForbidden", "m")
    order: list[OperatorError] = [terminal, waiting, FORBIDDEN, SILENCE]
    for number in range(4):
        assert children.worst(reversed(order[number:])) is order[number]
    assert children.worst([]) is None
