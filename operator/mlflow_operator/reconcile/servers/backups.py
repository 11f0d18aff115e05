"""What has become of a server's backups: the Job that ended last, and what its pod said."""

from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.backup import BackupStatus
from mlflow_operator.desired import names
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Object
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.objects import SERVER
from mlflow_operator.reconcile.world import World
from mlflow_operator.status.backups import Backups, after, answer, newest


async def look(world: World, server: MLflowServer) -> Backups | None:
    """What is known of the backups; None where none are wanted. A Job's pod is asked once for its end.

    Raises:
        ClusterUnavailable: Nobody could be asked.
    """
    if server.spec.backup is None:
        return None
    known = server.status.backup or BackupStatus()
    last = newest(_jobs(world, server))
    if last is not None and last["metadata"]["uid"] != known.job:
        known = after(known, last, await _said(world, server, last["metadata"]["name"]))
    return Backups(known, answer(server, known, world.clock(), await _missing(world, server)))


def _jobs(world: World, server: MLflowServer) -> list[Object]:
    me = Key(SERVER, server.metadata.namespace, server.metadata.name)
    found = [obj for obj in objects.children(world.store, me) if obj["kind"] == "Job"]
    return [job for job in found if job["metadata"]["labels"].get(names.COMPONENT_LABEL) == names.BACKUP]


async def _said(world: World, server: MLflowServer, job: str) -> str:
    """The last words of a Job's container, in the pod that ended last."""
    labels = f"batch.kubernetes.io/job-name={job}"
    ends = [
        end
        for pod in await world.cluster.list("Pod", server.metadata.namespace, labels=labels)
        for container in pod.get("status", {}).get("containerStatuses", [])
        if container["name"] == names.BACKUP and (end := container.get("state", {}).get("terminated"))
    ]
    return str(max(ends, key=lambda end: str(end.get("finishedAt", ""))).get("message", "")) if ends else ""


async def _missing(world: World, server: MLflowServer) -> desired.Key | None:
    """A Secret or ConfigMap that the pods need for the destination, and that is not there."""
    namespace = server.metadata.namespace
    for kind, name in desired.of_backups(server):
        if await world.cluster.get(kind, namespace, name) is None:
            return kind, name
    return None
