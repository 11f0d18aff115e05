"""CronJobs of a server: what it does by itself from time to time, without the server being asked."""

from typing import NamedTuple

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names
from mlflow_operator.desired.inputs import Object

_DEADLINE_SECONDS = 24 * 3600
_LATE_SECONDS = 3600
"""How late a Job may begin, after an operator or a controller was away."""


class Timing(NamedTuple):
    """When Jobs begin."""

    schedule: str
    time_zone: str | None
    suspend: bool


class Task(NamedTuple):
    """What Jobs do."""

    component: str
    template: Object
    """Of their pods."""
    hopeless: dict[str, list[int]]
    """By container, with which codes it ends where another try would end the same way."""


def cron_job(server: MLflowServer, name: str, timing: Timing, task: Task) -> Object:
    """The CronJob of that name."""
    zone = {"timeZone": timing.time_zone} if timing.time_zone else {}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": names.metadata(server, name, task.component),
        "spec": {
            "schedule": timing.schedule,
            **zone,
            # While the server hibernates, a managed database does not run.
            "suspend": timing.suspend or server.spec.hibernate,
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": _LATE_SECONDS,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": job(server, task),
        },
    }


def job(server: MLflowServer, task: Task) -> Object:
    """Metadata and spec of one Job of it."""
    return {"metadata": _of_jobs(server, task.component), "spec": _job(task)}


def _of_jobs(server: MLflowServer, component: str) -> Object:
    """Labels by which the operator sees the Jobs, and the name of the server that they are for."""
    return {
        "labels": names.labels(server, component),
        "annotations": {names.SERVER_ANNOTATION: server.metadata.name},
    }


def _job(task: Task) -> Object:
    refused = [{"containerName": name, "operator": "In", "values": codes} for name, codes in task.hopeless.items()]
    return {
        "backoffLimit": 3,
        "activeDeadlineSeconds": _DEADLINE_SECONDS,
        "podFailurePolicy": {
            "rules": [
                *({"action": "FailJob", "onExitCodes": codes} for codes in refused),
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            ]
        },
        "template": task.template,
    }
