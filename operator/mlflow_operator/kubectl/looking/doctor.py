"""Look around an object that is not ready: read what it consists of and refers to, as far as the person may."""

from collections.abc import AsyncIterator
from datetime import datetime

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names
from mlflow_operator.desired.references import references
from mlflow_operator.errors import ApiError, OperatorError, Unreadable
from mlflow_operator.kubectl.looking import findings
from mlflow_operator.kubectl.looking.diagnosis import Diagnosis
from mlflow_operator.kubectl.looking.findings import ASIDE, BAD, NOT_ALLOWED, Finding
from mlflow_operator.kubectl.looking.standing import SHORT, Object, standing
from mlflow_operator.kubectl.terminal.exits import USAGE, Stop
from mlflow_operator.kubectl.terminal.person import Person
from mlflow_operator.status.waits import Surroundings

_KINDS = {word: kind for kind, short in SHORT.items() for word in (short, kind.lower())}
_MAKERS = ("StatefulSet", "Job", "Deployment")
_READERS = {
    "StatefulSet": findings.of_workload,
    "Deployment": findings.of_workload,
    "Job": findings.of_job,
    "Pod": findings.of_pod,
    "PersistentVolumeClaim": findings.of_volume,
}
_EVENTS = 5
"""The latest warnings; the rest says the same most often."""


def named(subject: str) -> tuple[str, str]:
    """Kind and name of mls/NAME or mp/NAME.

    Raises:
        Stop: It is neither.
    """
    short, _, name = subject.lower().partition("/")
    if short not in _KINDS or not name:
        message = f"{subject} names neither a server nor a claim; write mls/NAME or mp/NAME"
        raise Stop(USAGE, "SubjectUnknown", message)
    return _KINDS[short], name


async def examine(person: Person, obj: Object, now: datetime) -> Diagnosis:
    """Look around one object."""
    if obj["kind"] == "ModelPromotion":
        return await _claim(person, obj, now)
    return await _server(person, obj, now)


async def _claim(person: Person, claim: Object, now: datetime) -> Diagnosis:
    seen = [*findings.of_conditions(claim), *map(findings.of_gate, claim.get("status", {}).get("gates", []))]
    ref, below = claim["spec"]["serverRef"], None
    namespace = ref.get("namespace") or claim["metadata"]["namespace"]
    what = f"MLflowServer {ref['name']}"
    try:
        server = await person.get("MLflowServer", namespace, ref["name"])
    except ApiError:
        seen.append(Finding(what, ASIDE, f"is in namespace {namespace}, where {NOT_ALLOWED}"))
        return Diagnosis(standing(claim), seen)
    if server is None:
        seen.append(Finding(what, BAD, f"does not exist in namespace {namespace}"))
    else:
        at = standing(server)
        seen.append(Finding(what, findings.GOOD if at.is_well else BAD, f"{at.reason}: {at.told}"))
        below = None if at.is_well else await _server(person, server, now)
    return Diagnosis(standing(claim), seen, server=below)


async def _server(person: Person, obj: Object, now: datetime) -> Diagnosis:
    at, seen = standing(obj), list(findings.of_conditions(obj))
    try:
        server = MLflowServer.parse(dict(obj))
    except Unreadable:
        return Diagnosis(at, seen)
    parts = [part async for part in _parts(person, server)]
    events = await _warnings(person, server, parts)
    seen += [_READERS[part["kind"]](part) for part in parts]
    seen += [each async for each in _references(person, server)]
    seen += map(findings.of_event, events[-_EVENTS:])
    makers = tuple(dict(part) for part in parts if part["kind"] in _MAKERS)
    pods = tuple(dict(part) for part in parts if part["kind"] == "Pod")
    around = Surroundings(makers, pods, tuple(dict(event) for event in events))
    return Diagnosis(at, seen, None if at.is_well else around.cause(now))


async def _parts(person: Person, server: MLflowServer) -> AsyncIterator[Object]:
    """What the server consists of, as far as the person may look at it."""
    labels = f"{names.INSTANCE_LABEL}={names.instance(server)},{names.MANAGED_BY_LABEL}={names.MANAGER}"
    for kind in _READERS:
        for part in await person.if_allowed(kind, server.metadata.namespace, labels=labels) or ():
            yield part


async def _warnings(person: Person, server: MLflowServer, parts: list[Object]) -> list[Object]:
    """Warnings about the server and its parts, oldest first."""
    events = await person.if_allowed("Event", server.metadata.namespace, fields="type=Warning") or []
    about = {server.metadata.uid, *(part["metadata"]["uid"] for part in parts)}
    mine = [event for event in events if event.get("regarding", {}).get("uid") in about]
    return sorted(mine, key=lambda event: str(event.get("eventTime") or event.get("deprecatedLastTimestamp") or ""))


async def _references(person: Person, server: MLflowServer) -> AsyncIterator[Finding]:
    """Secrets and ConfigMaps that the spec names; those that may be missing are left out."""
    for ref in sorted(references(server), key=lambda r: r.key):
        if ref.optional:
            continue
        try:
            found = await person.get(ref.kind, server.metadata.namespace, ref.name)
        except OperatorError:
            yield Finding(f"{ref.kind} {ref.name}", ASIDE, NOT_ALLOWED)
        else:
            yield findings.of_reference(ref, server.metadata.namespace, found)
