"""The preparation of a server: which Jobs there are, what the newest of them said, and when one may begin."""

from dataclasses import replace

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import Desired, names
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import Waiting
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.objects import SERVER
from mlflow_operator.reconcile.world import World
from mlflow_operator.status.preparation import Preparation, restored
from mlflow_operator.status.preparations import Preparations, condition, end_of, ended, ends_before, stores_of


async def found(world: World, server: MLflowServer) -> Preparations:
    """The preparations of a server, with their pods as long as one has not ended."""
    me = Key(SERVER, server.metadata.namespace, server.metadata.name)
    jobs = tuple(o for o in objects.owned(world.store, me, server.metadata.uid) if o["kind"] == "Job")
    if all(ended(job) for job in jobs):
        return Preparations(jobs)
    labels = ",".join(f"{name}={value}" for name, value in names.selector(server, names.PREPARE).items())
    return Preparations(jobs, tuple(await world.cluster.list("Pod", server.metadata.namespace, labels=labels)))


def check_room(there: Preparations, wanted: Desired) -> bool:
    """Whether the wanted preparation may begin; one that is just going is waited for without a word.

    Raises:
        Waiting: An earlier one for other stores is at work, or does not go.
    """
    other = there.in_the_way(wanted.preparation or "")
    if other is None:
        return True
    name = other["metadata"]["name"]
    if there.at_work(other) and stores_of(other) != wanted.stores:
        message = (
            f"Job {name}, for an earlier spec, is still at work on the stores and is let finish, since a migration that"
            f" is interrupted may spoil the database; then Job {wanted.preparation} follows. If it hangs, see its log"
        )
        raise Waiting("PredecessorRunning", message, after=30)
    return False


async def report(world: World, server: MLflowServer, wanted: Desired, there: Preparations) -> Preparation | None:
    """The newest report, or None while there is none; asked once for each end of a pod."""
    job = there.reporting(wanted)
    if job is None:
        return None
    failures = job.get("status", {}).get("failed", 0)
    end = (job["metadata"]["uid"], failures, there.done(job), condition(job, "Failed") is not None)
    if not any(end[1:]):
        return None
    me = (server.metadata.namespace, server.metadata.name)
    known = world.reports.get(me)
    if known and known[0] == end:
        return known[1]
    read = await _read(world, server, job["metadata"]["name"])
    world.reports[me] = (end, read)
    return read


async def _read(world: World, server: MLflowServer, job_name: str) -> Preparation | None:
    labels = f"batch.kubernetes.io/job-name={job_name}"
    pods = await world.cluster.list("Pod", server.metadata.namespace, labels=labels)
    before = [end for pod in pods for end in ends_before(pod)]
    ends = [end for pod in pods if (end := end_of(pod))] + [end for end in before if end["exitCode"]]
    if not ends:
        return None
    message = max(ends, key=lambda end: str(end.get("finishedAt", ""))).get("message", "")
    report = Preparation.parse(message) or Preparation.not_restored(message) or Preparation.broken(message)
    known = [name for end in before if (name := restored(end.get("message", "")))]
    return replace(report, restored=known[0] if known else None)
