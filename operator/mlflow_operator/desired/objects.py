"""The one list of what exists and when."""

from collections.abc import Iterable

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names, versions, volumes
from mlflow_operator.desired.backup import cron_job as backups
from mlflow_operator.desired.backup.before_upgrade import before_upgrade
from mlflow_operator.desired.collection import cron_job as collections
from mlflow_operator.desired.endpoint import endpoint
from mlflow_operator.desired.inputs import Desired, Inputs, Key, Object, Reference, digest
from mlflow_operator.desired.managed import credentials, object_store, postgres
from mlflow_operator.desired.preparation.job import noticed, prepare_job
from mlflow_operator.desired.references import own_secrets, references
from mlflow_operator.desired.server import (
    auth,
    autoscaler,
    disruption,
    encryption,
    http_route,
    ingress,
    metrics,
    network_policy,
    service,
    service_account,
)
from mlflow_operator.desired.server.deployment import deployment


def build(server: MLflowServer, inputs: Inputs) -> Desired:
    """Everything that should exist for a server, in the order in which to apply it.

    An external server consists of nothing.

    Raises:
        Terminal: UnsupportedVersion, FieldNeedsLaterVersion, NoImageForVersion, or InvalidUrl of a store behind walls;
            what runs should be left as it is.
    """
    if server.spec.external is not None:
        return Desired()
    versions.check(server)
    objects = [
        *_optional(service_account.service_account(server)),
        *network_policy.network_policies(server, inputs),
        *_secrets(server, inputs),
        *volumes.claims(server),
        *postgres.objects(server, inputs),
        *object_store.objects(server, inputs),
        *backups.objects(server, inputs),
        *collections.objects(server, inputs),
        *_optional(encryption.certificate(server, endpoint(server, inputs.cluster_domain).hosts)),
        service.service(server, versions.version(server)),
        *_optional(ingress.ingress(server)),
        *_optional(http_route.http_route(server)),
        *_optional(metrics.pod_monitor(server)),
        *_optional(disruption.budget(server)),
        *_optional(autoscaler.autoscaler(server)),
    ]
    held = {("Secret", name) for name in own_secrets(server)} - {_key(o) for o in objects}
    if server.spec.hibernate:
        # No pod starts, so nothing has to be prepared; waking up prepares again.
        objects.append(deployment(server, inputs, _of_pods(server, inputs)))
        return Desired([_stamped(o) for o in objects], frozenset(held))
    return _with_preparation(server, inputs, objects, held)


def generated_secrets(server: MLflowServer) -> frozenset[str]:
    """Names of the Secrets for which ``Inputs.generated`` needs a password while they do not exist."""
    return frozenset(own_secrets(server)) if server.spec.external is None else frozenset()


def _of_preparation(server: MLflowServer, inputs: Inputs) -> str:
    """What the Secrets and ConfigMaps hold that not the server's pods alone read, in one word."""
    return _fingerprint((r for r in references(server) if not r.only_serves), inputs)


def _of_pods(server: MLflowServer, inputs: Inputs) -> str:
    """The same of those that the server's pods read, and read once."""
    return _fingerprint((r for r in references(server) if not r.only_prepares), inputs)


def _fingerprint(found: Iterable[Reference], inputs: Inputs) -> str:
    read_once = [r.key for r in found if not r.followed]
    return digest(sorted((*key, inputs.digests.get(key, "absent")) for key in read_once))


def _with_preparation(server: MLflowServer, inputs: Inputs, objects: list[Object], held: set[Key]) -> Desired:
    """Add the preparation, or the Deployment where there was one."""
    fingerprint = _of_preparation(server, inputs)
    job = _stamped(prepare_job(server, inputs, fingerprint))
    migrates = inputs.planned == noticed(job)
    if migrates:
        job = _stamped(prepare_job(server, inputs, fingerprint, asks=False))
    after = _stamped(deployment(server, inputs, _of_pods(server, inputs)))
    stores = noticed(job)
    prepared = stores in inputs.prepared
    may_begin = _complete(server, inputs) and _key(job) not in inputs.existing
    move = after if prepared else job if may_begin else None
    now = [*(_stamped(o) for o in objects), *_optional(move)]
    held |= {_key(o) for o in (job, after) if o is not move}
    later = () if prepared else (after,)
    first = before_upgrade(server, inputs, stores) if migrates and not prepared else None
    return Desired(now, frozenset(held), job["metadata"]["name"], stores, prepared, later, migrates, first)


def _complete(server: MLflowServer, inputs: Inputs) -> bool:
    """Whether everything that a pod needs to start has been seen."""
    own = own_secrets(server)
    return all(r.key in inputs.digests for r in references(server) if not r.optional or r.name in own)


def _secrets(server: MLflowServer, inputs: Inputs) -> list[Object]:
    """Generated credentials that do not exist yet; existing ones open data and are never touched."""
    logins = auth.generated(server)
    return [
        auth.secret(server, name, inputs.generated[name])
        if name in logins
        else credentials.secret(server, name, component, inputs.generated[name])
        for name, component in own_secrets(server).items()
        if ("Secret", name) not in inputs.existing and name in inputs.generated
    ]


def _stamped(obj: Object) -> Object:
    metadata = obj["metadata"]
    stamp = {names.APPLIED_ANNOTATION: digest(obj)}
    return obj | {"metadata": metadata | {"annotations": metadata.get("annotations", {}) | stamp}}


def _optional(obj: Object | None) -> list[Object]:
    return [] if obj is None else [obj]


def _key(obj: Object) -> Key:
    return obj["kind"], obj["metadata"]["name"]
