"""Where copies are, as a pod has it: a volume, or a bucket and the authorities that are trusted for it."""

from mlflow_operator.api.server.buckets import Bucket
from mlflow_operator.desired import trust, volumes
from mlflow_operator.desired.external import authorities
from mlflow_operator.desired.inputs import Object

FOLDER = "/var/lib/mlflow/backups"
_VOLUME = "backups"


def volumes_of(bucket: Bucket | None, claim: str) -> list[Object]:
    """Volumes of the pod; ``claim`` is that of the copies where they are in no bucket."""
    if bucket is None:
        return [volumes.mounted(_VOLUME, claim)]
    return [trust.volume(trust.DESTINATION, authorities.reference(bucket.ca_bundle))] if bucket.ca_bundle else []


def mounts(bucket: Bucket | None) -> list[Object]:
    """Where a container finds them."""
    if bucket is None:
        return [{"name": _VOLUME, "mountPath": FOLDER}]
    return [trust.mount(trust.DESTINATION)] if bucket.ca_bundle else []
