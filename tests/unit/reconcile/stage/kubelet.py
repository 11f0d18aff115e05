"""What the Job controller and a kubelet make of the Jobs of gates, when a test says so."""

import json
from datetime import datetime
from typing import Any

from mlflow_operator.engine.queue import Key

from .simulation import Simulation

Object = dict[str, Any]


def jobs(world: Simulation) -> list[Object]:
    """The Jobs that are there, by name."""
    keys = sorted(key for key in world.cluster.objects if key.kind == "Job")
    return [world.cluster.objects[key] for key in keys]


def variables(job: Object) -> dict[str, str]:
    """What the container of a Job is told."""
    (container,) = job["spec"]["template"]["spec"]["containers"]
    return {variable["name"]: variable.get("value", "") for variable in container["env"]}


def waits(world: Simulation, job: Object, reason: str, since: str) -> None:
    """Its container is kept from starting."""
    state = {"waiting": {"reason": reason, "message": "not found"}}
    unready = {"type": "Ready", "status": "False", "lastTransitionTime": since}
    world.cluster.pods = [_pod(job, {"phase": "Pending", "conditions": [unready]}, state)]
    _report(world, job, {"active": 1})


def ends(world: Simulation, job: Object, code: int = 0, message: str | Object = "", *, evicted: bool = False) -> None:
    """Its container has ended, with what it has written; the Job is over."""
    text = message if isinstance(message, str) else json.dumps(message)
    state = {"terminated": {"exitCode": code, "message": text, "finishedAt": now(world), "reason": "Error"}}
    why = {"reason": "Evicted"} if evicted else {}
    world.cluster.pods.append(_pod(job, {"phase": "Failed" if code else "Succeeded", **why}, state))
    _over(world, job, "Failed" if code else "Complete", "BackoffLimitExceeded" if code else "CompletionsReached")


def takes_too_long(world: Simulation, job: Object) -> None:
    """Its deadline has come, and its pods are gone."""
    _over(world, job, "Failed", "DeadlineExceeded")


def now(world: Simulation) -> str:
    """This moment, as the API server writes it."""
    return datetime.strftime(world.moment, "%Y-%m-%dT%H:%M:%SZ")


def _over(world: Simulation, job: Object, type_: str, reason: str) -> None:
    over = {"type": type_, "status": "True", "reason": reason, "lastTransitionTime": now(world)}
    _report(world, job, {"conditions": [over]})


def _report(world: Simulation, job: Object, status: Object) -> None:
    world.cluster.report(Key("Job", "team", job["metadata"]["name"]), status)


def _pod(job: Object, status: Object, state: Object) -> Object:
    uid, name = job["metadata"]["uid"], job["metadata"]["name"]
    labels = {**job["spec"]["template"]["metadata"]["labels"], "batch.kubernetes.io/controller-uid": uid}
    (container,) = job["spec"]["template"]["spec"]["containers"]
    statuses = [{"name": container["name"], "image": container["image"], "state": state}]
    return {
        "kind": "Pod",
        "metadata": {
            "name": f"{name}-x5v2k",
            "uid": f"pod-of-{uid}",
            "labels": labels,
            "creationTimestamp": "2026-01-02T03:04:05Z",
            "ownerReferences": [{"kind": "Job", "name": name, "uid": uid, "controller": True}],
        },
        "status": {**status, "containerStatuses": statuses},
    }
