"""One pass over an MLflowServer: bring what it consists of, look whether it works, say so."""

import logging
import math
from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime, timedelta

from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.upgrade import Migration
from mlflow_operator.desired import names
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Object
from mlflow_operator.errors import Conflict, NotFound, OperatorError, Terminal, Unreadable
from mlflow_operator.reconcile import objects, telemetry
from mlflow_operator.reconcile.access import access, serves
from mlflow_operator.reconcile.publish import publish, publish_unreadable
from mlflow_operator.reconcile.servers import backups, children, collections, probe, turns
from mlflow_operator.reconcile.servers.artifacts import look
from mlflow_operator.reconcile.servers.certificate import measured
from mlflow_operator.reconcile.servers.children import Brought
from mlflow_operator.reconcile.servers.preparation import report
from mlflow_operator.reconcile.servers.surroundings import surroundings
from mlflow_operator.reconcile.world import World
from mlflow_operator.status.conditions import READY, STALLED, Answer
from mlflow_operator.status.connections import connections_fit
from mlflow_operator.status.expiry import expiry, until_news
from mlflow_operator.status.exposure import exposure
from mlflow_operator.status.monitoring import monitoring
from mlflow_operator.status.preparation import Preparation
from mlflow_operator.status.protection import protection
from mlflow_operator.status.rollout import Rollout
from mlflow_operator.status.seen import Probe, Seen
from mlflow_operator.status.server import EXPOSED, compute

log = logging.getLogger(__name__)

_SOON = 3.0
"""Seconds until a server is asked again that should answer by now."""
_WAIT_FOR_SERVER = ("ServerNotReady", "ServerNotFound", "RefNotPermitted")
"""Reasons of claims that a server wakes when it answers."""
_PODS = 10.0
"""Seconds until what is waited for is looked at again: neither pods nor HTTPRoutes are watched."""
_TURN = 30.0
"""Seconds until a server asks again whether it is its turn, should nobody wake it."""
_CONTROLLERS = timedelta(minutes=5)
"""How long a controller that says nothing of a route is thought to be about to."""


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
    try:
        return await _pass(world, key, server)
    finally:
        turns.finish(world, key)


async def _pass(world: World, key: Key, server: MLflowServer) -> float:
    brought, error = await _bring(world, server)
    seen, unseen = await _observe(world, server, brought, troubled=error is not None)
    seen = await _explained(world, server, seen)
    error = error or unseen
    if brought and brought.begins and server.status.prepared is not None:
        world.queue.add(key)  # it begins in the next pass, when the status has forgotten what was prepared before
    after = await publish(world, server, compute(server, seen, error, world.clock()))
    if after.status.migration not in (None, server.status.migration):
        world.queue.add(key)  # what was planned begins when the status says so
    if _settles(server, after):
        turns.wake(world)
    if serves(after):
        _wake_claims(world, key, only_waiting=serves(server))
    if isinstance(error, Terminal) and seen.api is not None:
        error.after = world.settings.server_probe
    if error:
        raise error
    news = until_news(seen.certificate, world.clock())
    return min(_rest(after, seen, world.clock()), world.settings.server_probe, news)


async def _bring(world: World, server: MLflowServer) -> tuple[Brought | None, Exception | None]:
    """What should exist, brought as far as possible; and the worst of what was in the way."""
    brought: Brought | None = None
    errors: list[OperatorError] = []
    try:
        found = await children.referenced(world, server)
        if server.spec.external is None and not server.spec.suspend:
            brought = await children.bring(world, server, found)
            errors += brought.errors
        children.check(server, found)
    except (Conflict, NotFound):
        raise  # somebody was faster: the next pass sees what they wrote
    except OperatorError as error:
        errors.append(error)
    except Exception as error:
        return brought, error
    return brought, children.worst(errors)


async def _observe(
    world: World, server: MLflowServer, brought: Brought | None, *, troubled: bool
) -> tuple[Seen, Exception | None]:
    """Look at everything there is to look at, whatever went wrong before; and what could not be looked at, and why."""
    own = server.spec.external is None
    deployment = world.store.get("Deployment", server.metadata.namespace, names.instance(server)) if own else None
    wanted = brought.wanted if brought else None
    seen = Seen(
        prepared=wanted is not None and wanted.prepared,
        waits=brought is not None and brought.waits,
        deployed=brought is not None and brought.deployed,
        stores=wanted.stores if brought and wanted and (wanted.prepared or brought.begins) else None,
        volumes=list(brought.volumes) if brought else None,
        rollout=Rollout.of(deployment) if deployment else None,
        exposure=_exposure(world, server, brought),
        monitoring=_monitoring(world, server, brought),
        certificate=await measured(world, server),
    )
    if own:
        seen = _protected(server, seen, None, world.clock())
    error: Exception | None = None
    try:
        seen = replace(seen, backups=await backups.look(world, server))
        seen = replace(seen, collections=await collections.look(world, server))
        url = desired.endpoint(server, world.settings.cluster_domain).url
        seen = replace(seen, url=url, selector=desired.pod_selector(server) if own else None)
        if brought and not brought.waits:
            seen = _planned(server, seen, brought, await report(world, server, brought.wanted, brought.there))
    except Exception as unforeseen:  # what is known stays known, and the status says that nobody could look
        error = unforeseen
    seen = replace(seen, connections=_connections(server, seen))
    if own and (seen.rollout is None or seen.rollout.ready == 0):
        return seen, error
    try:
        return await _ask(world, server, seen, troubled=troubled or error is not None), error
    except Exception as unforeseen:
        return seen, error or unforeseen


def _planned(server: MLflowServer, seen: Seen, brought: Brought, said: Preparation | None) -> Seen:
    """With what the preparation said, and the migration that it plans or that was planned for the same."""
    stores, known = brought.wanted.stores, server.status.migration
    migration = known if known and known.stores == stores and not seen.prepared else None
    database = said.database if said else None
    if database and database.goal and database.revision and stores:
        migration = Migration(revision=database.revision, to=database.goal, stores=stores)
    return replace(seen, preparation=said, migration=migration, plans=True)


def _exposure(world: World, server: MLflowServer, brought: Brought | None) -> Answer | None:
    """What controllers say of the server's routes."""
    place = (server.metadata.namespace, names.instance(server))
    served = brought is None or "HTTPRoute" not in brought.unknown
    return exposure(server, world.store.get("Ingress", *place), world.store.get("HTTPRoute", *place), served=served)


def _connections(server: MLflowServer, seen: Seen) -> Answer | None:
    """Whether the database has enough, by what a preparation found of it last."""
    found = seen.preparation.database.connections if seen.preparation else None
    allowed = server.status.connections if found is None else found
    return None if allowed is None and seen.preparation is None else connections_fit(server, allowed)


def _monitoring(world: World, server: MLflowServer, brought: Brought | None) -> Answer | None:
    """What has become of the PodMonitor."""
    there = world.store.get("PodMonitor", server.metadata.namespace, names.instance(server)) is not None
    served = brought is None or "PodMonitor" not in brought.unknown
    return monitoring(server, there=there, served=served)


async def _explained(world: World, server: MLflowServer, seen: Seen) -> Seen:
    """With what keeps pods from running, where the server does not work as it should; an extra that may fail."""
    settled = (seen.prepared or seen.waits) and seen.rollout is not None and seen.rollout.complete
    if server.spec.external is not None or server.spec.suspend or (settled and seen.api is not None and seen.api.ok):
        return seen
    try:
        around = await surroundings(world, server)
        return replace(seen, cause=around.cause(world.clock(), prepared=seen.prepared or seen.waits))
    except OperatorError as error:
        log.warning("MLflowServer %s/%s: %s", server.metadata.namespace, server.metadata.name, error)
        return seen


async def _ask(world: World, server: MLflowServer, seen: Seen, *, troubled: bool) -> Seen:
    """Ask the running server; while something else is wrong, which may be tried again and again, write no artifacts."""
    spec = server.spec
    way = await access(world, server)
    registry = world.mlflow.at(way)
    api = await _tried("ApiAnswers", "the API answers, and so does its database", probe.api(registry))
    if not api.ok:
        return replace(seen, api=api)
    if desired.asks_for_login(server):
        stranger = world.mlflow.at(replace(way, headers=(), denied=_nobody))
        seen = _protected(server, seen, await probe.lets_in(stranger), world.clock())
    artifacts = experiments = None
    if spec.external is None and spec.serve_artifacts and not troubled:
        artifacts = await look(world, server, registry)
    if spec.experiments and not spec.suspend:
        success = "every experiment of the spec exists"
        experiments = await _tried("Present", success, probe.experiments(registry, spec.experiments))
    version = await registry.version()
    return replace(seen, api=api, artifacts=artifacts, experiments=experiments, version=version)


def _protected(server: MLflowServer, seen: Seen, strangers_pass: bool | None, now: datetime) -> Seen:
    """With what is known by now of what protects the server."""
    return replace(seen, protection=protection(server, strangers_pass, expiry(server, seen.certificate, now)))


def _nobody() -> None:
    """Nothing has to be forgotten of a login that there was not."""


async def _tried(reason: str, success: str, attempt: Awaitable[None]) -> Probe:
    try:
        await attempt
    except OperatorError as error:
        return Probe(False, error.reason, error.message, terminal=isinstance(error, Terminal))
    return Probe(True, reason, success)


def _rest(server: MLflowServer, seen: Seen, now: datetime) -> float:
    """Seconds until the next look; the end of a Job or a rollout comes as an event, and wakes the server by itself."""
    states = {c.type: c.status for c in server.status.conditions}
    if seen.waits:
        return _TURN
    if states.get("Ready") == "True" or "Suspended" in states or server.spec.external is not None:
        return _PODS if _awaits_controller(server, now) else math.inf
    return _SOON if seen.api is not None else _PODS


def _awaits_controller(server: MLflowServer, now: datetime) -> bool:
    """Whether a controller may be about to say something of a new HTTPRoute, which is not watched."""
    exposed = next((c for c in server.status.conditions if c.type == EXPOSED), None)
    silent = server.spec.gateway is not None and exposed is not None and exposed.status == "Unknown"
    return silent and exposed is not None and now - exposed.last_transition_time < _CONTROLLERS


def _settles(before: MLflowServer, after: MLflowServer) -> bool:
    """Whether a server has come back, or there is no use in waiting for it any more."""
    was, is_ = ({c.type: c.status for c in server.status.conditions} for server in (before, after))
    return any(is_.get(type_) == "True" and was.get(type_) != "True" for type_ in (READY, STALLED))


def _forget(world: World, key: Key) -> None:
    telemetry.show_ready(key.kind, key.namespace, key.name, None)
    telemetry.show_certificate(key.namespace, key.name, None)
    telemetry.show_backup(key.namespace, key.name, None)
    world.store.set_references(key, set())
    world.written.pop((key.namespace, key.name), None)
    world.reports.pop((key.namespace, key.name), None)
    world.unmoved.pop((key.namespace, key.name), None)
    _wake_claims(world, key)


def _wake_claims(world: World, key: Key, *, only_waiting: bool = False) -> None:
    """Wake the claims on a server; those that wait for it each time, since nobody may have heard that it is ready."""
    for claim in list(objects.claims_on(world.store, key)):
        if not only_waiting or _waits_for_server(world.store.get(*claim[:3]) or {}):
            world.queue.add(claim)


def _waits_for_server(claim: Object) -> bool:
    conditions = claim.get("status", {}).get("conditions", [])
    return any(c["type"] == READY and c["reason"] in _WAIT_FOR_SERVER for c in conditions)
