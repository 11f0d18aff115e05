"""What has become of the collections of a server's garbage: the Job that ended last, and what its pod said."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.garbage_collection import CollectionStatus
from mlflow_operator.desired import names
from mlflow_operator.reconcile.servers.scheduled import jobs, last_words
from mlflow_operator.reconcile.world import World
from mlflow_operator.status.collections import Collections, after, answer
from mlflow_operator.status.scheduled import newest


async def look(world: World, server: MLflowServer) -> Collections | None:
    """What is known of them; None where none are wanted. A Job's pod is asked once for its end.

    Raises:
        ClusterUnavailable: Nobody could be asked.
    """
    if server.spec.garbage_collection is None:
        return None
    known = server.status.garbage_collection or CollectionStatus()
    last = newest(jobs(world, server, names.COLLECT))
    if last is not None and last["metadata"]["uid"] != known.job:
        known = after(known, last, await last_words(world, last, names.COLLECT))
    return Collections(known, answer(server, known, world.clock()))
