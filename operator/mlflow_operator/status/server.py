"""The status of an MLflowServer: what was observed, and how the pass ended.

A settling server is written three times: Preparing, RollingOut, Ready; once more where a first pod answers before the
others are there. So messages hold no counters, and while pods come and go the numbers of replicas stay those of the
last time that the server was settled.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from mlflow_operator.api.meta import Condition
from mlflow_operator.api.mlflowserver import MLflowServer, MLflowServerStatus
from mlflow_operator.desired import external_url, version
from mlflow_operator.desired.names import PREPARE
from mlflow_operator.status import conditions, preparing
from mlflow_operator.status.conditions import Answer, State, Verdict
from mlflow_operator.status.rollout import Rollout
from mlflow_operator.status.seen import Seen
from mlflow_operator.status.waits import Cause

DATABASE = "DatabaseReady"
SCHEMA = "SchemaReady"
ARTIFACTS = "ArtifactStoreReady"
SERVER = "ServerReady"
EXPERIMENTS = "ExperimentsReady"
EXPOSED = "Exposed"
SECURED = "Secured"
CONNECTIONS = "ConnectionsFit"
MONITOR = "PodMonitorCreated"
BACKUP = "BackupReady"
COLLECTED = "GarbageCollected"

_ENDPOINTS_FOLLOW = timedelta(seconds=30)

_NOT_TRIED = Answer("Unknown", "NotTried", "not tried yet")


def compute(server: MLflowServer, seen: Seen, outcome: Exception | None, now: datetime) -> MLflowServerStatus:
    """The status after a pass that ended with ``outcome``, None where nothing went wrong."""
    seen = _patient(seen, now)
    details = _details(server, seen, outcome, now)
    verdict = _verdict(server, seen, outcome, {c.type: c for c in details}, now)
    verdict = _ahead(verdict, server, seen)
    before, generation = server.status, server.metadata.generation
    summary = conditions.summary(verdict, before.conditions, generation=generation, now=now)
    settled = seen.rollout if seen.rollout and seen.rollout.complete else None
    facts = {
        "observed_generation": generation,
        "url": seen.url,
        "volumes": seen.volumes,
        "selector": seen.selector,
        "schema_revision": seen.preparation.database.revision if seen.preparation else None,
        "connections": seen.preparation.database.connections if seen.preparation else None,
        "restored": seen.preparation.restored if seen.preparation else None,
        "version": _version(server, seen, settled),
        "replicas": settled.replicas if settled else None,
        "ready_replicas": settled.ready if settled else None,
    }
    known: dict[str, Any] = {name: value for name, value in facts.items() if value is not None}
    if seen.stores is not None:
        known["prepared"] = seen.stores if seen.prepared else None
    if seen.plans:
        known["migration"] = seen.migration
    if seen.deployed:
        known["deployed_generation"] = generation
    known["external_url"] = external_url(server)
    if server.spec.backup is None or seen.backups:
        known["backup"] = seen.backups.status if seen.backups else None
    if server.spec.garbage_collection is None or seen.collections:
        known["garbage_collection"] = seen.collections.status if seen.collections else None
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
    return Answer(before.status, before.reason, before.message) if before else _NOT_TRIED


def _applies(type_: str, server: MLflowServer) -> bool:
    """Whether there is such a thing; what is always there can be tried of every server that the operator deploys."""
    spec = server.spec
    asked = {
        SERVER: True,
        EXPERIMENTS: spec.experiments,
        EXPOSED: spec.ingress or spec.gateway,
        CONNECTIONS: spec.backend_store and not spec.backend_store.sqlite,
        MONITOR: spec.monitoring and spec.monitoring.pod_monitor,
        BACKUP: spec.backup,
        COLLECTED: spec.garbage_collection,
    }
    return bool(asked.get(type_, spec.external is None))


def _artifacts(seen: Seen, before: Condition | None) -> Answer | None:
    if seen.artifacts is not None:
        return Answer(seen.artifacts.ok, seen.artifacts.reason, seen.artifacts.message)
    if seen.preparation is None:
        return None
    part = seen.preparation.artifacts
    if part.ok and before is not None and before.status == "True":
        return None  # in the words of whoever tried it last
    state: State | bool = "Unknown" if part.ok is None or part.reason == "InternalError" else part.ok
    return Answer(state, "Writable" if part.reason == "Created" else part.reason, part.message)


def _server(seen: Seen, _: Condition | None) -> Answer:
    """What was found now, and nothing from before: promotions go by it."""
    if seen.rollout is not None and seen.rollout.complete and seen.rollout.replicas == 0:
        return Answer(False, "NoPods", "the server has no pods")
    rolling = seen.rollout is not None and not seen.rollout.complete
    if seen.api is not None and (seen.api.ok or seen.api.terminal or not rolling):
        return Answer(seen.api.ok, seen.api.reason, seen.api.message)
    if rolling:
        return Answer(
            "Unknown", "RollingOut", "the server has yet to answer, and its pods are being started or exchanged"
        )
    return Answer("Unknown", "NotAsked", "the server could not be asked; the reason of Ready says why")


def _experiments(seen: Seen, _: Condition | None) -> Answer | None:
    probe = seen.experiments
    return None if probe is None else Answer(probe.ok, probe.reason, probe.message)


def _secured(seen: Seen, _: Condition | None) -> Answer | None:
    return seen.protection


def _backup(seen: Seen, _: Condition | None) -> Answer | None:
    return seen.backups.answer if seen.backups else None


def _collected(seen: Seen, _: Condition | None) -> Answer | None:
    return seen.collections.answer if seen.collections else None


def _connections(seen: Seen, _: Condition | None) -> Answer | None:
    return seen.connections


def _monitor(seen: Seen, _: Condition | None) -> Answer | None:
    return seen.monitoring


def _exposed(seen: Seen, _: Condition | None) -> Answer | None:
    return seen.exposure


_QUESTIONS: dict[str, Callable[[Seen, Condition | None], Answer | None]] = {
    DATABASE: preparing.database,
    SCHEMA: preparing.schema,
    ARTIFACTS: _artifacts,
    SERVER: _server,
    EXPERIMENTS: _experiments,
    EXPOSED: _exposed,
    SECURED: _secured,
    CONNECTIONS: _connections,
    MONITOR: _monitor,
    BACKUP: _backup,
    COLLECTED: _collected,
}


def _ahead(verdict: Verdict, server: MLflowServer, seen: Seen) -> Verdict:
    """Say of a server that cannot go on that its database has: pods of the release before may not come back."""
    migrated = seen.prepared or (seen.preparation is not None and seen.preparation.database.ok is True)
    before = server.status.version
    waits = verdict.state == "Stalled" or seen.cause is not None
    if server.spec.external is not None or not (migrated and waits and before and seen.rollout):
        return verdict
    wanted = version(server)
    if before == wanted:
        return verdict
    warning = (
        f"; the database is that of MLflow {wanted} by now, so pods of {before} that end may not start again: "
        "mend this soon, or restore a backup of the database"
    )
    return replace(verdict, message=verdict.message + warning)


def _verdict(
    server: MLflowServer, seen: Seen, outcome: Exception | None, details: dict[str, Condition], now: datetime
) -> Verdict:
    """Where the server stands: the first of these that is not as it should be."""
    if outcome is not None:
        return _waiting(seen.cause, now) if _holds_up(seen.cause, outcome) else conditions.of_error(outcome)
    if server.spec.suspend:
        return conditions.suspended("Suspended", "spec.suspend is true; the operator looks but does not touch")
    if server.spec.hibernate:
        return conditions.suspended("Hibernating", "spec.hibernate is true; nothing runs and everything is kept")
    if server.spec.replicas == 0:
        return conditions.suspended("ScaledToZero", "spec.replicas is 0; nothing serves and everything is kept")
    if server.spec.external is None and (unready := _deployed(server, seen, now)):
        return unready
    return _answering(seen, details, now)


def _holds_up(cause: Cause | None, outcome: Exception) -> TypeGuard[Cause]:
    """Whether what was waited for is known not to come, as a preparation on a node that is lost."""
    return cause is not None and cause.component == PREPARE and getattr(outcome, "reason", "") == "PredecessorRunning"


def _waiting(cause: Cause, now: datetime) -> Verdict:
    make = conditions.stalled if cause.is_final(now) else conditions.progressing
    return make(cause.reason, cause.message)


def _deployed(server: MLflowServer, seen: Seen, now: datetime) -> Verdict | None:
    """What keeps the server from being rolled out."""
    if not seen.prepared and not seen.waits:
        told = preparing.verdict(seen)
        return told if told.state == "Stalled" or seen.cause is None else _waiting(seen.cause, now)
    if seen.rollout is not None and not seen.rollout.observed and _is_ready(server):
        return None  # the controller is about to say whether anything happens to the pods at all
    if seen.rollout is None or not seen.rollout.complete:
        if seen.cause is not None:
            return _waiting(seen.cause, now)
        if seen.rollout is not None and seen.rollout.stuck:
            return conditions.stalled("RolloutStuck", "the pods do not become available; see their events and logs")
        return conditions.progressing("RollingOut", "the stores are ready; the server's pods are being started")
    return None


def _is_ready(server: MLflowServer) -> bool:
    """Whether this very spec was found to work."""
    ready = next((c for c in server.status.conditions if c.type == conditions.READY), None)
    return bool(ready and ready.status == "True" and ready.observed_generation == server.metadata.generation)


def _answering(seen: Seen, details: dict[str, Condition], now: datetime) -> Verdict:
    """Whether what was tried of the running server worked; a store that is down is a better reason than its silence."""
    if seen.cause is not None and not (seen.api and seen.api.ok):
        return _waiting(seen.cause, now)
    probes = {ARTIFACTS: seen.artifacts, SERVER: seen.api, EXPERIMENTS: seen.experiments}
    for type_ in (SERVER, EXPERIMENTS, ARTIFACTS):
        found, probe = details.get(type_), probes[type_]
        if found is None or found.status == "True" or (type_ == ARTIFACTS and probe is None):
            continue
        make = conditions.stalled if probe is not None and probe.terminal else conditions.progressing
        return make(found.reason, found.message)
    well = "the server answers, and everything that was tried of it works"
    if seen.waits:
        message = (
            f"{well}; this operator builds its pods otherwise than the one before, and it waits for its turn to have"
            " them replaced, since other servers are at it"
        )
        return conditions.done("UpdateWaits", message)
    return conditions.done("Ready", well)
