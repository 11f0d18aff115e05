"""The CronJob that makes backups of a server, and the volume that they may be on.

Its pods reach the stores as the server's do, and the server is not asked: it may be down when a copy is needed most.
"""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.backup import Backup
from mlflow_operator.desired import names, pod, scheduled, versions, volumes
from mlflow_operator.desired.backup import places
from mlflow_operator.desired.backup.environment import environment
from mlflow_operator.desired.backup.restoring import REFUSED
from mlflow_operator.desired.inputs import Inputs, Object
from mlflow_operator.desired.server import service_account

CONTAINER = names.BACKUP


def objects(server: MLflowServer, inputs: Inputs) -> list[Object]:
    """The CronJob, and the volume before it, if the spec asks for backups."""
    wanted = server.spec.backup
    if wanted is None:
        return []
    volume = wanted.destination.persistent_volume
    found = []
    if volume:
        metadata = names.kept_metadata(server, names.backup_volume(server), names.BACKUP)
        found.append(volumes.claim(metadata, volume.size, volume.storage_class_name, volume.access_mode))
    return [*found, _cron_job(server, wanted, inputs)]


def _cron_job(server: MLflowServer, wanted: Backup, inputs: Inputs) -> Object:
    timing = scheduled.Timing(wanted.schedule, wanted.time_zone, wanted.suspend)
    making = task(server, wanted, inputs, versions.version(server))
    return scheduled.cron_job(server, names.backup(server), timing, making)


def task(server: MLflowServer, wanted: Backup, inputs: Inputs, version: str) -> scheduled.Task:
    """What a Job does; ``version`` is the release that has the data."""
    template = pod.template(
        server,
        inputs,
        names.BACKUP,
        _pod(server, wanted, inputs, version),
        annotations=service_account.identity(server),
        tmp_limit=wanted.temporary_storage,
        ends=True,
    )
    return scheduled.Task(names.BACKUP, template, {CONTAINER: [*REFUSED]})


def _pod(server: MLflowServer, wanted: Backup, inputs: Inputs, version: str) -> Object:
    kept = places.volumes_of(wanted.destination.s3, names.backup_volume(server))
    return {
        "restartPolicy": "Never",
        "serviceAccountName": names.service_account(server),
        "affinity": pod.near_the_server(server),
        "containers": [_container(server, wanted, inputs, version)],
        "volumes": [*volumes.pod_volumes(server), *kept],
    }


def _container(server: MLflowServer, wanted: Backup, inputs: Inputs, version: str) -> Object:
    keep, bucket = wanted.retention, wanted.destination.s3
    words = ["mlflow-operator", "backup", "make"]
    words += [f"--keep-last={keep.keep_last}"] if keep.keep_last else []
    words += [f"--max-age={keep.max_age}"] if keep.max_age else []
    return pod.container(
        CONTAINER,
        inputs.images.toolbox,
        inputs.images,
        command=words,
        env=environment(server, bucket, places.FOLDER, version, artifacts=wanted.artifacts),
        resources=pod.resources(wanted.resources, {"cpu": "100m", "memory": "256Mi"}),
        volumeMounts=[pod.TMP_MOUNT, *volumes.mounts(server), *places.mounts(bucket)],
    )
