"""What is around a server that is not ready: its pods, who makes them, and what was said of both."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names
from mlflow_operator.engine.queue import Key
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.objects import SERVER
from mlflow_operator.reconcile.world import World
from mlflow_operator.status.waits import Surroundings

_MAKERS = ("StatefulSet", "Job", "Deployment")


async def surroundings(world: World, server: MLflowServer) -> Surroundings:
    """Read them: two lists, so only while something is waited for.

    Raises:
        ClusterUnavailable, ApiError: They cannot be read.
    """
    namespace = server.metadata.namespace
    me = Key(SERVER, namespace, server.metadata.name)
    owners = tuple(o for o in objects.owned(world.store, me, server.metadata.uid) if o["kind"] in _MAKERS)
    instance = f"{names.INSTANCE_LABEL}={names.instance(server)}"
    pods = await world.cluster.list("Pod", namespace, labels=instance)
    warnings = await world.cluster.list("Event", namespace, fields="type=Warning")
    return Surroundings(owners, tuple(pods), tuple(warnings))
