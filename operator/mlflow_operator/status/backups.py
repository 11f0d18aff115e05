"""What has become of a server's backups; no reason of Ready's, since a server works without them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.backup import BackupFailed, BackupMade, BackupStatus
from mlflow_operator.desired import Key, names
from mlflow_operator.status import scheduled
from mlflow_operator.status.conditions import Answer
from mlflow_operator.status.preparations import succeeded

Object = dict[str, Any]


@dataclass(frozen=True)
class Backups:
    """What was found."""

    status: BackupStatus
    answer: Answer
    """Status, reason and message of BackupReady."""


def after(before: BackupStatus, job: Object, message: str) -> BackupStatus:
    """The status when a Job has ended; ``message`` is the last that its container said, empty where nobody knows."""
    known = {"job": job["metadata"]["uid"]}
    if succeeded(job) and (made := _made(scheduled.report(message))):
        return before.model_copy(update=known | {"last_successful": made})
    failure = BackupFailed(**scheduled.failure(job, message, "BackupFailed")._asdict())
    return before.model_copy(update=known | {"last_failure": failure})


def answer(server: MLflowServer, status: BackupStatus, now: datetime, missing: Key | None) -> Answer:
    """Status, reason and message of BackupReady; ``missing`` is an object that its pods need."""
    made, failed = status.last_successful, status.last_failure
    if missing:
        message = f"{' '.join(missing)}, which spec.backup.destination.s3 names, does not exist; create it"
        return Answer("False", f"{missing[0]}NotFound", message)
    if failed and (made is None or failed.time > made.time + timedelta(seconds=made.seconds)):
        latest = f"the latest backup is {made.name}" if made else "there is none yet"
        when = f"{failed.time:%Y-%m-%dT%H:%M:%SZ}"
        return Answer("False", failed.reason, f"the backup that ended at {when} failed: {failed.message}; {latest}")
    name = names.backup(server)
    if made is None:
        now_ = f"kubectl create job --from=cronjob/{name} {name}-now"
        return Answer("Unknown", "NoBackupYet", f"none was made yet; the schedule makes the first, or: {now_}")
    told = f"{made.name}: {made.artifacts} artifacts, {made.bytes} bytes, copied in {made.seconds} s"
    if (due := _due(server, made.time)) and now > due:
        message = f"the schedule has asked for two since {told}; see the events of CronJob {name}"
        return Answer("False", "BackupOverdue", message)
    return Answer("True", "BackedUp", told)


def _due(server: MLflowServer, since: datetime) -> datetime | None:
    """When a second backup after one of that time should be there; None where nobody can say."""
    backup = server.spec.backup
    if backup is None or backup.suspend or server.spec.hibernate:
        return None
    return scheduled.second_due(backup.schedule, backup.time_zone, since)


def _made(report: Object) -> BackupMade | None:
    """What a backup says of itself; None where that is not to be read."""
    try:
        began, end = (datetime.fromisoformat(report[key]) for key in ("began", "ended"))
        return BackupMade(
            name=report["name"],
            time=began,
            seconds=round((end - began).total_seconds()),
            artifacts=report["artifacts"],
            bytes=report["bytes"],
            stored=report["stored"],
        )
    except (KeyError, ValueError, TypeError):
        return None
