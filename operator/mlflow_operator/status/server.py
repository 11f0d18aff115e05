"""The status of an MLflowServer: what was observed, and how the pass ended.

A settling server is written at most three times: Preparing, RollingOut, Ready. So messages hold no counters, and
while pods come and go the numbers of replicas stay those of the last time that the server was settled.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from mlflow_operator.api.meta import Condition
from mlflow_operator.api.mlflowserver import MLflowServer, MLflowServerStatus
from mlflow_operator.desired.names import VERSION_LABEL
from mlflow_operator.status import conditions
from mlflow_operator.status.conditions import State, Verdict
from mlflow_operator.status.preparation import Preparation

DATABASE = "DatabaseReady"
SCHEMA = "SchemaReady"
ARTIFACTS = "ArtifactStoreReady"
SERVER = "ServerReady"
EXPERIMENTS = "ExperimentsReady"

_ENDPOINTS_FOLLOW = timedelta(seconds=30)

Answer = tuple[State | bool, str, str]
"""Status, reason and message of a condition."""

_NOT_TRIED: Answer = ("Unknown", "NotTried", "not tried yet")


@dataclass(frozen=True)
class Probe:
    """The answer to something that was tried."""

    ok: bool
    reason: str
    message: str
    terminal: bool = False
    """Only a user can help."""


@dataclass(frozen=True)
class Rollout:
    """Where the Deployment stands."""

    complete: bool
    """Every pod is of the wanted kind, and as many as wanted are available."""
    stuck: bool
    """The Deployment has given up waiting (ProgressDeadlineExceeded)."""
    replicas: int
    ready: int
    version: str | None
    """The MLflow release of the pods."""
    available_since: datetime | None = None
    observed: bool = True
    """The controller has seen the newest generation; even an annotation of somebody else's makes a new one."""

    @classmethod
    def of(cls, deployment: dict[str, Any]) -> "Rollout":
        """Read a Deployment of the API server, as `kubectl rollout status` does."""
        spec, status = deployment["spec"], deployment.get("status", {})
        wanted = spec.get("replicas", 1)
        counts = {n: status.get(n, 0) for n in ("replicas", "updatedReplicas", "availableReplicas", "readyReplicas")}
        seen = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
        as_wanted = all(counts[n] == wanted for n in ("replicas", "updatedReplicas", "availableReplicas"))
        conditions_ = {c["type"]: c for c in status.get("conditions", []) if c["type"] in ("Available", "Progressing")}
        stuck = conditions_.get("Progressing", {}).get("reason") == "ProgressDeadlineExceeded"
        available = conditions_.get("Available", {})
        since = datetime.fromisoformat(available["lastTransitionTime"]) if available.get("status") == "True" else None
        version = deployment["metadata"].get("labels", {}).get(VERSION_LABEL)
        replicas, ready = counts["replicas"], counts["readyReplicas"]
        return cls(seen and as_wanted, seen and stuck, replicas, ready, version, since, seen)


@dataclass(frozen=True)
class Seen:
    """What one pass observed; None: not looked at this time, so the last known fact stays."""

    url: str | None = None
    version: str | None = None
    """The MLflow release that the server told."""
    selector: str | None = None
    prepared: bool = False
    """The current preparation has succeeded, or none is needed."""
    preparation: Preparation | None = None
    """The latest report of the current preparation."""
    rollout: Rollout | None = None
    api: Probe | None = None
    """The server was asked something that needs its database."""
    artifacts: Probe | None = None
    """Artifacts were tried through the server."""
    experiments: Probe | None = None


def compute(server: MLflowServer, seen: Seen, outcome: Exception | None, now: datetime) -> MLflowServerStatus:
    """The status after a pass that ended with ``outcome``, None where nothing went wrong."""
    seen = _patient(seen, now)
    details = _details(server, seen, outcome, now)
    verdict = _verdict(server, seen, outcome, {c.type: c for c in details})
    before, generation = server.status, server.metadata.generation
    summary = conditions.summary(verdict, before.conditions, generation=generation, now=now)
    settled = seen.rollout if seen.rollout and seen.rollout.complete else None
    facts = {
        "observed_generation": generation,
        "url": seen.url,
        "selector": seen.selector,
        "schema_revision": seen.preparation.database.revision if seen.preparation else None,
        "version": _version(server, seen, settled),
        "replicas": settled.replicas if settled else None,
        "ready_replicas": settled.ready if settled else None,
    }
    known = {name: value for name, value in facts.items() if value is not None}
    return before.model_copy(update={**known, "conditions": summary + details})


def _version(server: MLflowServer, seen: Seen, settled: Rollout | None) -> str | None:
    """The release that runs: what the server says, else what it was made from; nothing new while pods are exchanged."""
    if server.spec.external is not None:
        return seen.version
    return (seen.version or settled.version) if settled else None


def _patient(seen: Seen, now: datetime) -> Seen:
    """A pod is ready a moment before every node has its address: until then the rollout goes on."""
    rollout, api = seen.rollout, seen.api
    if rollout is None or rollout.available_since is None or api is None or api.ok or api.terminal:
        return seen
    if now - rollout.available_since > _ENDPOINTS_FOLLOW:
        return seen
    return replace(seen, rollout=replace(rollout, complete=False), api=None)


def _details(server: MLflowServer, seen: Seen, outcome: Exception | None, now: datetime) -> list[Condition]:
    """One condition for each thing that can be tried of such a server."""
    found: list[Condition] = []
    for type_, answer_of in _QUESTIONS.items():
        if not _applies(type_, server):
            continue
        before = next((c for c in server.status.conditions if c.type == type_), None)
        answer = answer_of(seen, before)
        if answer is None and before is not None and outcome is not None:
            found.append(before)  # of the generation that it was found for
            continue
        state, reason, message = answer or _kept(before)
        generation = server.metadata.generation
        found.append(
            conditions.condition(
                server.status.conditions, type_, state, reason, message, generation=generation, now=now
            )
        )
    return found


def _kept(before: Condition | None) -> Answer:
    return (before.status, before.reason, before.message) if before else _NOT_TRIED


def _applies(type_: str, server: MLflowServer) -> bool:
    if type_ == EXPERIMENTS:
        return bool(server.spec.experiments)
    return type_ == SERVER or server.spec.external is None


def _database(seen: Seen, _: Condition | None) -> Answer | None:
    if seen.preparation is None:
        return None
    part = seen.preparation.database
    if part.ok is False and part.connected:
        return True, "LoggedIn", "the preparation logged in to the database"
    if part.ok is None or part.reason == "InternalError":
        return "Unknown", part.reason, part.message
    return part.ok, "LoggedIn" if part.ok else part.reason, part.message


def _schema(seen: Seen, _: Condition | None) -> Answer | None:
    if seen.preparation is None:
        return None
    part = seen.preparation.database
    if part.connected:
        return part.ok is True, "UpToDate" if part.ok else part.reason, part.message
    return "Unknown", part.reason, "the database could not be asked for its schema"


def _artifacts(seen: Seen, before: Condition | None) -> Answer | None:
    if seen.artifacts is not None:
        return seen.artifacts.ok, seen.artifacts.reason, seen.artifacts.message
    if seen.preparation is None:
        return None
    part = seen.preparation.artifacts
    if part.ok and before is not None and before.status == "True":
        return None  # in the words of whoever tried it last
    state: State | bool = "Unknown" if part.ok is None or part.reason == "InternalError" else part.ok
    return state, "Writable" if part.reason == "Created" else part.reason, part.message


def _server(seen: Seen, before: Condition | None) -> Answer | None:
    if seen.rollout is not None and not seen.rollout.complete:
        answered = seen.api is None or seen.api.ok
        if before is not None and before.status == "True" and seen.rollout.ready and answered:
            return None
        return False, "RollingOut", "the server is not asked before its pods are available"
    if seen.rollout is not None and seen.rollout.replicas == 0:
        return False, "NoPods", "the server has no pods"
    return None if seen.api is None else (seen.api.ok, seen.api.reason, seen.api.message)


def _experiments(seen: Seen, _: Condition | None) -> Answer | None:
    probe = seen.experiments
    return None if probe is None else (probe.ok, probe.reason, probe.message)


_QUESTIONS: dict[str, Callable[[Seen, Condition | None], Answer | None]] = {
    DATABASE: _database,
    SCHEMA: _schema,
    ARTIFACTS: _artifacts,
    SERVER: _server,
    EXPERIMENTS: _experiments,
}


def _verdict(server: MLflowServer, seen: Seen, outcome: Exception | None, details: dict[str, Condition]) -> Verdict:
    """Where the server stands: the first of these that is not as it should be."""
    if outcome is not None:
        return conditions.of_error(outcome)
    if server.spec.suspend:
        return conditions.suspended("Suspended", "spec.suspend is true; the operator looks but does not touch")
    if server.spec.hibernate:
        return conditions.suspended("Hibernating", "spec.hibernate is true; nothing runs and everything is kept")
    if server.spec.replicas == 0:
        return conditions.suspended("ScaledToZero", "spec.replicas is 0; nothing serves and everything is kept")
    if server.spec.external is None and (unready := _deployed(server, seen)):
        return unready
    return _answering(seen, details)


def _deployed(server: MLflowServer, seen: Seen) -> Verdict | None:
    """What keeps the server from being rolled out."""
    if not seen.prepared:
        return _preparing(seen.preparation)
    if seen.rollout is not None and not seen.rollout.observed and _is_ready(server):
        return None  # the controller is about to say whether anything happens to the pods at all
    if seen.rollout is None or not seen.rollout.complete:
        if seen.rollout is not None and seen.rollout.stuck:
            return conditions.stalled("RolloutStuck", "the pods do not become available; see their events and logs")
        return conditions.progressing("RollingOut", "the stores are ready; the server's pods are being started")
    return None


def _is_ready(server: MLflowServer) -> bool:
    """Whether this very spec was found to work."""
    ready = next((c for c in server.status.conditions if c.type == conditions.READY), None)
    return bool(ready and ready.status == "True" and ready.observed_generation == server.metadata.generation)


def _preparing(report: Preparation | None) -> Verdict:
    for part in (report.database, report.artifacts) if report else ():
        if part.ok is False or part.reason == "PreparationFailed":
            make = conditions.stalled if part.terminal else conditions.progressing
            return make(part.reason, part.message)
    return conditions.progressing("Preparing", "the database and the artifact store are being prepared")


def _answering(seen: Seen, details: dict[str, Condition]) -> Verdict:
    """Whether what was tried of the running server worked."""
    probes = {ARTIFACTS: seen.artifacts, SERVER: seen.api, EXPERIMENTS: seen.experiments}
    for type_ in (SERVER, EXPERIMENTS, ARTIFACTS):
        found, probe = details.get(type_), probes[type_]
        if found is None or found.status == "True" or (type_ == ARTIFACTS and probe is None):
            continue
        make = conditions.stalled if probe is not None and probe.terminal else conditions.progressing
        return make(found.reason, found.message)
    return conditions.done("Ready", "the server answers, and everything that was tried of it works")
