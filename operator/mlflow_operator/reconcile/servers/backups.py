"""What has become of a server's backups: the Job that ended last, and what its pod said."""

from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.backup import BackupStatus
from mlflow_operator.desired import names
from mlflow_operator.reconcile.servers.scheduled import jobs, last_words
from mlflow_operator.reconcile.world import World
from mlflow_operator.status.backups import Backups, after, answer
from mlflow_operator.status.scheduled import newest


async def look(world: World, server: MLflowServer) -> Backups | None:
    """What is known of the backups; None where none are wanted. A Job's pod is asked once for its end.

    Raises:
        ClusterUnavailable: Nobody could be asked.
    """
    if server.spec.backup is None:
        return None
    known = server.status.backup or BackupStatus()
    last = newest(jobs(world, server, names.BACKUP))
    if last is not None and last["metadata"]["uid"] != known.job:
        known = after(known, last, await last_words(world, last, names.BACKUP))
    return Backups(known, answer(server, known, world.clock(), await _missing(world, server)))


async def _missing(world: World, server: MLflowServer) -> desired.Key | None:
    """A Secret or ConfigMap that the pods need for the destination, and that is not there."""
    namespace = server.metadata.namespace
    for kind, name in desired.of_backups(server):
        if await world.cluster.get(kind, namespace, name) is None:
            return kind, name
    return None
