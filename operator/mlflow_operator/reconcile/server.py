"""One pass over an MLflowServer: bring what it consists of, look whether it works, say so."""

from collections.abc import Awaitable
from dataclasses import replace

from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import Desired, names
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Object
from mlflow_operator.errors import Conflict, NotFound, OperatorError, Terminal, Unreadable
from mlflow_operator.reconcile import children, objects, probe, telemetry
from mlflow_operator.reconcile.access import access, serves
from mlflow_operator.reconcile.artifacts import look
from mlflow_operator.reconcile.preparation import report
from mlflow_operator.reconcile.publish import publish, publish_unreadable
from mlflow_operator.reconcile.world import World
from mlflow_operator.status.conditions import READY
from mlflow_operator.status.server import Probe, Rollout, Seen, compute

_SOON = 3.0
"""Seconds until a server is asked again that should answer by now."""


async def reconcile(world: World, key: Key) -> float | None:
    """Bring one server to its spec; the seconds to rest, or None where there is nothing to come back to.

    Raises:
        OperatorError: As ``status.conditions.of_error`` reads it; the status says so already.
    """
    try:
        server = objects.server(world.store, key.namespace, key.name)
    except Unreadable as unreadable:
        await publish_unreadable(world, unreadable)
        raise
    if server is None:
        _forget(world, key)
        return None
    wanted, error = await _bring(world, server)
    try:
        seen = await _observe(world, server, wanted, error)
    except Exception as unforeseen:  # what is known stays known, and the status says that nobody could look
        seen, error = Seen(), error or unforeseen
    after = await publish(world, server, compute(server, seen, error, world.clock()))
    if serves(after):
        _wake_claims(world, key, only_waiting=serves(server))
    if error:
        raise error
    return world.settings.server_probe if _is_calm(after, seen) else min(_SOON, world.settings.server_probe)


async def _bring(world: World, server: MLflowServer) -> tuple[Desired | None, Exception | None]:
    """What should exist, brought as far as possible; and what was in the way."""
    wanted = None
    try:
        found = await children.referenced(world, server)
        if server.spec.external is None and not server.spec.suspend:
            wanted = await children.bring(world, server, found)
        children.check(server, found)
    except (Conflict, NotFound):
        raise  # somebody was faster: the next pass sees what they wrote
    except Exception as error:
        return wanted, error
    return wanted, None


async def _observe(world: World, server: MLflowServer, wanted: Desired | None, error: Exception | None) -> Seen:
    """Look at everything there is to look at, whatever went wrong before."""
    own = server.spec.external is None
    deployment = world.store.get("Deployment", server.metadata.namespace, names.instance(server)) if own else None
    rollout = Rollout.of(deployment) if deployment else None
    job = wanted.preparation if wanted else None
    seen = Seen(
        url=desired.url(server, world.settings.cluster_domain),
        selector=desired.pod_selector(server) if own else None,
        prepared=wanted is not None and wanted.prepared,
        preparation=await report(world, server, job) if job else None,
        rollout=rollout,
    )
    if error is not None or (own and (rollout is None or rollout.ready == 0)):
        return seen
    return await _ask(world, server, seen)


async def _ask(world: World, server: MLflowServer, seen: Seen) -> Seen:
    """Ask the running server."""
    spec = server.spec
    registry = world.mlflow.at(await access(world, server))
    api = await _tried("ApiAnswers", "the API answers, and so does its database", probe.api(registry))
    if not api.ok:
        return replace(seen, api=api)
    artifacts = experiments = None
    if spec.external is None and spec.serve_artifacts:
        artifacts = await look(world, server, registry)
    if spec.experiments and not spec.suspend:
        success = "every experiment of the spec exists"
        experiments = await _tried("Present", success, probe.experiments(registry, spec.experiments))
    version = await registry.version()
    return replace(seen, api=api, artifacts=artifacts, experiments=experiments, version=version)


async def _tried(reason: str, success: str, attempt: Awaitable[None]) -> Probe:
    try:
        await attempt
    except OperatorError as error:
        return Probe(False, error.reason, error.message, terminal=isinstance(error, Terminal))
    return Probe(True, reason, success)


def _is_calm(server: MLflowServer, seen: Seen) -> bool:
    """Whether nothing is expected soon; what happens to pods and Jobs comes as an event."""
    ready = any(c.type == "Ready" and c.status == "True" for c in server.status.conditions)
    return ready or seen.api is None


def _forget(world: World, key: Key) -> None:
    telemetry.show_ready(key.kind, key.namespace, key.name, None)
    world.store.set_references(key, set())
    world.written.pop((key.namespace, key.name), None)
    world.reports.pop((key.namespace, key.name), None)
    _wake_claims(world, key)


def _wake_claims(world: World, key: Key, *, only_waiting: bool = False) -> None:
    """Wake the claims on a server; those that wait for it each time, since nobody may have heard that it is ready."""
    for claim in list(objects.claims_on(world.store, key)):
        if not only_waiting or _waits_for_server(world.store.get(*claim[:3]) or {}):
            world.queue.add(claim)


def _waits_for_server(claim: Object) -> bool:
    conditions = claim.get("status", {}).get("conditions", [])
    return any(c["type"] == READY and c["reason"] in ("ServerNotReady", "ServerNotFound") for c in conditions)
