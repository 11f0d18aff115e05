"""The artifact store of a running server, minute by minute."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.clients.cluster import Cluster
from mlflow_operator.clients.mlflow.registry import Mlflow, Registry
from mlflow_operator.config import Settings
from mlflow_operator.engine.queue import WorkQueue
from mlflow_operator.errors import OperatorError, RegistryRefused, RegistryUnavailable
from mlflow_operator.reconcile.servers.artifacts import look
from mlflow_operator.reconcile.world import World
from mlflow_operator.status.seen import Probe

BUCKET = {"s3": {"bucket": "bucket"}}


class Store:
    """A server with a store behind it, which counts what is written into it."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.writes, self.lists = 0, 0
        self.down = False
        self.folders: set[str] = set()
        self.delete: OperatorError | str = "works"

    async def put_artifact(self, path: str, content: bytes) -> None:
        """Write, once only: as in a bucket that lets nothing be written over."""
        self._up()
        assert path not in self.files
        self.writes += 1
        self.folders.add(path.rpartition("/")[0])
        self.files[path] = content

    async def get_artifact(self, path: str) -> bytes:
        """Read."""
        self._up()
        return self.files[path]

    async def list_artifacts(self, folder: str) -> set[str]:
        """List."""
        self._up()
        self.lists += 1
        self.folders.add(folder)
        return {path.removeprefix(f"{folder}/") for path in self.files}

    async def delete_artifact(self, path: str) -> None:
        """Delete, if the store lets it, or in silence not."""
        self._up()
        if isinstance(self.delete, OperatorError):
            raise self.delete
        if self.delete == "works":
            del self.files[path]

    def _up(self) -> None:
        if self.down:
            raise RegistryUnavailable("RegistryUnavailable", "the store does not answer")


def world() -> World:
    """A process that has just begun."""
    nobody: Any = None
    world = World(
        settings=Settings(),
        cluster=cast("Cluster", nobody),
        mlflow=cast("Mlflow", nobody),
        queue=WorkQueue(lambda _: ()),
        clock=lambda: datetime.now(UTC),
        instance="test",
        now=lambda: 0.0,
    )
    roll_out(world, "1")
    return world


def roll_out(world: World, image: str, *, updated: int = 2) -> None:
    """The pods are exchanged for others, ``updated`` of two so far."""
    metadata = {"name": "ml", "namespace": "team", "uid": "d", "resourceVersion": f"{len(image)}{updated}"}
    status = {"updatedReplicas": updated, "replicas": 2}
    world.store.put(
        "Deployment",
        {"kind": "Deployment", "metadata": metadata, "spec": {"template": {"image": image}}, "status": status},
    )


def server(store: dict[str, Any], **fields: Any) -> MLflowServer:
    """A server with that artifact store."""
    spec = {"backendStore": {"sqlite": {}}, "artifactStore": {**store, **fields}}
    return MLflowServer.parse({"metadata": {"name": "ml", "namespace": "team", "uid": "u"}, "spec": spec})


async def looked(world: World, wanted: MLflowServer, store: Store, times: int = 1) -> Probe | None:
    """What was found at the last of so many looks."""
    found = None
    for _ in range(times):
        found = await look(world, wanted, cast("Registry", store))
    return found


async def test_a_bucket_is_written_once_and_then_read() -> None:
    """Five minutes leave one version, and the condition keeps its words."""
    store, here = Store(), world()
    first = await looked(here, server(BUCKET), store)
    assert await looked(here, server(BUCKET), store, times=4) == first
    assert first == Probe(True, "Writable", "an artifact was written, read and deleted through the server")
    assert (store.writes, store.files) == (1, {})


@pytest.mark.parametrize("verify", ["Write", "Read"])
async def test_where_logins_are_asked_for_the_store_is_tried_below_an_experiment(verify: str) -> None:
    """The operator's user may write there, and nobody but an administrator beside experiments."""
    spec = {"backendStore": {"sqlite": {}}, "artifactStore": {**BUCKET, "verify": verify}, "auth": {"basic": {}}}
    wanted = MLflowServer.parse({"metadata": {"name": "ml", "namespace": "team", "uid": "u"}, "spec": spec})
    store = Store()
    await looked(world(), wanted, store, times=2)
    assert store.folders == {"0/.mlflow-operator"}
    store = Store()
    await looked(world(), server(BUCKET, verify=verify), store, times=2)
    assert store.folders == {".mlflow-operator"}


async def test_a_rollout_is_followed_by_a_write() -> None:
    """New pods may have other credentials; those that came last have to be tried as well."""
    store, here = Store(), world()
    await looked(here, server(BUCKET), store)
    roll_out(here, "22", updated=1)
    await looked(here, server(BUCKET), store, times=3)
    assert store.writes == 2
    roll_out(here, "22", updated=2)
    await looked(here, server(BUCKET), store, times=3)
    assert store.writes == 3


async def test_doubt_is_followed_by_a_write() -> None:
    """A look that failed is not made good by a list."""
    store, here = Store(), world()
    await looked(here, server(BUCKET), store)
    store.down = True
    assert await looked(here, server(BUCKET), store) == Probe(False, "RegistryUnavailable", "the store does not answer")
    store.down = False
    found = await looked(here, server(BUCKET), store)
    assert (found and found.ok, store.writes) == (True, 2)


async def test_a_volume_is_written_each_minute() -> None:
    """Nothing stays of it, and a full disk is found by writing only."""
    store = Store()
    await looked(world_ := world(), server({"persistentVolume": {}}), store, times=3)
    assert world_.written
    assert (store.writes, store.files) == (3, {})


@pytest.mark.parametrize("delete", [RegistryRefused("AccessDenied", "no right to delete"), "in silence not"])
async def test_who_may_not_delete_is_told_and_served(delete: OperatorError | str) -> None:
    """MLflow needs no right to delete; whether the store says so or keeps the artifact in silence."""
    store, here = Store(), world()
    store.delete = delete
    found = await looked(here, server(BUCKET), store, times=3)
    assert found is not None
    assert (found.ok, found.reason, store.writes) == (True, "Writable", 1)
    assert "could not be deleted" in found.message


async def test_nothing_is_written_where_only_reading_is_wished() -> None:
    """verify: Read."""
    store = Store()
    found = await looked(world(), server(BUCKET, verify="Read"), store, times=3)
    assert found is not None
    assert (found.ok, found.reason, store.writes, store.lists) == (True, "Readable", 0, 3)


async def test_nothing_is_tried_where_nothing_is_wished() -> None:
    """verify: None."""
    store = Store()
    assert await looked(world(), server(BUCKET, verify="None"), store, times=3) is None
    assert (store.writes, store.lists) == (0, 0)
