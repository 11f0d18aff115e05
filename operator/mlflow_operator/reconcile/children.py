"""What a server consists of, in the cluster: gather what decides it, apply what differs, prune what is not wanted."""

import secrets
from collections.abc import Awaitable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.clients.kinds import PRUNED
from mlflow_operator.desired import Desired, Images, Inputs, Object, Reference
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import (
    ApiError,
    Conflict,
    LeadershipLost,
    NotFound,
    OperatorError,
    Terminal,
    Unavailable,
    Waiting,
)
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.apply import apply, create_once, has
from mlflow_operator.reconcile.objects import SERVER
from mlflow_operator.reconcile.world import World

_PASSWORD_BYTES = 24


References = dict[tuple[str, str], Object]
"""Secrets and ConfigMaps by kind and name."""


async def bring(world: World, server: MLflowServer, found: References) -> tuple[Desired, list[OperatorError]]:
    """Make the cluster hold what should exist for a server, as far as it may exist now.

    What fails stops only what needs it: the answer is what should exist, and why some of it does not.

    Raises:
        Terminal: UnsupportedVersion; nothing was touched.
        Conflict, NotFound: Somebody was faster.
        Unavailable: Nobody answers.
    """
    wanted, failed = await _wanted(world, server, found)
    failed.update(await _prune(world, server, wanted))
    lacking: set[desired.Key] = set()
    for obj in wanted.objects:
        if lacking & desired.needs(obj) or (obj["kind"] == "Job" and _another_prepares(world, server, obj)):
            continue
        await _attempt(failed, obj, apply(world, server, obj))
        if _key(obj) in failed and not await has(world, server, obj):
            lacking.add(_key(obj))
    return wanted, list(failed.values())


def worst(errors: Iterable[OperatorError]) -> OperatorError | None:
    """The one to report: first what only a person can mend, then what may pass, then what nobody could say."""
    rank = (Terminal, Waiting, ApiError, Unavailable)
    ordered = sorted(errors, key=lambda error: next((i for i, kind in enumerate(rank) if isinstance(error, kind)), 0))
    return ordered[0] if ordered else None


Failures = dict[desired.Key, OperatorError]
"""By kind and name of an object, why it is not as it should be."""


async def _attempt(failed: Failures, obj: Object, write: Awaitable[object]) -> None:
    """Write one object, or note why not; a second one without an answer means that nobody is there."""
    try:
        await write
    except (Conflict, NotFound, LeadershipLost):
        raise
    except OperatorError as error:
        if isinstance(error, Unavailable) and any(isinstance(e, Unavailable) for e in failed.values()):
            raise
        failed[_key(obj)] = error


async def _wanted(world: World, server: MLflowServer, found: References) -> tuple[Desired, Failures]:
    wanted, failed = desired.build(server, _inputs(world, server, found)), Failures()
    new = [obj for obj in wanted.objects if obj["kind"] == "Secret"]
    if not new:
        return wanted, failed
    for secret in new:
        await _attempt(failed, secret, create_once(world, secret))
    # The rest depends on what is in them now; no other password is drawn for one that could not be made.
    seen = _inputs(world, server, await referenced(world, server))
    return desired.build(server, replace(seen, generated={})), failed


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


def _another_prepares(world: World, server: MLflowServer, job: Object) -> bool:
    """Whether an earlier preparation has not ended yet: two would migrate one database at once. Its end is an event."""
    others = (o for o in _of(world, server) if o["kind"] == "Job" and o["metadata"]["name"] != job["metadata"]["name"])
    return any(not succeeded(other) and not job_condition(other, "Failed") for other in others)


async def _prune(world: World, server: MLflowServer, wanted: Desired) -> Failures:
    """Delete what is not wanted any more; as long as the pods are those of an earlier spec, only its preparations."""
    keep = {_key(obj) for obj in wanted.objects} | wanted.held
    kinds = PRUNED if wanted.prepared else ("Job",)
    failed = Failures()
    for obj in list(_owned(world, server)):
        if obj["kind"] in kinds and (_key(obj) not in keep or _stale_failure(world, obj)):
            await _attempt(failed, obj, _deleted(world, obj))
    return failed


async def _deleted(world: World, obj: Object) -> None:
    try:
        await world.cluster.delete(obj)
    except ApiError as error:
        message = (
            f"{obj['kind']} {obj['metadata']['name']} is not wanted any more, and was not deleted: {error.message}"
        )
        raise Waiting("ChildForbidden", message, after=60) from error


def _stale_failure(world: World, obj: Object) -> bool:
    """A preparation that failed a while ago is made again: the world may have been mended meanwhile."""
    failed = job_condition(obj, "Failed") if obj["kind"] == "Job" else None
    if failed is None:
        return False
    since = datetime.fromisoformat(failed["lastTransitionTime"])
    return world.clock() - since > timedelta(seconds=world.settings.resync)


def _key(obj: Object) -> desired.Key:
    return obj["kind"], obj["metadata"]["name"]


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
