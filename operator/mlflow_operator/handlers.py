"""The wiring of kopf: it lists, watches and logs in; every event goes to the store and the queue, and nothing else.

Only ``on.event``: kopf's other handlers are triggered by edges, and write annotations and finalizers.
"""

import asyncio
import os
import signal
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import kopf

from mlflow_operator import endpoints
from mlflow_operator.api.crd import LABEL, OURS
from mlflow_operator.clients.cluster import Cluster
from mlflow_operator.clients.kinds import CHILDREN, DECISIONS, KINDS, REFERENCED, own_of
from mlflow_operator.clients.mlflow.registry import Mlflow
from mlflow_operator.clients.webhooks.calls import Webhooks
from mlflow_operator.config import Settings
from mlflow_operator.engine.leader import Alone, Election
from mlflow_operator.engine.lists import Lists
from mlflow_operator.engine.queue import WorkQueue
from mlflow_operator.engine.store import Store
from mlflow_operator.engine.workers import Workers
from mlflow_operator.reconcile import events
from mlflow_operator.reconcile.lanes import lanes_of
from mlflow_operator.reconcile.objects import INDEXES, said
from mlflow_operator.reconcile.process import MANAGED, begin, lists_of, workers_of
from mlflow_operator.reconcile.world import World

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TOKEN_AGE = timedelta(minutes=10)
"""Projected tokens are renewed on disk long before they expire; this is how often the file is read again."""
_SPAWNING = 0.1
"""Seconds until kopf has set its own signal handlers, one turn of the loop after it began to start."""
_CHUNK = 500
"""Objects that kopf lists at a time: parsed, they take several times the room of what is kept of them."""
_IDLE = 0.5
"""Seconds for which kopf keeps a task, and the object that it was about, after an event; it makes another one then."""
_GRACE = 20.0
"""Seconds for the passes under way when the process is told to stop; pods get 30."""


async def run(settings: Settings) -> None:
    """Run the operator until SIGTERM or SIGINT; raises when a watch has died, so that the pod is restarted."""
    stop, listed = asyncio.Event(), asyncio.Event()
    watching, unwatch = asyncio.Event(), asyncio.Event()
    _stop_on_signals(stop)
    async with _world(settings) as (world, election):
        lists = lists_of(world)
        workers = workers_of(world, lists)
        runner = await endpoints.serve(
            settings.http_host,
            settings.http_port,
            lambda: workers.ailment() or lists.ailment(),
            lambda: watching.is_set() and listed.is_set(),
        )
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(_list(lists, listed, settings.relist), name="lists"),
                    group.create_task(_work(world, workers, election, listed), name="work"),
                ]
                group.create_task(_watch(world, lists, watching, unwatch, stop), name="watches")
                await stop.wait()
                for task in tasks:
                    task.cancel()
                # kopf comes last: when it ends, it takes every task for its own, and cancels those that go on.
                await asyncio.wait(tasks)
                unwatch.set()
        finally:
            await runner.cleanup()


async def _list(lists: Lists, listed: asyncio.Event, every: float) -> None:
    await lists.first()
    listed.set()
    await lists.keep_up(every)


async def _work(world: World, workers: Workers, election: Election | Alone, listed: asyncio.Event) -> None:
    """Run passes whenever this process leads, from the time when nothing is taken for missing any more."""
    await listed.wait()
    async with asyncio.TaskGroup() as group:
        election_ = group.create_task(election.run())
        try:
            while True:
                await election.won()
                begin(world)
                workers.start()
                await election.lost()
                await workers.stop(0)  # they can write no more
        finally:  # the Lease is renewed until the last pass has ended
            await workers.stop(_GRACE)
            election_.cancel()
            await asyncio.wait([election_])
            await election.give_back()


def _stop_on_signals(stop: asyncio.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)


async def _watch(
    world: World, lists: Lists, watching: asyncio.Event, unwatch: asyncio.Event, stop: asyncio.Event
) -> None:
    """Let kopf list and watch until it is told to end; raises when a watch has died."""
    namespaces = world.settings.namespaces
    registry = _registry(world, lists)

    @kopf.on.startup(registry=registry)
    async def take_signals_back(**_: Any) -> None:
        """Take the signals from kopf, which would end the watches seconds before the passes hear of it."""
        await asyncio.sleep(_SPAWNING)
        _stop_on_signals(stop)

    await kopf.operator(
        registry=registry,
        settings=_kopf_settings(),
        # kopf would ask for the name of the user, and the user id of a container has none. It does not export the type.
        identity=world.instance,  # type: ignore[arg-type]
        standalone=True,
        namespaces=namespaces,
        clusterwide=not namespaces,
        ready_flag=watching,
        stop_flag=unwatch,
    )
    stop.set()


@asynccontextmanager
async def _world(settings: Settings) -> AsyncIterator[tuple[World, Election | Alone]]:
    async with AsyncExitStack() as stack:
        cluster = await Cluster.connect()
        stack.push_async_callback(cluster.close)
        me = socket.gethostname()
        election = Election(cluster, settings.lease, f"{me}_{uuid.uuid4()}") if settings.lease else Alone()
        mlflow = await stack.enter_async_context(Mlflow(guard=election.check, hosts=settings.external_hosts))
        webhooks = await stack.enter_async_context(Webhooks(guard=election.check, hosts=settings.external_hosts))
        store = Store(INDEXES, said)
        world = World(
            settings=settings,
            cluster=cluster.guarded(election.check),
            mlflow=mlflow,
            queue=WorkQueue(lanes_of(store, settings)),
            clock=lambda: datetime.now(UTC),
            instance=me,
            store=store,
            webhooks=webhooks,
        )
        yield world, election


def _registry(world: World, lists: Lists) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()
    kopf.on.login(registry=registry)(_login)

    def listen(kind: str, **selector: Any) -> None:
        place = KINDS[kind]

        @kopf.on.event(place.group, place.version, place.plural, registry=registry, id=f"on-{place.plural}", **selector)
        async def on_event(event: kopf.RawEvent, **_: Any) -> None:
            obj: dict[str, Any] = dict(event["object"])
            lists.heard(kind, obj["metadata"].get("namespace", ""))
            events.seen(world, kind, obj, deleted=event["type"] == "DELETED")

    for kind in (*own_of(world.settings.policies), *DECISIONS, *CHILDREN, *REFERENCED):
        listen(kind)
    return registry


def _kopf_settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.peering.standalone = True
    settings.persistence.consistency_timeout = 0
    settings.persistence.diffbase_storage = _NothingRemembered()
    settings.persistence.progress_storage = _NoProgress()
    settings.watching.chunk_size = _CHUNK
    settings.queueing.idle_timeout = _IDLE
    # The longest wait is 5 s: with kopf's own backoffs it comes back up to 21 s after the API server does.
    settings.networking.error_backoffs = [1, 1, 2, 3, 5, 5, 5, 5, 5]
    for kind in CHILDREN:
        place = KINDS[kind]
        settings.watching.label_selectors[place.group, place.version, place.plural] = MANAGED
    # kopf scans the group of every CRD that changes, and ends the process where a foreign group cannot be scanned.
    settings.watching.label_selectors["apiextensions.k8s.io", "v1", "customresourcedefinitions"] = f"{LABEL}={OURS}"
    # Helm keeps whole releases in Secrets, megabytes each; nobody refers to those.
    settings.watching.field_selectors["", "v1", "secrets"] = "type!=helm.sh/release.v1"
    return settings


def _login(**kwargs: Any) -> kopf.ConnectionInfo | None:
    """The pod's own account by IP address, since kopf's login needs cluster DNS; else the kubeconfig."""
    if not (_ACCOUNT / "token").exists():
        return kopf.login_with_kubeconfig(**kwargs)
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    return kopf.ConnectionInfo(
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        ca_path=str(_ACCOUNT / "ca.crt"),
        token=(_ACCOUNT / "token").read_text().strip(),
        expiration=datetime.now(UTC) + _TOKEN_AGE,
    )


class _NothingRemembered(kopf.DiffBaseStorage):
    """kopf would copy and compare every object; event handlers need none of it."""

    def build(self, **_: Any) -> Any:
        return {}

    def fetch(self, **_: Any) -> Any:
        return None

    def store(self, **_: Any) -> None:
        return None


class _NoProgress(kopf.ProgressStorage):
    """Event handlers make no progress that would have to be stored."""

    def fetch(self, **_: Any) -> Any:
        return None

    def store(self, **_: Any) -> None:
        return None

    def purge(self, **_: Any) -> None:
        return None

    def touch(self, **_: Any) -> None:
        return None

    def clear(self, *, essence: Any) -> Any:
        return essence
