"""Why pods do not come to run: the words of controllers, scheduler and kubelets, by reason."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlflow_operator.desired import names
from mlflow_operator.status.waits import PATIENCE, Surroundings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Object = dict[str, Any]


def ago(seconds: float) -> str:
    """A moment, as the API server writes it."""
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def meta(component: str, uid: str, since: float) -> Object:
    """Metadata of something that belongs to a component."""
    return {"name": uid, "uid": uid, "creationTimestamp": ago(since), "labels": {names.COMPONENT_LABEL: component}}


def pod(component: str = names.SERVER, since: float = 30, *conditions: Object, **states: Object) -> Object:
    """A pod that is not ready, with the status of its containers by name."""
    containers = [{"name": name, "image": "registry/image:1", **state} for name, state in states.items()]
    unready = {"type": "Ready", "status": "False", "lastTransitionTime": ago(since)}
    status = {"phase": "Pending", "conditions": [*conditions, unready], "containerStatuses": containers}
    return {"kind": "Pod", "metadata": meta(component, "pod", since), "status": status}


def owner(kind: str, component: str = names.SERVER, since: float = 30, **status: Any) -> Object:
    """Who makes pods."""
    return {"kind": kind, "metadata": meta(component, "owner", since), "spec": {"replicas": 1}, "status": status}


def queued(since: float = 30) -> Object:
    """A preparation that a queue holds back; pods were refused before."""
    job = owner("Job", "prepare", since, conditions=[condition("Suspended", "True", since)])
    job["spec"]["suspend"] = True
    return job


def gated(since: float = 30) -> Object:
    """A pod that a queue holds back."""
    waits = condition("PodScheduled", "False", since, reason="SchedulingGated", message="Scheduling is blocked")
    return pod("server", since, waits) | {"spec": {"schedulingGates": [{"name": "queue.example/turn"}]}}


def condition(type_: str, status: str, since: float = 30, **more: str) -> Object:
    """A condition of anything."""
    return {"type": type_, "status": status, "lastTransitionTime": ago(since), **more}


def warning(uid: str, reason: str, note: str) -> Object:
    """An Event."""
    return {"regarding": {"uid": uid}, "reason": reason, "note": note, "deprecatedLastTimestamp": ago(5)}


def unscheduled(message: str, since: float = 30) -> Object:
    """What the scheduler says."""
    return condition("PodScheduled", "False", since, reason="Unschedulable", message=message)


def lost(since: float = 5) -> Object:
    """A pod whose kubelet was not heard of any more, and which last changed so many seconds ago."""
    found = pod(names.SERVER, 30, condition("ContainersReady", "True", since), mlflow={"state": {"running": {}}})
    return found | {"spec": {"nodeName": "node7"}}


def leaving(obj: Object, seconds: float, *finalizers: str) -> Object:
    """What should have gone so many seconds ago."""
    deleted = {"deletionTimestamp": ago(seconds), "finalizers": list(finalizers)}
    return obj | {"metadata": {**obj["metadata"], **deleted}}


QUOTA = 'pods "x" is forbidden: exceeded quota: small'
EXCEEDED = warning("owner", "FailedCreate", QUOTA)
PULL = {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "registry/image:1"'}}
CONFIG = {"waiting": {"reason": "CreateContainerConfigError", "message": "image will run as root"}}
LOOP = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
END = {"terminated": {"exitCode": 1, "reason": "Error", "message": "cannot open postgresql://me:secret@db/mlflow"}}
KILLED = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
COMPLETED = {"terminated": {"exitCode": 0, "reason": "Completed"}}
FINE: Object = {"running": {}}

CAUSES: dict[str, tuple[Surroundings, str | None, str]] = {
    "nothing": (Surroundings(), None, ""),
    "a pod that starts": (Surroundings(pods=(pod(mlflow={"state": FINE}),)), None, ""),
    "an image": (Surroundings(pods=(pod(mlflow={"state": PULL}),)), "ImagePullFailed", "registry/image:1"),
    "an image beside a sidecar": (
        Surroundings(pods=(pod("prepare", 30, **{"a-proxy": {"state": FINE}, "prepare": {"state": PULL}}),)),
        "ImagePullFailed",
        "of the preparation",
    ),
    "a node": (
        Surroundings(pods=(pod("prepare", 30, unscheduled("0/3 nodes are available: 3 Insufficient memory.")),)),
        "Unschedulable",
        "3 Insufficient memory",
    ),
    "a claim": (
        Surroundings(pods=(pod("postgres", 30, unscheduled("pod has unbound immediate PersistentVolumeClaims")),)),
        "VolumePending",
        "of the managed PostgreSQL",
    ),
    "a class without volumes": (
        Surroundings(
            pods=(
                pod(
                    "prepare",
                    30,
                    unscheduled("1 node(s) didn't find available persistent volumes"),
                ),
            )
        ),
        "VolumePending",
        "of the preparation",
    ),
    "a class that does not exist": (
        Surroundings(
            pods=(
                pod(
                    "prepare",
                    30,
                    unscheduled('storageclass.storage.k8s.io "x" not found'),
                ),
            )
        ),
        "VolumePending",
        "of the preparation",
    ),
    "a volume": (
        Surroundings(pods=(pod(),), events=(warning("pod", "FailedMount", "timed out"),)),
        "VolumePending",
        "timed out",
    ),
    "a volume that was late": (
        Surroundings(pods=(pod(mlflow={"state": FINE}),), events=(warning("pod", "FailedMount", "timed out"),)),
        None,
        "",
    ),
    "a lost node": (
        Surroundings(pods=(lost(),), events=(warning("pod", "NodeNotReady", "Node is not ready"),)),
        "NodeLost",
        "kubectl delete node node7",
    ),
    "a node that is back": (
        Surroundings(pods=(lost(2),), events=(warning("pod", "NodeNotReady", "Node is not ready"),)),
        None,
        "",
    ),
    "a pod that does not end": (Surroundings(pods=(leaving(lost(), 60),)), "PodNotEnding", "kubectl delete node node7"),
    "a pod that is about to end": (Surroundings(pods=(leaving(lost(), 20),)), None, ""),
    "a Job that somebody holds": (
        Surroundings((leaving(owner("Job", "prepare"), 60, "foregroundDeletion", "somebody.else/holds-it"),)),
        "PredecessorLeaving",
        "of the preparation was deleted and has not gone, since others hold it: somebody.else/holds-it",
    ),
    "a Job whose pods go first": (
        Surroundings((leaving(owner("Job", "prepare"), 60, "foregroundDeletion"),)),
        "PredecessorLeaving",
        "its pods go first",
    ),
    "a pod of somebody else": (Surroundings(pods=(pod(),), events=(warning("x", "FailedMount", "n"),)), None, ""),
    "settings": (Surroundings(pods=(pod(mlflow={"state": CONFIG}),)), "PodNotStarted", "image will run as root"),
    "a crash": (Surroundings(pods=(pod(mlflow={"state": LOOP, "lastState": END}),)), "PodCrashed", "://…@db/mlflow"),
    "memory": (Surroundings(pods=(pod(mlflow={"state": KILLED}),)), "PodCrashed", "exit code 137, OOMKilled"),
    "an end that claims to be a good one": (
        Surroundings(pods=(pod(mlflow={"state": LOOP, "lastState": COMPLETED}),)),
        "PodCrashed",
        "crashed (exit code 0); its log says why",
    ),
    "a restart that is over": (
        Surroundings(pods=(pod(mlflow={"state": FINE, "lastState": END, "ready": True}),)),
        None,
        "",
    ),
    "a preparation that failed": (Surroundings(pods=(pod("prepare", 30, prepare={"state": END}),)), None, ""),
    "a quota for a Deployment": (
        Surroundings((owner("Deployment", conditions=[condition("ReplicaFailure", "True", message=QUOTA)]),)),
        "PodsRefused",
        "exceeded quota: small",
    ),
    "a quota for a Job": (Surroundings((owner("Job", "prepare"),), events=(EXCEEDED,)), "PodsRefused", "preparation"),
    "a quota for a store": (
        Surroundings((owner("StatefulSet", "object-store"),), events=(EXCEEDED,)),
        "PodsRefused",
        "object store",
    ),
    "a quota that was raised": (Surroundings((owner("Job", "prepare", active=1),), events=(EXCEEDED,)), None, ""),
    "a queue that suspends the Job": (
        Surroundings((queued(),), events=(EXCEEDED,)),
        "PreparationSuspended",
        "Job owner of the preparation is suspended",
    ),
    "a Job that is suspended for a moment": (Surroundings((queued(2),)), None, ""),
    "a queue that gates pods": (Surroundings(pods=(gated(),)), "PodsGated", "queue.example/turn"),
    "a Job that is complete": (
        Surroundings((owner("Job", conditions=[condition("Complete", "True")]),), events=(EXCEEDED,)),
        None,
        "",
    ),
    "a deadline": (
        Surroundings((owner("Job", "prepare", conditions=[condition("Failed", "True", reason="DeadlineExceeded")]),)),
        "DeadlineExceeded",
        "preparation",
    ),
    "a store before what needs it": (
        Surroundings(
            pods=(pod("server", 30, mlflow={"state": LOOP, "lastState": END}), pod("postgres", 30, x={"state": PULL}))
        ),
        "ImagePullFailed",
        "of the managed PostgreSQL",
    ),
    "a claim that is just being bound": (Surroundings(pods=(pod("prepare", 2, unscheduled("unbound", 2)),)), None, ""),
}


@pytest.mark.parametrize(("around", "reason", "told"), CAUSES.values(), ids=list(CAUSES))
def test_what_keeps_pods_from_running_has_a_reason(around: Surroundings, reason: str | None, told: str) -> None:
    """In the words of who knows it, with what it is about; a login never gets into it."""
    cause = around.cause(NOW)
    assert (cause.reason if cause else None) == reason
    if cause:
        assert told in cause.message
        assert "secret" not in cause.message


@pytest.mark.parametrize(("seconds", "final"), [(30, False), (PATIENCE.total_seconds() + 1, True)])
def test_waiting_has_an_end(seconds: float, *, final: bool) -> None:
    """What has not come after three minutes is stalled, and heals by itself all the same."""
    cause = Surroundings(pods=(pod("server", seconds, mlflow={"state": PULL}),)).cause(NOW)
    assert cause is not None
    assert cause.is_final(NOW) is final


@pytest.mark.parametrize("around", [Surroundings((queued(9000),)), Surroundings(pods=(gated(9000),))])
def test_a_queue_may_take_its_time(around: Surroundings) -> None:
    """What somebody holds back on purpose is waited for, however long, and never stalled."""
    cause = around.cause(NOW)
    assert cause is not None
    assert not cause.is_final(NOW)


@pytest.mark.parametrize("how", ["ready", "ended", "leaving"])
def test_a_pod_that_nobody_waits_for_is_no_cause(how: str) -> None:
    """Neither one that is ready, nor one that has ended or goes."""
    found = pod(mlflow={"state": PULL})
    if how == "ready":
        found["status"]["conditions"] = [condition("Ready", "True")]
    elif how == "ended":
        found["status"]["phase"] = "Failed"
    else:
        found = leaving(found, 1)
    assert Surroundings(pods=(found,)).cause(NOW) is None


def test_waiting_begins_when_the_pod_is_not_ready_any_more() -> None:
    """One that was well for days is not stalled at its first crash."""
    crashed = pod("server", 30, condition("PodScheduled", "True", 90000), mlflow={"state": LOOP, "lastState": END})
    crashed["metadata"]["creationTimestamp"] = ago(90000)
    cause = Surroundings(pods=(crashed,)).cause(NOW)
    assert cause is not None
    assert not cause.is_final(NOW)


def of_kind(name: str, since: float, **states: Object) -> Object:
    """A pod of the server of one of its templates."""
    found = pod(names.SERVER, since, **states)
    found["metadata"]["labels"]["pod-template-hash"] = name
    return found


def test_a_correction_is_not_blamed_for_the_pods_that_it_replaces() -> None:
    """They go on crashing until the new ones are ready; and nobody waits for the server before its preparation."""
    old, new = of_kind("old", 300, mlflow={"state": LOOP, "lastState": END}), of_kind("new", 30, mlflow={"state": FINE})
    assert Surroundings(pods=(old, new)).cause(NOW) is None
    assert Surroundings(pods=(old,)).cause(NOW) is not None
    assert Surroundings(pods=(old,)).cause(NOW, prepared=False) is None
    worse = of_kind("new", 30, mlflow={"state": PULL})
    cause = Surroundings(pods=(old, worse)).cause(NOW)
    assert cause is not None
    assert cause.reason == "ImagePullFailed"
