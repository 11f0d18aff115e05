"""The Jobs that prepare a server, as they are found: which has done its work, which is at it, and which goes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mlflow_operator.desired import Desired, names

Object = dict[str, Any]

CONTAINER = names.PREPARE
"""The container that prepares; there may be sidecars beside it."""
_BEFORE = ("make-bucket", "restore")
"""Containers before it, whose failure is its own."""
_JOB_LABEL = "batch.kubernetes.io/job-name"
_TO_END = timedelta(seconds=30)
"""What sidecars get that end when the preparation has ended."""


@dataclass(frozen=True)
class Preparations:
    """The Jobs of a server, those on their way out too, and their pods where a Job has not ended."""

    jobs: tuple[Object, ...] = ()
    pods: tuple[Object, ...] = ()

    def staying(self) -> tuple[Object, ...]:
        """Those that nobody has deleted."""
        return tuple(job for job in self.jobs if "deletionTimestamp" not in job["metadata"])

    def prepared(self) -> frozenset[str]:
        """What has been prepared: digests as ``Desired.stores``."""
        return frozenset(stores for job in self.staying() if self.done(job) and (stores := stores_of(job)))

    def done(self, job: Object) -> bool:
        """Whether a Job has done its work; a sidecar that goes on does not count."""
        return succeeded(job) or any((end := end_of(pod)) and end.get("exitCode") == 0 for pod in self._pods_of(job))

    def at_work(self, job: Object) -> bool:
        """Whether its container runs, and may be migrating a database."""
        return not ended(job) and any(_runs(pod) for pod in self._pods_of(job))

    def superfluous(self, wanted: Desired, now: datetime, patience: timedelta) -> list[Object]:
        """Those to be deleted; never one that is at work.

        A failed one goes after ``patience``, since the world may have been mended, or when its pod is described anew.
        """
        return [job for job in self.staying() if not self.at_work(job) and not self._kept(job, wanted, now, patience)]

    def in_the_way(self, name: str) -> Object | None:
        """One that has not ended, other than the one of this name: two would migrate one database at once."""
        others = (job for job in self.jobs if job["metadata"]["name"] != name and not ended(job))
        return next(others, None)

    def reporting(self, wanted: Desired) -> Object | None:
        """The one whose report counts: it prepares what is wanted, best as it is wanted, best of all with success."""
        found = [job for job in self.staying() if stores_of(job) == wanted.stores]
        order = {id(job): (self.done(job), job["metadata"]["name"] == wanted.preparation) for job in found}
        return max(found, key=lambda job: order[id(job)], default=None)

    def _kept(self, job: Object, wanted: Desired, now: datetime, patience: timedelta) -> bool:
        if wanted.stores is None or stores_of(job) != wanted.stores:
            return False
        if self.done(job):
            return ended(job) or not any(_goes_on(pod, now) for pod in self._pods_of(job))
        failed = condition(job, "Failed")
        fresh = failed is None or datetime.fromisoformat(failed["lastTransitionTime"]) >= now - patience
        return fresh and not wanted.prepared and job["metadata"]["name"] == wanted.preparation

    def _pods_of(self, job: Object) -> list[Object]:
        name = job["metadata"]["name"]
        return [pod for pod in self.pods if pod["metadata"].get("labels", {}).get(_JOB_LABEL) == name]


def stores_of(job: Object) -> str | None:
    """The digest of what a Job prepares."""
    found: str | None = job["metadata"].get("annotations", {}).get(names.STORES_ANNOTATION)
    return found


def succeeded(job: Object) -> bool:
    """Whether a Job is complete."""
    return condition(job, "Complete") is not None


def ended(job: Object) -> bool:
    """Whether a Job has ended, either way."""
    return succeeded(job) or condition(job, "Failed") is not None


def condition(job: Object, type_: str) -> Object | None:
    """A condition of a Job, if it is true."""
    conditions = job.get("status", {}).get("conditions", [])
    return next((c for c in conditions if c["type"] == type_ and c["status"] == "True"), None)


def end_of(pod: Object) -> Object | None:
    """How the preparation's container ended, if it did."""
    found: Object | None = _state(pod).get("terminated")
    return found


def ends_before(pod: Object) -> list[Object]:
    """How the containers ended that restore a backup before it; one that failed is why it never began."""
    containers = pod.get("status", {}).get("initContainerStatuses", [])
    states = [c.get("state", {}) for c in containers if c["name"] in _BEFORE]
    return [end for state in states if (end := state.get("terminated"))]


def _runs(pod: Object) -> bool:
    """A pod whose containers nobody has reported on may run as well."""
    state = _state(pod)
    return "running" in state or (not state and pod.get("status", {}).get("phase") == "Running")


def _goes_on(pod: Object, now: datetime) -> bool:
    """Whether a sidecar runs on and on, and would hold the volumes; one that ends by itself takes a moment to do so.

    The phase tells it not: it stays Running for a moment after the last container.
    """
    containers = pod.get("status", {}).get("containerStatuses", [])
    running = any("running" in c.get("state", {}) for c in containers if c["name"] != CONTAINER)
    finished = (end_of(pod) or {}).get("finishedAt")
    return running and finished is not None and now - datetime.fromisoformat(finished) >= _TO_END


def _state(pod: Object) -> Object:
    containers = pod.get("status", {}).get("containerStatuses", [])
    return next((c.get("state", {}) for c in containers if c["name"] == CONTAINER), {})
