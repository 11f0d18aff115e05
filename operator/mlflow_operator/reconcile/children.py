"""What a server consists of, in the cluster: gather what decides it, apply what differs, prune what is not wanted."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.clients.kinds import PRUNED
from mlflow_operator.desired import Desired, Images, Inputs, Object, Reference, names
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import ApiError, Conflict, NotFound, Terminal, Waiting
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.objects import SERVER
from mlflow_operator.reconcile.world import World

_PASSWORD_BYTES = 24


References = dict[tuple[str, str], Object]
"""Secrets and ConfigMaps by kind and name."""


async def bring(world: World, server: MLflowServer, found: References) -> Desired:
    """Make the cluster hold what should exist for a server, as far as it may exist now.

    Raises:
        Terminal: Something is in the way that only a person can move.
        Waiting: The API server refuses an object for now, for lack of a quota or a right.
    """
    wanted = await _wanted(world, server, found)
    await _prune(world, server, wanted)
    for obj in wanted.objects:
        if obj["kind"] != "Job" or not _another_prepares(world, server, obj):
            await _apply(world, server, obj)
    return wanted


async def _wanted(world: World, server: MLflowServer, found: References) -> Desired:
    wanted = desired.build(server, _inputs(world, server, found))
    new = [obj for obj in wanted.objects if obj["kind"] == "Secret"]
    if not new:
        return wanted
    for secret in new:
        await _create_once(world, secret)
    # The rest depends on what is in them now.
    return desired.build(server, _inputs(world, server, await referenced(world, server)))


async def _create_once(world: World, secret: Object) -> None:
    """Generated credentials open data that outlives them, so an existing Secret always wins."""
    try:
        await world.cluster.create(secret)
    except Conflict:
        return


async def referenced(world: World, server: MLflowServer) -> References:
    """Every Secret and ConfigMap that the pods read and that exists; from now on their changes wake the server."""
    references = desired.references(server)
    me, namespace = Key(SERVER, server.metadata.namespace, server.metadata.name), server.metadata.namespace
    world.store.set_references(me, {Key(r.kind, namespace, r.name) for r in references})
    found = {}
    for kind, name in sorted(r.key for r in references):
        obj = await world.cluster.get(kind, namespace, name)
        if obj is not None:
            found[kind, name] = obj
    return found


def _inputs(world: World, server: MLflowServer, found: References) -> Inputs:
    own = desired.generated_secrets(server)
    jobs = [obj for obj in _owned(world, server) if obj["kind"] == "Job"]
    return Inputs(
        images=Images(**world.settings.images.model_dump()),
        cluster_domain=world.settings.cluster_domain,
        user_ids=world.settings.user_ids,
        # The uid salts the digest: without it a weak password could be guessed from the pod template.
        digests={key: desired.digest([obj["metadata"]["uid"], obj.get("data")]) for key, obj in found.items()},
        existing=frozenset(
            [("Secret", name) for name in own if ("Secret", name) in found]
            + [("Job", job["metadata"]["name"]) for job in jobs]
        ),
        prepared=frozenset(job["metadata"]["name"] for job in jobs if succeeded(job)),
        generated={name: secrets.token_urlsafe(_PASSWORD_BYTES) for name in own if ("Secret", name) not in found},
    )


def check(server: MLflowServer, found: References) -> None:
    """Say which Secret, ConfigMap or key is missing.

    Raises:
        Waiting: One is; it may still come.
    """
    for reference in sorted(desired.references(server), key=lambda r: r.key):
        if not reference.optional:
            _check(server, reference, found.get(reference.key))


def _check(server: MLflowServer, reference: Reference, obj: Object | None) -> None:
    where = f"{reference.kind} {reference.name}"
    if obj is None:
        message = f"{where} does not exist in namespace {server.metadata.namespace}; create it"
        raise Waiting(f"{reference.kind}NotFound", message, after=60)
    if missing := sorted(reference.keys - set(obj.get("data", {}))):
        message = f"{where} has no key {', '.join(missing)}; add it"
        raise Waiting(f"{reference.kind}KeyNotFound", message, after=60)


async def _apply(world: World, server: MLflowServer, obj: Object) -> None:
    kind, meta = obj["kind"], obj["metadata"]
    live = world.store.get(kind, meta["namespace"], meta["name"])
    if live is None:
        live = await world.cluster.get(kind, meta["namespace"], meta["name"])
    if live is not None:
        _refuse_stranger(server, obj, live)
        if not desired.differs(obj, live):
            return
    try:
        world.store.put(kind, await world.cluster.apply(obj))
    except (Conflict, NotFound):
        raise
    except ApiError as error:
        raise _refused(kind, meta["name"], error) from error


def _refuse_stranger(server: MLflowServer, obj: Object, live: Object) -> None:
    """A forced apply would take over whatever has the name; what belongs to somebody else is left alone."""
    meta = live["metadata"]
    owner = next((o for o in meta.get("ownerReferences", []) if o.get("controller")), None)
    ours = meta.get("labels", {}).get(names.MANAGED_BY_LABEL) == names.MANAGER
    if owner["uid"] == server.metadata.uid if owner else ours:
        return
    if owner and (owner["kind"], owner["name"]) == (SERVER, server.metadata.name):
        # Its deletion wakes the server; the garbage collector may take half a minute for a kind that is new to it.
        message = f"{obj['kind']} {meta['name']} belongs to a deleted MLflowServer of this name, and has yet to go"
        raise Waiting("PredecessorLeaving", message, after=30)
    holder = f"{owner['kind']} {owner['name']}" if owner else "somebody else"
    message = f"{obj['kind']} {meta['name']} exists and belongs to {holder}; delete or rename it, or rename the server"
    raise Terminal("ChildConflict", message)


def _refused(kind: str, name: str, error: ApiError) -> Exception:
    if error.status in (400, 422):
        return Terminal("ChildInvalid", f"{kind} {name} was refused: {error.message}")
    return Waiting("ChildForbidden", f"{kind} {name} was refused: {error.message}", after=60)


def _another_prepares(world: World, server: MLflowServer, job: Object) -> bool:
    """Whether an earlier preparation has not ended yet: two would migrate one database at once. Its end is an event."""
    others = (o for o in _of(world, server) if o["kind"] == "Job" and o["metadata"]["name"] != job["metadata"]["name"])
    return any(not succeeded(other) and not job_condition(other, "Failed") for other in others)


async def _prune(world: World, server: MLflowServer, wanted: Desired) -> None:
    """Delete what is not wanted any more; as long as the pods are those of an earlier spec, only its preparations."""
    keep = {(obj["kind"], obj["metadata"]["name"]) for obj in wanted.objects} | wanted.held
    kinds = PRUNED if wanted.prepared else ("Job",)
    for obj in list(_owned(world, server)):
        key = (obj["kind"], obj["metadata"]["name"])
        if obj["kind"] in kinds and (key not in keep or _stale_failure(world, obj)):
            await world.cluster.delete(obj)


def _stale_failure(world: World, obj: Object) -> bool:
    """A preparation that failed a while ago is made again: the world may have been mended meanwhile."""
    failed = job_condition(obj, "Failed") if obj["kind"] == "Job" else None
    if failed is None:
        return False
    since = datetime.fromisoformat(failed["lastTransitionTime"])
    return world.clock() - since > timedelta(seconds=world.settings.resync)


def _owned(world: World, server: MLflowServer) -> Iterable[Object]:
    """The server's children; what is being deleted already does not count."""
    return (obj for obj in _of(world, server) if "deletionTimestamp" not in obj["metadata"])


def _of(world: World, server: MLflowServer) -> Iterable[Object]:
    """The server's children by the owner's uid, those that are on their way out too."""
    for obj in objects.children(world.store, Key(SERVER, server.metadata.namespace, server.metadata.name)):
        owners = [o["uid"] for o in obj["metadata"].get("ownerReferences", []) if o.get("controller")]
        if server.metadata.uid in owners:
            yield obj


def succeeded(job: Object) -> bool:
    """Whether a Job has done its work."""
    return job_condition(job, "Complete") is not None


def job_condition(job: Object, type_: str) -> dict[str, Any] | None:
    """A condition of a Job, if it is true."""
    conditions = job.get("status", {}).get("conditions", [])
    return next((c for c in conditions if c["type"] == type_ and c["status"] == "True"), None)
