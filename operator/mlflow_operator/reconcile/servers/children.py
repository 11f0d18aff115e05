"""What a server consists of, in the cluster: gather what decides it, apply what differs, prune what is not wanted."""

import secrets
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.clients.kinds import LISTED, PRUNED
from mlflow_operator.desired import Desired, Images, Inputs, Object, Reference, cloud_native_pg, names
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
from mlflow_operator.reconcile.certificates import readable
from mlflow_operator.reconcile.objects import SERVER
from mlflow_operator.reconcile.servers import preparation, turns, upgrade
from mlflow_operator.reconcile.servers.apply import apply, create_once, has, look_up, try_out
from mlflow_operator.reconcile.world import World
from mlflow_operator.status.preparations import Preparations

_PASSWORD_BYTES = 24

References = dict[tuple[str, str], Object]
"""Secrets and ConfigMaps by kind and name."""

Failures = dict[desired.Key, OperatorError]
"""By kind and name of an object, why it is not as it should be."""


@dataclass(frozen=True)
class Brought:
    """How far a server was brought."""

    wanted: Desired
    there: Preparations
    errors: tuple[OperatorError, ...]
    volumes: tuple[str, ...] = ()
    """Names of the claims that hold data."""
    unknown: frozenset[str] = frozenset()
    """Kinds of wanted objects that the cluster does not have."""
    waits: bool = False
    """This operator would build it otherwise, and it is not its turn: nothing was touched."""
    deployed: bool = False
    """The Deployment is as it should be."""
    begins: bool = False
    """A preparation may begin, so what was prepared before counts no more; it does when the status says so."""


async def bring(world: World, server: MLflowServer, found: References) -> Brought:
    """Make the cluster hold what should exist for a server, as far as it may exist now.

    What fails stops only what needs it: the answer is what should exist, and why some of it does not.

    Raises:
        Terminal: UnsupportedVersion; nothing was touched.
        Conflict, NotFound: Somebody was faster.
        Unavailable: Nobody answers.
    """
    there = await preparation.found(world, server)
    wanted, failed = await _wanted(world, server, found, there)
    if turns.waits(world, server, wanted):
        return Brought(wanted, there, (), tuple(server.status.volumes), waits=True)
    await preparation.report(world, server, wanted, there)  # and remembered: what is pruned cannot be asked any more
    await _prune(world, server, wanted, there, failed)
    lacking = {key for key in failed if key[0] == "Secret"}
    begins = False
    unknown: set[str] = set()
    for obj in wanted.objects:
        if lacking & desired.needs(obj):
            continue
        if obj["kind"] == "Job":
            begins = await _begin(world, server, wanted, there, failed)
            continue
        await _attempt(failed, _key(obj), _bringing(world, server, obj, unknown))
        if _key(obj) in failed and not await has(world, server, obj):
            lacking.add(_key(obj))
    deployed = wanted.prepared and not any(kind == "Deployment" for kind, _ in failed)
    unserved, volumes = frozenset(unknown), _volumes(server, wanted, lacking)
    return Brought(wanted, there, tuple(failed.values()), volumes, unserved, deployed=deployed, begins=begins)


async def _bringing(world: World, server: MLflowServer, obj: Object, unknown: set[str]) -> None:
    if obj["kind"] == "Deployment":
        upgrade.may_replace(world, server, obj)
    await (_apply_unwatched(world, server, obj, unknown) if obj["kind"] in LISTED else apply(world, server, obj))


async def _apply_unwatched(world: World, server: MLflowServer, obj: Object, unknown: set[str]) -> None:
    """Apply an object of a kind that is not watched, and that the cluster may not have."""
    if await look_up(world, obj) or await world.cluster.serves(obj["kind"]):
        await apply(world, server, obj)
    elif obj["kind"] == "Certificate":
        message = "spec.tls.issuerRef asks cert-manager for a certificate, and the cluster has no cert-manager"
        raise Waiting("CertManagerMissing", f"{message}: install it, or name a Secret in spec.tls.secretName", after=30)
    else:
        unknown.add(obj["kind"])


def _volumes(server: MLflowServer, wanted: Desired, lacking: set[desired.Key]) -> tuple[str, ...]:
    """The claims that are there, and those that were and should be."""
    claims = [_key(obj) for obj in wanted.objects if obj["kind"] == "PersistentVolumeClaim"]
    return tuple(sorted(key[1] for key in claims if key not in lacking or key[1] in server.status.volumes))


async def _begin(world: World, server: MLflowServer, wanted: Desired, there: Preparations, failed: Failures) -> bool:
    """Begin the preparation if nothing is in the way and what comes after it would be admitted; whether it begins.

    What was prepared before is forgotten in the status first: whoever finds the Job must not find that too.
    """
    job = next(obj for obj in wanted.objects if obj["kind"] == "Job")
    if any(kind == "Job" for kind, _ in failed):
        return False
    try:
        if not preparation.check_room(there, wanted):
            return False
        for obj in wanted.later:
            await try_out(world, server, obj)
        await upgrade.may_migrate(world, server, wanted)
        if server.status.prepared is None:
            await apply(world, server, job)
    except Unavailable:
        raise
    except (Terminal, Waiting) as error:
        failed[_key(job)] = error
        return False
    return True


def worst(errors: Iterable[OperatorError]) -> OperatorError | None:
    """The one to report: first what only a person can mend, then what may pass, then what nobody could say."""
    rank = (Terminal, Waiting, ApiError, Unavailable)
    ordered = sorted(errors, key=lambda error: next((i for i, kind in enumerate(rank) if isinstance(error, kind)), 0))
    return ordered[0] if ordered else None


async def _attempt(failed: Failures, key: desired.Key, write: Awaitable[object]) -> None:
    """Write one object, or note why not; a second one without an answer means that nobody is there."""
    try:
        await write
    except (Conflict, NotFound, LeadershipLost):
        raise
    except OperatorError as error:
        if isinstance(error, Unavailable) and any(isinstance(e, Unavailable) for e in failed.values()):
            raise
        failed[key] = error


async def _wanted(
    world: World, server: MLflowServer, found: References, there: Preparations
) -> tuple[Desired, Failures]:
    failed = await _lost(world, server, found)
    inputs = _inputs(world, server, found, there)
    drawn = {name: word for name, word in inputs.generated.items() if ("Secret", name) not in failed}
    wanted = desired.build(server, replace(inputs, generated=drawn))
    new = [obj for obj in wanted.objects if obj["kind"] == "Secret"]
    if not new:
        return wanted, failed
    for secret in new:
        await _attempt(failed, _key(secret), create_once(world, secret))
    # The rest depends on what is in them now; no other password is drawn for one that could not be made.
    seen = _inputs(world, server, await referenced(world, server), there)
    return desired.build(server, replace(seen, generated={})), failed


async def _lost(world: World, server: MLflowServer, found: References) -> Failures:
    """Generated credentials that are gone while the data that they open are there: another password opens nothing."""
    lost = Failures()
    for name in sorted(desired.generated_secrets(server)):
        if ("Secret", name) not in found and await _has_data(world, server, name):
            message = (
                f"Secret {name}, which opens the data in PersistentVolumeClaim {name}, is gone, and a new password "
                "would not; restore the Secret from a backup; or, to begin empty, delete the claim too, then the "
                "MLflowServer, and apply it again"
            )
            lost["Secret", name] = Terminal("CredentialsLost", message)
    return lost


async def _has_data(world: World, server: MLflowServer, claim: str) -> bool:
    kind, namespace = "PersistentVolumeClaim", server.metadata.namespace
    known = claim in server.status.volumes or world.store.get(kind, namespace, claim) is not None
    return known or await world.cluster.get(kind, namespace, claim) is not None


async def referenced(world: World, server: MLflowServer) -> References:
    """Every Secret and ConfigMap that the pods read and that exists; from now on their changes wake the server."""
    references = desired.references(server)
    me, namespace = Key(SERVER, server.metadata.namespace, server.metadata.name), server.metadata.namespace
    looked_at = [*(r.key for r in references), *desired.of_backups(server), *desired.of_restored(server)]
    world.store.set_references(me, {Key(kind, namespace, name) for kind, name in looked_at})
    found = {}
    for kind, name in sorted(r.key for r in references):
        obj = await world.cluster.get(kind, namespace, name)
        if obj is not None:
            found[kind, name] = obj
    return found


def _inputs(world: World, server: MLflowServer, found: References, there: Preparations) -> Inputs:
    own = desired.generated_secrets(server)
    return Inputs(
        images=Images(**world.settings.images.model_dump()),
        cluster_domain=world.settings.cluster_domain,
        namespace=world.settings.lease.partition("/")[0],
        user_ids=world.settings.user_ids,
        digests=_digests(server, found),
        existing=frozenset(
            [("Secret", name) for name in own if ("Secret", name) in found] + [_key(job) for job in there.staying()]
        ),
        planned=server.status.migration.stores if server.status.migration else None,
        migrated_by=server.status.version,
        prepared=there.prepared() | ({server.status.prepared} if server.status.prepared else set()),
        generated={name: secrets.token_urlsafe(_PASSWORD_BYTES) for name in own if ("Secret", name) not in found},
    )


def _digests(server: MLflowServer, found: References) -> dict[desired.Key, str]:
    """Fingerprints of what the pods read; the uid is salt: a weak password could be guessed from the pod template."""
    return {
        reference.key: desired.digest([obj["metadata"]["uid"], reference.read_of(obj)])
        for reference in desired.references(server)
        if (obj := found.get(reference.key))
    }


def check(server: MLflowServer, found: References) -> None:
    """Say which Secret, ConfigMap or key is missing, or holds no certificate where it should.

    Raises:
        Waiting: One is; it may still come.
        Terminal: CaBundleInvalid.
    """
    for reference in sorted(desired.references(server), key=lambda r: r.key):
        if not reference.optional:
            _check(server, reference, found.get(reference.key))
    for bundle in desired.bundles(server):
        readable(bundle, found[bundle.key])


def _check(server: MLflowServer, reference: Reference, obj: Object | None) -> None:
    where = f"{reference.kind} {reference.name}"
    if obj is None and _is_issued(server, reference):
        message = f"cert-manager has not made {where} yet; see kubectl describe certificate {reference.name}"
        raise Waiting("CertificateNotIssued", message, after=30)
    if obj is None and (cluster := cloud_native_pg.secrets(server).get(reference.key)):
        message = f"CloudNativePG has not made {where} yet; see kubectl get clusters.postgresql.cnpg.io {cluster}"
        raise Waiting("ClusterSecretNotFound", message, after=30)
    if obj is None:
        message = f"{where} does not exist in namespace {server.metadata.namespace}; create it"
        raise Waiting(f"{reference.kind}NotFound", message, after=60)
    if missing := sorted(reference.keys - set(obj.get("data", {}))):
        message = f"{where} has no key {', '.join(missing)}; add it"
        raise Waiting(f"{reference.kind}KeyNotFound", message, after=60)


def _is_issued(server: MLflowServer, reference: Reference) -> bool:
    """Whether cert-manager makes the Secret."""
    tls = server.spec.tls
    return bool(tls and tls.issuer_ref) and reference.key == ("Secret", names.certificate_secret(server))


async def _prune(world: World, server: MLflowServer, wanted: Desired, there: Preparations, failed: Failures) -> None:
    """Delete what is not wanted any more; as long as the pods are those of an earlier spec, only its preparations."""
    patience = timedelta(seconds=world.settings.resync)
    superfluous = there.superfluous(wanted, world.clock(), patience)
    if wanted.prepared:
        keep = {_key(obj) for obj in wanted.objects} | wanted.held
        mine = Key(SERVER, server.metadata.namespace, server.metadata.name)
        others = (o for o in objects.owned(world.store, mine, server.metadata.uid) if o["kind"] != "Job")
        staying = (o for o in others if "deletionTimestamp" not in o["metadata"])
        superfluous += [o for o in staying if o["kind"] in PRUNED and _key(o) not in keep]
    for obj in superfluous:
        await _attempt(failed, _key(obj), _deleted(world, obj))


async def _deleted(world: World, obj: Object) -> None:
    try:
        await world.cluster.delete(obj)
    except ApiError as error:
        message = (
            f"{obj['kind']} {obj['metadata']['name']} is not wanted any more, and was not deleted: {error.message}"
        )
        raise Waiting("ChildForbidden", message, after=60) from error


def _key(obj: Object) -> desired.Key:
    return obj["kind"], obj["metadata"]["name"]
