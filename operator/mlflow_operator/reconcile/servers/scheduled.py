"""What the Jobs of a server's CronJobs have come to."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Object
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.objects import SERVER
from mlflow_operator.reconcile.world import World


def jobs(world: World, server: MLflowServer, component: str) -> list[Object]:
    """The Jobs of a component that are there."""
    me = Key(SERVER, server.metadata.namespace, server.metadata.name)
    found = [obj for obj in objects.children(world.store, me) if obj["kind"] == "Job"]
    return [job for job in found if job["metadata"]["labels"].get(names.COMPONENT_LABEL) == component]


async def last_words(world: World, job: Object, container: str) -> str:
    """What a Job's container said last, in the pod that ended last.

    Raises:
        ClusterUnavailable: Nobody could be asked.
    """
    labels = f"batch.kubernetes.io/job-name={job['metadata']['name']}"
    ends = [
        end
        for pod in await world.cluster.list("Pod", job["metadata"]["namespace"], labels=labels)
        for each in pod.get("status", {}).get("containerStatuses", [])
        if each["name"] == container and (end := each.get("state", {}).get("terminated"))
    ]
    return str(max(ends, key=lambda end: str(end.get("finishedAt", ""))).get("message", "")) if ends else ""
