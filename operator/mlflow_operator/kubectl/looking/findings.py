"""What is seen of one thing that an object depends on, and what is seen of all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlflow_operator.desired.inputs import Reference
from mlflow_operator.status.waits import quoted

Object = Mapping[str, Any]

GOOD, BAD, ASIDE = "ok", "wrong", "-"
NOT_ALLOWED = "you may not look at it"


@dataclass(frozen=True)
class Finding:
    """One thing: what it is, whether it is as it should be, and what is said of it."""

    what: str
    state: str
    """ok, wrong, or - where nothing follows from it."""
    detail: str
    step: str = field(default="", compare=False)
    """The command that helps, where what is seen says so."""

    def data(self) -> dict[str, str]:
        """The same for machines."""
        return {"what": self.what, "state": self.state, "detail": self.detail}


def of_conditions(obj: Object) -> Iterator[Finding]:
    """The conditions beside those that follow from Ready."""
    for each in obj.get("status", {}).get("conditions", []):
        if each["type"] not in ("Ready", "Reconciling", "Stalled", "Suspended"):
            state = {"True": GOOD, "False": BAD}.get(each["status"], ASIDE)
            yield Finding(each["type"], state, f"{each['reason']}: {each['message']}")


def of_workload(obj: Object) -> Finding:
    """A Deployment or a StatefulSet."""
    wanted, ready = obj["spec"].get("replicas", 1), obj.get("status", {}).get("readyReplicas", 0)
    return _finding(obj, ready >= wanted, f"{ready} of {wanted} pods ready")


def of_job(obj: Object) -> Finding:
    """A Job, which has ended well, badly, or not."""
    ends = {c["type"]: c for c in obj.get("status", {}).get("conditions", []) if c["status"] == "True"}
    if failed := ends.get("Failed"):
        return _finding(obj, False, f"failed: {failed.get('reason', '')} {quoted(failed.get('message'))}".strip())
    if "Complete" in ends:
        return _finding(obj, True, "complete")
    return Finding(_name(obj), ASIDE, "suspended" if obj["spec"].get("suspend") else "at work")


def of_pod(obj: Object) -> Finding:
    """A pod: its phase, and what its containers wait for."""
    status = obj.get("status", {})
    phase = status.get("phase", "Unknown")
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))
    told = [*_unscheduled(status), *_waiting(status)]
    return _finding(obj, ready or phase == "Succeeded", ": ".join([phase, *told]))


def of_volume(obj: Object) -> Finding:
    """A PersistentVolumeClaim; one that nobody has mounted yet may be pending."""
    phase = obj.get("status", {}).get("phase", "Unknown")
    return Finding(_name(obj), {"Bound": GOOD, "Pending": ASIDE}.get(phase, BAD), phase)


def of_reference(ref: Reference, namespace: str, found: Object | None) -> Finding:
    """A Secret or ConfigMap that the spec names; of what is in it the keys are looked at, and nothing else."""
    what, kind, keys = f"{ref.kind} {ref.name}", ref.kind.lower(), sorted(ref.keys)
    if found is None:
        with_keys = f" with {', '.join(keys)}" if keys else ""
        files = "".join(f" --from-file={key}=FILE" for key in keys) or " --from-env-file=FILE"
        make = f"kubectl create {'secret generic' if kind == 'secret' else kind} {ref.name}{files} -n {namespace}"
        return Finding(what, BAD, f"does not exist; create it{with_keys}", make)
    there = {**(found.get("data") or {}), **(found.get("binaryData") or {})}
    missing = [key for key in keys if key not in there]
    if missing:
        return Finding(what, BAD, f"lacks {', '.join(missing)}", f"kubectl describe {kind} {ref.name} -n {namespace}")
    return Finding(what, GOOD, "is there")


def of_event(event: Object) -> Finding:
    """A warning about any of them."""
    about = event.get("regarding", {})
    what = f"Event about {about.get('kind')} {about.get('name')}"
    return Finding(what, ASIDE, f"{event.get('reason')}: {quoted(event.get('note'))}")


def of_gate(gate: Object) -> Finding:
    """What came out of a gate."""
    result = gate["result"]
    state = GOOD if result in ("Passed", "Skipped") else BAD if gate["mode"] == "Enforce" else ASIDE
    return Finding(f"gate {gate['name']}", state, f"{result}: {gate['message']}")


def _name(obj: Object) -> str:
    return f"{obj['kind']} {obj['metadata']['name']}"


def _finding(obj: Object, good: bool, detail: str) -> Finding:
    return Finding(_name(obj), GOOD if good else BAD, detail)


def _unscheduled(status: Object) -> Iterator[str]:
    for each in status.get("conditions", []):
        if each["type"] == "PodScheduled" and each["status"] == "False":
            yield f"{each.get('reason')}: {quoted(each.get('message'))}"


def _waiting(status: Object) -> Iterator[str]:
    for container in (*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])):
        if waiting := container.get("state", {}).get("waiting"):
            yield f"{container['name']} {waiting.get('reason')} {quoted(waiting.get('message'))}".strip()
