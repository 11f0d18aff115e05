"""What the preparation of a server said: the termination message of its Job's newest pod."""

from typing import Any

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.reconcile.children import job_condition, succeeded
from mlflow_operator.reconcile.world import World
from mlflow_operator.status.preparation import Preparation


async def report(world: World, server: MLflowServer, job_name: str) -> Preparation | None:
    """The newest report, or None while there is none; asked once for each end of a pod."""
    job = world.store.get("Job", server.metadata.namespace, job_name)
    if job is None:
        return None
    # A success is counted a moment before the Job is complete, and there is nothing to do with the news until then.
    failures = job.get("status", {}).get("failed", 0)
    ended = (job["metadata"]["uid"], failures, succeeded(job), job_condition(job, "Failed") is not None)
    if not any(ended[1:]):
        return None
    me = (server.metadata.namespace, server.metadata.name)
    known = world.reports.get(me)
    if known and known[0] == ended:
        return known[1]
    found = await _read(world, server, job_name)
    world.reports[me] = (ended, found)
    return found


async def _read(world: World, server: MLflowServer, job_name: str) -> Preparation | None:
    labels = f"batch.kubernetes.io/job-name={job_name}"
    pods = await world.cluster.list("Pod", server.metadata.namespace, labels=labels)
    ends = [end for pod in pods if (end := _end(pod))]
    if not ends:
        return None
    message = max(ends, key=lambda end: str(end.get("finishedAt", ""))).get("message", "")
    return Preparation.parse(message) or Preparation.broken(message)


def _end(pod: dict[str, Any]) -> dict[str, Any] | None:
    """How the pod's container ended, if it did."""
    for container in pod.get("status", {}).get("containerStatuses", []):
        if end := container.get("state", {}).get("terminated"):
            found: dict[str, Any] = end
            return found
    return None
