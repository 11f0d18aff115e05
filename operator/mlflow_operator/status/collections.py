"""What has become of what users have deleted; no reason of Ready's, since a server works without."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.garbage_collection import Collected, CollectionFailed, CollectionStatus
from mlflow_operator.desired import names
from mlflow_operator.status import scheduled
from mlflow_operator.status.conditions import Answer
from mlflow_operator.status.preparations import succeeded

Object = dict[str, Any]


@dataclass(frozen=True)
class Collections:
    """What was found."""

    status: CollectionStatus
    answer: Answer
    """Status, reason and message of GarbageCollected."""


def after(before: CollectionStatus, job: Object, message: str) -> CollectionStatus:
    """The status when a Job has ended; ``message`` is the last that its container said, empty where nobody knows."""
    known = {"job": job["metadata"]["uid"]}
    if succeeded(job) and (collected := _collected(job, scheduled.report(message))):
        return before.model_copy(update=known | {"last_successful": collected})
    failure = CollectionFailed(**scheduled.failure(job, message, "CollectionFailed")._asdict())
    return before.model_copy(update=known | {"last_failure": failure})


def answer(server: MLflowServer, status: CollectionStatus, now: datetime) -> Answer:
    """Status, reason and message of GarbageCollected."""
    last, failed, name = status.last_successful, status.last_failure, names.collection(server)
    if failed and (last is None or failed.time > last.time):
        when = f"{failed.time:%Y-%m-%dT%H:%M:%SZ}"
        return Answer("False", failed.reason, f"the collection that ended at {when} failed: {failed.message}")
    if last is None:
        now_ = f"kubectl create job --from=cronjob/{name} {name}-now"
        return Answer("Unknown", "NoCollectionYet", f"the schedule makes the first, or: {now_}")
    told = (
        f"{last.runs} runs, {last.logged_models} logged models and {last.experiments} experiments, {last.bytes} bytes; "
        f"{last.kept} stay, though they are old enough"
    )
    wanted = server.spec.garbage_collection
    if wanted and not wanted.suspend and not server.spec.hibernate:
        due = scheduled.second_due(wanted.schedule, wanted.time_zone, last.time)
        if due and now > due:
            message = f"the schedule has asked for two since the last; see the events of CronJob {name}"
            return Answer("False", "CollectionOverdue", message)
    if last.dry_run:
        return Answer("True", "Counted", f"would remove {told}; the log of the Job's pod names them")
    return Answer("True", "Collected", f"removed {told}")


def _collected(job: Object, report: Object) -> Collected | None:
    """What a collection says of itself; None where that is not to be read."""
    if report.get("ok") is not True:
        return None
    try:
        return Collected.model_validate({**report, "time": scheduled.ended_at(job)})
    except ValidationError:
        return None
