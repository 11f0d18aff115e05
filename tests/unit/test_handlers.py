"""What an event does: the store follows, those whom it concerns are woken, and nobody else."""

import json
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from aiohttp import ClientSession

from cluster.host import ports
from mlflow_operator import endpoints
from mlflow_operator.api import crd
from mlflow_operator.clients.cluster import Cluster
from mlflow_operator.clients.kinds import CHILDREN
from mlflow_operator.clients.mlflow.registry import Mlflow
from mlflow_operator.config import Settings
from mlflow_operator.engine.queue import Key, WorkQueue
from mlflow_operator.handlers import _kopf_settings
from mlflow_operator.reconcile.events import seen
from mlflow_operator.reconcile.objects import PROMOTION, SERVER
from mlflow_operator.reconcile.world import World

CLAIM, SERVER_KEY = Key(PROMOTION, "team", "fraud"), Key(SERVER, "team", "mlflow")
_MANAGED = {"app.kubernetes.io/managed-by": "mlflow-operator", "app.kubernetes.io/instance": "mlflow"}


@pytest.fixture
async def world() -> World:
    """A world that has seen nothing yet."""
    return World(
        settings=Settings(),
        cluster=cast("Cluster", None),
        mlflow=Mlflow(),
        queue=WorkQueue(),
        clock=lambda: datetime.now(UTC),
        instance="test",
    )


def thing(name: str, version: int, **parts: Any) -> dict[str, Any]:
    """An object as a watch brings it."""
    metadata = {"name": name, "namespace": "team", "uid": "u", "resourceVersion": str(version)}
    return {"metadata": {**metadata, **parts.pop("metadata", {})}, **parts}


def claim(version: int, **parts: Any) -> dict[str, Any]:
    """A claim as a watch brings it."""
    spec = {"serverRef": {"name": "mlflow"}, "model": "fraud", "target": {"stage": "Production"}, "version": 7}
    return thing("fraud", version, spec=spec, **parts)


async def woken(world: World) -> set[Key]:
    """The keys that have been queued since."""
    found = set()
    while world.queue.depth():
        found.add(key := await world.queue.get())
        world.queue.done(key)
    return found


async def test_a_new_object_is_kept_and_woken(world: World) -> None:
    """ADDED, MODIFIED and what a list brings are the same: it is there, and newer."""
    seen(world, PROMOTION, claim(1), deleted=False)
    assert (await woken(world), world.store.keys(PROMOTION)) == ({CLAIM}, [CLAIM])


@pytest.mark.parametrize("version", [4, 5], ids=["older", "same"])
async def test_what_is_known_wakes_nobody(world: World, version: int) -> None:
    """A relist after an outage brings everything again, and a watch what the operator has written itself."""
    seen(world, PROMOTION, claim(5), deleted=False)
    await woken(world)
    seen(world, PROMOTION, claim(version), deleted=False)
    assert await woken(world) == set()


async def test_a_deleted_object_is_dropped_and_woken(world: World) -> None:
    """The last pass over it cleans up what is known of it."""
    seen(world, PROMOTION, claim(1), deleted=False)
    await woken(world)
    seen(world, PROMOTION, claim(2), deleted=True)
    assert (await woken(world), world.store.keys(PROMOTION)) == ({CLAIM}, [])


@pytest.mark.parametrize("deleted", [False, True], ids=["changed", "deleted"])
@pytest.mark.parametrize("kind", CHILDREN)
async def test_a_child_wakes_its_server(world: World, kind: str, deleted: bool) -> None:
    """A Deployment that becomes ready, or that somebody deletes, is the server's business."""
    seen(world, kind, thing("web", 1, metadata={"labels": _MANAGED}), deleted=False)
    await woken(world)
    seen(world, kind, thing("web", 2, metadata={"labels": _MANAGED}), deleted=deleted)
    assert await woken(world) == {SERVER_KEY}


async def test_what_others_manage_wakes_nobody(world: World) -> None:
    """A Deployment without the operator's label is none of its business."""
    seen(world, "Deployment", thing("web", 1), deleted=False)
    assert await woken(world) == set()


@pytest.mark.parametrize("deleted", [False, True], ids=["changed", "deleted"])
@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
async def test_a_secret_wakes_those_who_refer_to_it_and_is_not_kept(world: World, kind: str, deleted: bool) -> None:
    """A rotated password is a reason for a pass, which reads it; nothing of it stays in memory."""
    world.store.set_references(SERVER_KEY, {Key(kind, "team", "s3")})
    seen(world, kind, thing("s3", 1, data={"password": "czNjcmV0"}), deleted=deleted)
    assert await woken(world) == {SERVER_KEY}
    seen(world, kind, thing("other", 2, data={"password": "czNjcmV0"}), deleted=deleted)
    assert await woken(world) == set()
    assert (world.store.keys(kind), "czNjcmV0" in repr(vars(world.store))) == ([], False)


async def test_the_bookkeeping_of_field_managers_is_not_kept(world: World) -> None:
    """What is often the larger half of an object is left out."""
    seen(world, PROMOTION, claim(1, metadata={"managedFields": [{"manager": "kubectl"}]}), deleted=False)
    assert "managedFields" not in json.dumps(world.store.get(PROMOTION, "team", "fraud"))


async def test_its_own_status_wakes_nobody(world: World) -> None:
    """An operator that is woken by what it writes never comes to rest when a write fails again and again."""
    seen(world, PROMOTION, claim(1, status={"phase": "Promoting"}), deleted=False)
    await woken(world)
    seen(world, PROMOTION, claim(2, status={"phase": "Waiting"}), deleted=False)
    assert await woken(world) == set()
    kept = world.store.get(PROMOTION, "team", "fraud")
    assert kept is not None
    assert kept["metadata"]["resourceVersion"] == "2"


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"generation": 2}},
        {"metadata": {"annotations": {"mlflow.talentflow.ai/reassert": "1"}}},
        {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}},
        {"metadata": {"uid": "another"}},
        {"metadata": {"labels": {"team": "risk"}}},
    ],
    ids=["spec", "annotation", "deletion", "recreation", "label"],
)
async def test_every_other_change_wakes(world: World, change: dict[str, Any]) -> None:
    """A wish may be in the spec or in an annotation, and an heir has no status yet."""
    seen(world, PROMOTION, claim(1), deleted=False)
    await woken(world)
    seen(world, PROMOTION, claim(2, **change), deleted=False)
    assert await woken(world) == {CLAIM}


def test_kopf_writes_nothing_and_watches_only_what_is_managed() -> None:
    """No Events, no peering, no annotations; children are selected by the API server, and Helm's Secrets left out."""
    settings = _kopf_settings()
    assert (settings.posting.enabled, settings.peering.standalone) == (False, True)
    selectors = list(settings.watching.label_selectors.values())
    assert selectors.count("app.kubernetes.io/managed-by=mlflow-operator") == len(CHILDREN) == len(selectors) - 1
    assert settings.watching.field_selectors["", "v1", "secrets"] == "type!=helm.sh/release.v1"


def test_foreign_crds_are_none_of_its_business() -> None:
    """Only CRDs with the label of ours are watched: an API group of somebody else's that is broken ends nothing."""
    selector = _kopf_settings().watching.label_selectors["apiextensions.k8s.io", "v1", "customresourcedefinitions"]
    for kind in crd.KINDS:
        labels = crd.build(kind)["metadata"]["labels"]
        assert selector in {f"{name}={value}" for name, value in labels.items()}


@pytest.mark.parametrize("port", [0, 18742], ids=["none", "some"])
async def test_port_0_is_no_port(world: World, port: int) -> None:
    """Whoever does not want the endpoints gets none, not one on a port of the kernel's choice."""
    runner = await endpoints.serve("127.0.0.1", port, lambda: None, lambda: True)
    try:
        assert [address[1] for address in runner.addresses] == ([port] if port else [])
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(("wrong", "ready"), [(None, True), (None, False), ("a task has ended", True)])
async def test_health_and_readiness_say_what_is(wrong: str | None, ready: bool) -> None:
    """A restart that would help is asked for by name, and nobody is sent to a process that is not watching yet."""
    port = ports.free(1)[0]
    runner = await endpoints.serve("127.0.0.1", port, lambda: wrong, lambda: ready)
    try:
        async with ClientSession(f"http://127.0.0.1:{port}") as session:
            async with session.get("/healthz") as health:
                assert (health.status, await health.text()) == ((500, wrong) if wrong else (200, "ok"))
            async with session.get("/readyz") as readiness:
                assert readiness.status == (200 if ready else 503)
    finally:
        await runner.cleanup()


async def test_the_endpoints_answer_on_ipv4_and_ipv6() -> None:
    """A cluster may have either: without a host it is every address of both."""
    port = ports.free(1)[0]
    runner = await endpoints.serve("", port, lambda: None, lambda: True)
    try:
        async with ClientSession() as session:
            for host in ("127.0.0.1", "[::1]"):
                async with session.get(f"http://{host}:{port}/healthz") as answer:
                    assert await answer.text() == "ok"
    finally:
        await runner.cleanup()
