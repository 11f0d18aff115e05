"""The containers before a preparation that restore a backup: the database says whether that was done.

So they are there with every preparation of such a server, and do it once: whatever becomes of the pod, of its Job or of
the MLflowServer, a database that was restored is left as it is, and one with other data is never restored into.
"""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.backup import Restore
from mlflow_operator.desired import names, pod, stores, versions, volumes
from mlflow_operator.desired.backup import places
from mlflow_operator.desired.backup.environment import environment
from mlflow_operator.desired.inputs import Inputs, Object

CONTAINER = "restore"
BUCKET_CONTAINER = "make-bucket"
REFUSED = (1, 2)
"""How it ends where only a person can help."""


def restoring(server: MLflowServer, inputs: Inputs, body: Object) -> Object:
    """A preparation's pod, with what comes before it where the server begins with a backup."""
    wanted = server.spec.bootstrap.restore if server.spec.bootstrap else None
    if wanted is None:
        return body
    own = [*_bucket_maker(server, body), _container(server, wanted, inputs)]
    claim = wanted.source.persistent_volume_claim
    kept = places.volumes_of(wanted.source.s3, claim.claim_name if claim else "")
    return body | {
        "initContainers": [*body.get("initContainers", []), *own],
        "volumes": [*body["volumes"], *kept],
    }


def _container(server: MLflowServer, wanted: Restore, inputs: Inputs) -> Object:
    return pod.container(
        CONTAINER,
        inputs.images.toolbox,
        inputs.images,
        command=["mlflow-operator", "backup", "restore", "--once", wanted.backup],
        env=environment(server, wanted.source.s3, places.FOLDER, versions.version(server)),
        resources=pod.resources(server.spec.resources, {"cpu": "100m", "memory": "256Mi"}),
        volumeMounts=[pod.TMP_MOUNT, *volumes.mounts(server), *places.mounts(wanted.source.s3)],
    )


def _bucket_maker(server: MLflowServer, body: Object) -> list[Object]:
    """The preparation itself, of the artifact store alone: artifacts are restored into a bucket that is there."""
    bucket = stores.s3(server)
    if bucket is None or not bucket.create_bucket:
        return []
    prepares = next(container for container in body["containers"] if container["name"] == names.PREPARE)
    env = [*prepares["env"], {"name": "PREPARE_ONLY", "value": "artifacts"}]
    return [prepares | {"name": BUCKET_CONTAINER, "env": env}]
