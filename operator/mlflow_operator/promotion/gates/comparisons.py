"""Metrics, compared with those of another version."""

import math
from decimal import Decimal

from mlflow_operator.api.gates.gates import Comparison, Direction, GateResult, NoBaseline, Unit
from mlflow_operator.promotion.evidence import Need, Origin
from mlflow_operator.promotion.gates.case import Case, Outcome, digest
from mlflow_operator.promotion.gates.values import Value, need, number, value
from mlflow_operator.promotion.snapshot import ModelVersion, slot_name

COMPARISON = "Comparison"
_NONE = {
    NoBaseline.PASS: GateResult.PASSED,
    NoBaseline.FAIL: GateResult.FAILED,
    NoBaseline.INCONCLUSIVE: GateResult.INCONCLUSIVE,
}


def holder(case: Case) -> ModelVersion | None:
    """The version that holds the slot; of several the newest, and never the version itself."""
    holders = case.snapshot.holders(case.claim.spec.target)
    names = [name for name in holders if name != case.version.version]
    return case.snapshot.versions.get(names[0]) if names else None


def baseline(case: Case, gate: Comparison) -> ModelVersion | None:
    """The version to compare with; never the version itself."""
    wanted, snapshot = gate.baseline, case.snapshot
    if wanted is None:
        return holder(case)
    found = snapshot.versions.get(wanted.version or snapshot.aliases.get(wanted.alias or "") or "")
    return None if found is None or found.version == case.version.version else found


def needs(case: Case, gate: Comparison) -> set[Need]:
    """What has to be asked."""
    other = baseline(case, gate)
    return {need(gate, version) for version in (case.version, other) if version is not None}


def known_by(case: Case, gate: Comparison) -> str:
    """By what its result is known."""
    other = baseline(case, gate)
    return digest(gate, [Origin.of(case.version), Origin.of(other) if other else None])


def judge(case: Case, gate: Comparison) -> Outcome:
    """Whether the version is so much better than the other one."""
    other, expected = baseline(case, gate), _expected(gate)
    ours = value(gate, case.version, case.evidence)
    if isinstance(ours, Outcome):
        return Outcome(ours.result, ours.message, ours.observed, expected)
    if other is None:
        return _alone(case, gate, ours, expected)
    theirs = value(gate, other, case.evidence)
    if isinstance(theirs, Outcome):
        return Outcome(theirs.result, theirs.message, number(ours.number), expected)
    return _compared(gate, ours, theirs, expected)


def _alone(case: Case, gate: Comparison, ours: Value, expected: str) -> Outcome:
    """There is nothing to compare with."""
    slot = slot_name(case.claim.spec.target)
    if gate.baseline is None and case.version.version in case.snapshot.holders(case.claim.spec.target):
        message = f"version {case.version.version} holds {slot} itself; there is no other to compare it with"
        return Outcome(GateResult.SKIPPED, message, number(ours.number), expected)
    if gate.baseline is None:
        message = f"{slot} holds no version to compare with"
    elif gate.baseline.alias:
        message = f"alias {gate.baseline.alias} points to no other version to compare with"
    else:
        message = f"there is no other version {gate.baseline.version} to compare with"
    message = f"{message}; noBaseline is {gate.no_baseline}"
    return Outcome(_NONE[gate.no_baseline], message, number(ours.number), expected)


def _compared(gate: Comparison, ours: Value, theirs: Value, expected: str) -> Outcome:
    by = _improvement(gate, ours.number, theirs.number)
    observed = f"{number(ours.number)}, was {number(theirs.number)}"
    message = f"{gate.metric} of {ours.where} is {number(ours.number)}, that of {theirs.where} {number(theirs.number)}"
    if by is None:
        hint = "there is no percentage of that; write unit: Absolute"
        return Outcome(GateResult.INCONCLUSIVE, f"{message}; {hint}", observed, expected)
    if by < Decimal(repr(gate.min_improvement)):
        return Outcome(GateResult.FAILED, f"{message}; it has to be {expected}", observed, expected)
    return Outcome(GateResult.PASSED, f"{message}; {expected}", observed, expected)


def _improvement(gate: Comparison, ours: float, theirs: float) -> Decimal | None:
    """By how much ours is better, in decimal: 0.3 is 0.1 better than 0.2, which it is not in binary."""
    if not (math.isfinite(ours) and math.isfinite(theirs)):
        return None
    by = Decimal(repr(ours)) - Decimal(repr(theirs))
    by = by if gate.direction is Direction.HIGHER else -by
    if gate.unit is Unit.ABSOLUTE:
        return by
    return by * 100 / abs(Decimal(repr(theirs))) if theirs else None


def _expected(gate: Comparison) -> str:
    better = gate.direction.value.lower()
    by, unit = gate.min_improvement, "%" if gate.unit is Unit.PERCENT else ""
    if by == 0:
        return f"not {'lower' if better == 'higher' else 'higher'}"
    if by > 0:
        return f"{better} by {number(by)}{unit} at least"
    worse = "lower" if better == "higher" else "higher"
    return f"{worse} by {number(-by)}{unit} at most"
