"""Metrics within bounds."""

from mlflow_operator.api.gates.gates import GateResult, MetricGate, Source
from mlflow_operator.promotion.evidence import Need, Origin
from mlflow_operator.promotion.gates import jobs
from mlflow_operator.promotion.gates.case import Case, Outcome, digest
from mlflow_operator.promotion.gates.values import need, number, value

METRIC = "Metric"


def needs(case: Case, gate: MetricGate) -> set[Need]:
    """What has to be asked of MLflow."""
    return set() if is_reported(gate) else {need(gate, case.version)}


def is_reported(gate: MetricGate) -> bool:
    """Whether a Job reports the metric, so that it is known later than others."""
    return gate.source is Source.JOB


def known_by(case: Case, gate: MetricGate) -> str | None:
    """By what its result is known; what a Job reports is known by that."""
    return None if is_reported(gate) else digest(gate, [Origin.of(case.version)])


def judge(case: Case, gate: MetricGate) -> Outcome:
    """Whether the metric is within its bounds."""
    found = jobs.value(case, gate) if is_reported(gate) else value(gate, case.version, case.evidence)
    expected = _expected(gate)
    if isinstance(found, Outcome):
        return Outcome(found.result, found.message, found.observed, expected)
    low = gate.min is not None and found.number < gate.min
    high = gate.max is not None and found.number > gate.max
    observed = number(found.number)
    message = f"{gate.metric} of {found.where} is {observed}"
    if low or high:
        return Outcome(GateResult.FAILED, f"{message} and has to be {expected}", observed, expected)
    return Outcome(GateResult.PASSED, f"{message}, {expected}", observed, expected)


def _expected(gate: MetricGate) -> str:
    if gate.min is None:
        return f"<= {number(gate.max or 0.0)}"
    if gate.max is None:
        return f">= {number(gate.min)}"
    return f"{number(gate.min)} to {number(gate.max)}"
