"""Why pods do not come to run: from what controllers, scheduler and kubelets say, a reason and a sentence.

Read only while something is not ready. The words of others are passed on, without what may be a login in them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mlflow_operator.desired import names

Object = dict[str, Any]

PATIENCE = timedelta(minutes=3)
"""After it, what was waited for is not expected to come by itself any more."""
_AT_FIRST = timedelta(seconds=5)
"""Claims that are being bound and accounts that are being made look like trouble for a moment."""
_OVERDUE = timedelta(seconds=30)
"""What was told to go is gone by then, as a rule."""
_LONGEST = 600
_LOGIN = re.compile(r"(?<=://)[^@/\s]+@")

SUBJECTS = {
    names.POSTGRES: "the managed PostgreSQL",
    names.OBJECT_STORE: "the managed object store",
    names.PREPARE: "the preparation",
    names.SERVER: "the server",
    names.GATE: "the validation",
}
"""Components of a server in the order in which they need each other, and that of a claim's gate."""
_PULL = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError")
_NOT_MADE = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
_VOLUME = ("FailedMount", "FailedAttachVolume", "FailedMapVolume")
_KIND_LABEL = "pod-template-hash"
_FINALIZERS_OF_KUBERNETES = ("batch.kubernetes.io/job-tracking", "foregroundDeletion", "orphan")
_OF_VOLUMES = re.compile("volume|storage ?class|free storage", re.IGNORECASE)
"""What the scheduler says of claims, volumes and their classes."""


@dataclass(frozen=True)
class Cause:
    """What keeps a component from running, and since when."""

    component: str
    reason: str
    message: str
    since: datetime
    final: bool = False
    """Nothing is going to happen by itself."""
    held: bool = False
    """Somebody holds it back on purpose, and lets it go when its turn comes."""

    def is_final(self, now: datetime) -> bool:
        """Whether waiting is over."""
        return self.final or (not self.held and now - self.since >= PATIENCE)


@dataclass(frozen=True)
class Surroundings:
    """Deployments, StatefulSets and Jobs of a server, all its pods, and Warnings about any of them."""

    owners: tuple[Object, ...] = ()
    pods: tuple[Object, ...] = ()
    events: tuple[Object, ...] = ()

    def cause(self, now: datetime, *, prepared: bool = True) -> Cause | None:
        """The first thing that is in the way, if anything is; before the preparation, nobody waits for the server."""
        awaited = [component for component in SUBJECTS if prepared or component != names.SERVER]
        found = (cause for component in awaited for cause in self._of(component))
        return next((cause for cause in found if cause.final or now - cause.since >= _AT_FIRST), None)

    def _of(self, component: str) -> Iterator[Cause]:
        for owner in self.owners:
            if _component(owner) == component and not _is_over(owner):
                held = _suspended(owner, component)
                yield from [held] if held else self._refused(owner, component)
        pods = [pod for pod in self.pods if _component(pod) == component]
        for pod in _newest(pods):
            if _is_awaited(pod):
                yield from self._stuck(pod, component)
        for leaving in (*pods, *(owner for owner in self.owners if _component(owner) == component)):
            if "deletionTimestamp" in leaving["metadata"]:
                yield _not_gone(leaving, component)

    def _refused(self, owner: Object, component: str) -> Iterator[Cause]:
        """Pods that nobody could make, by quota, limits, policies or a missing account."""
        subject, advice = SUBJECTS[component], "raise the quota, or give the pods what the policy asks for"
        failed = _condition(owner, "Failed")
        if failed and failed.get("reason") == "DeadlineExceeded":
            message = f"{subject} did not end within its time; see the log of its pod; it is made again by and by"
            yield Cause(component, "DeadlineExceeded", message, _time(failed["lastTransitionTime"]), final=True)
        if failure := _condition(owner, "ReplicaFailure"):
            message = f"pods of {subject} are refused: {quoted(failure.get('message'))}; {advice}"
            yield Cause(component, "PodsRefused", message, _time(failure["lastTransitionTime"]))
        elif _lacks_pods(owner) and (event := self._event(owner, "FailedCreate")):
            message = f"pods of {subject} are refused: {quoted(event.get('note'))}; {advice}"
            yield Cause(component, "PodsRefused", message, _time(owner["metadata"]["creationTimestamp"]))

    def _stuck(self, pod: Object, component: str) -> Iterator[Cause]:
        """A pod that exists and does not get ready."""
        subject, since = SUBJECTS[component], _since(pod)
        scheduled = next((c for c in _conditions(pod) if c["type"] == "PodScheduled"), {})
        if scheduled.get("reason") == "SchedulingGated":
            gates = ", ".join(gate["name"] for gate in pod["spec"].get("schedulingGates", []))
            told = f"a pod of {subject} is held back by scheduling gates: {gates}; who set them, as a queue does, "
            yield Cause(component, "PodsGated", told + "lifts them in its turn", since, held=True)
        elif scheduled.get("status") == "False":
            told = quoted(scheduled.get("message"))
            if _OF_VOLUMES.search(told):
                advice = "see the claim and its storage class, by kubectl describe pvc"
                yield Cause(
                    component, "VolumePending", f"a pod of {subject} waits for a volume: {told}; {advice}", since
                )
            else:
                advice = "correct nodeSelector, tolerations, affinity or resources, or add a node"
                yield Cause(component, "Unschedulable", f"no node takes a pod of {subject}: {told}; {advice}", since)
        for container in _containers(pod):
            if cause := _of_container(container, component, since):
                yield cause
        if not _has_begun(pod) and (event := self._event(pod, *_VOLUME)):
            told = f"a pod of {subject} waits for a volume: {quoted(event.get('note'))}"
            yield Cause(component, "VolumePending", told, since)
        if (event := self._event(pod, "NodeNotReady")) and _when(event) >= _latest(pod):
            yield Cause(component, "NodeLost", _lost(pod, subject), since)

    def _event(self, obj: Object, *reasons: str) -> Object | None:
        uid = obj["metadata"]["uid"]
        about = (e for e in self.events if e.get("regarding", {}).get("uid") == uid and e.get("reason") in reasons)
        return max(about, key=_when, default=None)


def _suspended(job: Object, component: str) -> Cause | None:
    """A Job that somebody stopped: a queue until its turn comes, or a person."""
    if not job["spec"].get("suspend"):
        return None
    since = (_condition(job, "Suspended") or {}).get("lastTransitionTime") or job["metadata"]["creationTimestamp"]
    message = (
        f"Job {job['metadata']['name']} of {SUBJECTS[component]} is suspended; a queue that did so resumes it in its "
        "turn; otherwise set spec.suspend of the Job to false"
    )
    reason = "JobSuspended" if component == names.GATE else "PreparationSuspended"
    return Cause(component, reason, message, _time(since), held=True)


def _of_container(container: Object, component: str, since: datetime) -> Cause | None:
    subject, name = SUBJECTS[component], container["name"]
    waiting = container.get("state", {}).get("waiting", {})
    why, told = waiting.get("reason"), quoted(waiting.get("message"))
    if why in _PULL:
        message = f"the image {container['image']} of {subject} cannot be pulled: {told or why}; "
        return Cause(component, "ImagePullFailed", message + "correct the image, or its pullSecrets", since)
    if why in _NOT_MADE:
        message = f"container {name} of {subject} cannot be started: {told or why}; correct what it names"
        return Cause(component, "PodNotStarted", message, since)
    end = _end_of(container)
    if component in (names.PREPARE, names.GATE) or end is None or container.get("ready"):
        return None  # these tell themselves how they ended
    return Cause(component, "PodCrashed", f"container {name} of {subject} {_how(end)}", since)


def _end_of(container: Object) -> Object | None:
    """How a container ended, the last time that it did."""
    states = [container.get(state, {}).get("terminated") for state in ("state", "lastState")]
    return next((state for state in states if state), None)


def _how(end: Object) -> str:
    """In words; who serves has crashed also with exit code 0, which MLflow has where a worker cannot start."""
    code = end.get("exitCode", 0)
    how = f"exit code {code}" + (f", {end['reason']}" if end.get("reason") not in (None, "Error", "Completed") else "")
    tail = quoted(end.get("message"), end=True)
    return f"crashed ({how})" + (f": {tail}" if tail else "; its log says why, by kubectl logs --previous")


def _lost(pod: Object, subject: str) -> str:
    node = pod.get("spec", {}).get("nodeName", "")
    advice = f"it goes on when the node is back; if that is gone for good, kubectl delete node {node}"
    return f"node {node} does not answer, and with it pod {pod['metadata']['name']} of {subject}; {advice}"


def _not_gone(obj: Object, component: str) -> Cause:
    """What was deleted, and stands in the way until it is gone."""
    kind, meta, subject = obj.get("kind", "Pod"), obj["metadata"], SUBJECTS[component]
    since = _time(meta["deletionTimestamp"]) + _OVERDUE
    name = f"{kind} {meta['name']} of {subject} was deleted and has not gone"
    held = [f for f in meta.get("finalizers", []) if f not in _FINALIZERS_OF_KUBERNETES]
    if held:
        return Cause(component, "PredecessorLeaving", f"{name}, since others hold it: {quoted(', '.join(held))}", since)
    node = obj.get("spec", {}).get("nodeName") if kind == "Pod" else None
    where = f"; if its node is gone for good, kubectl delete node {node}" if node else "; its pods go first"
    return Cause(component, "PodNotEnding" if node else "PredecessorLeaving", name + where, since)


def _has_begun(pod: Object) -> bool:
    """Whether a container has run, so that volumes are there, whatever was said of them before."""
    states = [c.get(state, {}) for c in _containers(pod) for state in ("state", "lastState")]
    return any("running" in state or "terminated" in state for state in states)


def _component(obj: Object) -> str | None:
    found: str | None = obj["metadata"].get("labels", {}).get(names.COMPONENT_LABEL)
    return found


def _is_over(owner: Object) -> bool:
    return _condition(owner, "Complete") is not None or "deletionTimestamp" in owner["metadata"]


def _newest(pods: list[Object]) -> list[Object]:
    """The newest pod, and those of its kind; what ails pods that are being replaced is about to go with them."""
    ordered = sorted(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), reverse=True)
    kinds = [pod["metadata"]["labels"].get(_KIND_LABEL) for pod in ordered]
    return [pod for pod, kind in zip(ordered, kinds, strict=True) if kind == kinds[0]]


def _is_awaited(pod: Object) -> bool:
    """Whether anybody waits for a pod to get ready, or to end."""
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in _conditions(pod))
    ended = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
    return not ready and not ended and "deletionTimestamp" not in pod["metadata"]


def _lacks_pods(owner: Object) -> bool:
    """Whether a StatefulSet or Job has fewer pods than it should; a Deployment says so itself."""
    status = owner.get("status", {})
    if owner["kind"] == "Job":
        return not status.get("active") and _condition(owner, "Failed") is None
    return bool(owner["kind"] == "StatefulSet" and status.get("replicas", 0) < owner["spec"].get("replicas", 1))


def _conditions(obj: Object) -> list[Object]:
    found: list[Object] = obj.get("status", {}).get("conditions", [])
    return found


def _condition(obj: Object, type_: str) -> Object | None:
    return next((c for c in _conditions(obj) if c["type"] == type_ and c["status"] == "True"), None)


def _containers(pod: Object) -> list[Object]:
    status = pod.get("status", {})
    found: list[Object] = status.get("initContainerStatuses", []) + status.get("containerStatuses", [])
    return found


def _since(pod: Object) -> datetime:
    """Since when the pod is not ready."""
    unmet = [c for c in _conditions(pod) if c["type"] in ("Ready", "PodScheduled") and c["status"] == "False"]
    times = [c.get("lastTransitionTime") for c in unmet]
    return min((_time(t) for t in times if t), default=_time(pod["metadata"]["creationTimestamp"]))


def _when(event: Object) -> str:
    """The moment of an Event, to the second, so that it can be compared as text."""
    times = (event.get("series") or {}).get("lastObservedTime"), event.get("deprecatedLastTimestamp")
    return next((time for time in times if time), "")[:19]


def _latest(pod: Object) -> str:
    """When the kubelet, or somebody for it, last said something new of a pod."""
    return max((str(c.get("lastTransitionTime", ""))[:19] for c in _conditions(pod)), default="")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def quoted(text: Any, *, end: bool = False) -> str:
    """What somebody else said, in one line, bounded, and without a login that an address may have in it."""
    line = _LOGIN.sub("…@", " ".join(str(text or "").split())).rstrip(".; ")
    if len(line) <= _LONGEST:
        return line
    return f"…{line[-_LONGEST:]}" if end else f"{line[:_LONGEST]}…"
