"""What the operator would do about a claim, in the operator's own decision and in words for a review."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mlflow_operator.api.attempt import Plan
from mlflow_operator.api.gates.gates import GateResult, GateStatus
from mlflow_operator.api.gates.windows import Mode
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.promotion.decision import Decision, Step
from mlflow_operator.promotion.facts import Facts
from mlflow_operator.promotion.gates.approval import APPROVAL, WHO_MAY
from mlflow_operator.promotion.gates.jobs import JOB
from mlflow_operator.promotion.gates.metrics import METRIC
from mlflow_operator.promotion.gates.webhooks import WEBHOOK
from mlflow_operator.promotion.gates.windows import WINDOW
from mlflow_operator.promotion.plan import plan

_DONE = (Step.HOLD, Step.ONWARD)
_ASKED_LATER = {
    JOB: "a Job would find it out; none was started",
    METRIC: "a Job would report it; none was started",
    WEBHOOK: "a webhook would be asked; it was not",
    APPROVAL: "people would be asked; nobody was",
    WINDOW: "it waits until the window opens",
}
"""Kinds of gates whose answer costs something, or somebody's time."""
_UNTOUCHED = (*_DONE, Step.REPORT, Step.YIELD, Step.REST)
_WAITS = (Step.WAIT, Step.PAUSE, Step.ASK, Step.CLOSED)


@dataclass(frozen=True)
class Forecast:
    """What would become of one claim."""

    namespace: str
    name: str
    version: str
    before: str | None
    """The version of today's spec; None: there is no such claim yet."""
    verdict: str
    good: bool
    """Nothing is in the way but what is asked later."""
    reason: str
    message: str
    writes: tuple[str, ...] = ()
    gates: tuple[GateStatus, ...] = ()
    refused: str = ""
    """What the API server says to whoever asks; empty: it would take it."""
    unknown: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "namespace": self.namespace,
            "name": self.name,
            "version": self.version,
            "versionBefore": self.before,
            "wouldBePromoted": self.good,
            "verdict": self.verdict,
            "reason": self.reason,
            "message": self.message,
            "refused": self.refused or None,
            "writes": list(self.writes),
            "gates": [gate_data(gate) for gate in self.gates],
            "unknown": list(self.unknown),
        }


def of(facts: Facts, decision: Decision, before: str | None, refused: str, unknown: tuple[str, ...]) -> Forecast:
    """The forecast that follows from a decision."""
    gates = decision.gates if decision.gates is not None else tuple(facts.claim.status.gates)
    asked = [gate for gate in gates if is_asked_later(gate)]
    free = not decision.unmet and not any(_blocks(gate) for gate in gates)
    later = decision.step in _WAITS and bool(asked) and free
    good = not refused and (decision.step in (Step.WRITE, Step.SHOW, *_DONE) or later)
    meta = facts.claim.metadata
    return Forecast(
        meta.namespace,
        meta.name,
        facts.wish.version,
        before,
        _verdict(decision, good=good, later=later, refused=bool(refused)),
        good,
        decision.reason,
        "; ".join(_told(gate) for gate in asked) if later else decision.message.partition(WHO_MAY)[0],
        tuple(_writes(facts, decision)),
        gates,
        refused,
        unknown,
    )


def invalid(obj: dict[str, Any], before: str | None, refused: str) -> Forecast:
    """The forecast of a claim that the API server would not take from anybody."""
    meta, version = obj["metadata"], str((obj.get("spec") or {}).get("version", ""))
    return Forecast(
        meta["namespace"], meta["name"], version, before, "would be refused", False, "Invalid", refused, refused=refused
    )


def without_server(claim: ModelPromotion, before: str | None, refused: str) -> Forecast:
    """The forecast of a claim whose MLflowServer is not there yet: nobody knows what its registry has."""
    meta, ref = claim.metadata, claim.spec.server_ref
    message = f"MLflowServer {ref.name} does not exist in namespace {claim.server_namespace}; create it"
    verdict = "would be refused" if refused else "would wait for its server"
    return Forecast(
        meta.namespace,
        meta.name,
        claim.spec.version,
        before,
        verdict,
        False,
        "ServerNotFound",
        message,
        refused=refused,
    )


def is_asked_later(gate: GateStatus) -> bool:
    """Whether a gate is open because a plan asks nobody."""
    return gate.type in _ASKED_LATER and gate.result is GateResult.WAITING


def gate_data(gate: GateStatus) -> dict[str, str | None]:
    """A gate for people and machines: what is asked later says so instead of what it waits for."""
    result = "NotAsked" if is_asked_later(gate) else str(gate.result)
    message = _told(gate)
    about = {"name": gate.name, "type": gate.type, "from": gate.origin, "mode": gate.mode, "result": result}
    return {**about, "observed": gate.observed, "expected": gate.expected, "message": message}


def _told(gate: GateStatus) -> str:
    return _ASKED_LATER[gate.type] if is_asked_later(gate) and gate.type != WINDOW else gate.message


def _blocks(gate: GateStatus) -> bool:
    through = gate.result in (GateResult.PASSED, GateResult.SKIPPED)
    return not through and gate.mode != Mode.DRY_RUN and not is_asked_later(gate)


def _verdict(decision: Decision, *, good: bool, later: bool, refused: bool) -> str:
    if refused:
        return "would be refused"
    if decision.step in _DONE:
        return "nothing would move"
    if not good:
        return "would not be promoted"
    return "would be promoted, once what is not asked here is passed" if later else "would be promoted"


def _writes(facts: Facts, decision: Decision) -> Iterator[str]:
    """What would be written in the end, in words; tags of the trail, which have the time in them, are left out."""
    if facts.version is None or decision.step in _UNTOUCHED:
        return
    todo: Plan = plan(facts.claim.spec.target, facts.wish, facts.snapshot, facts.wish.tags)
    yield from (f"version {move.version}: {move.from_stage} to {move.to_stage}" for move in todo.moves)
    yield from (f"alias {a.name}: {a.from_version or 'none'} to {a.to_version}" for a in todo.aliases)
    yield from (f"tag of version {facts.wish.version}: {key}={value}" for key, value in sorted(todo.tags.items()))
