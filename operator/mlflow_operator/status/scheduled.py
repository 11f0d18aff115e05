"""What the Jobs of a server's CronJobs tell: which ended last, what it said, and whether the next is late."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from mlflow_operator.status.preparations import condition, ended

Object = dict[str, Any]
_HOUR = timedelta(hours=1)


class Failure(NamedTuple):
    """How a Job failed."""

    time: datetime
    reason: str
    message: str


def newest(jobs: Sequence[Object]) -> Object | None:
    """The Job that ended last."""
    return max((job for job in jobs if ended(job)), key=ended_at, default=None)


def ended_at(job: Object) -> datetime:
    """When a Job has ended."""
    end = condition(job, "Complete") or condition(job, "Failed") or {}
    return datetime.fromisoformat(end["lastTransitionTime"])


def report(message: str) -> Object:
    """The document that a container has left as its last words; empty for anything else."""
    try:
        found = json.loads(message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def failure(job: Object, message: str, otherwise: str) -> Failure:
    """How a Job failed, by its container's last words, and by its own where there are none.

    Args:
        job: the Job.
        message: the last words of its container, empty where nobody knows them.
        otherwise: the reason where those have none.
    """
    said, failed = report(message), condition(job, "Failed") or {}
    told = said.get("message") or message.strip()[-300:] or f"{failed.get('reason')}: {failed.get('message')}"
    return Failure(ended_at(job), str(said.get("reason") or otherwise), str(told))


def second_due(schedule: str, time_zone: str | None, since: datetime) -> datetime | None:
    """When a second Job after one of that time should have ended; None where nobody can say."""
    try:
        moments = CronSim(schedule, since.astimezone(ZoneInfo(time_zone or "UTC")))
        next(moments)
        return next(moments) + _HOUR
    except (CronSimError, ZoneInfoNotFoundError, StopIteration):
        return None
