"""Metrics of a version: those of the logged model that it was registered from, and those of its run."""

import math
from collections.abc import Mapping, Sequence, Set
from typing import Protocol

from mlflow_operator.clients.mlflow.answers import LoggedMetric
from mlflow_operator.errors import OperatorError
from mlflow_operator.promotion.evidence import Measured, Need, Origin, Reading

_RUNS = 3
"""Runs beside the version's own that are asked whether a 0 is none."""


class Tracking(Protocol):
    """What has the metrics."""

    async def logged_model_metrics(self, model_id: str) -> Sequence[LoggedMetric]:
        """Every value of every metric of a logged model."""

    async def run_metrics(self, run_id: str) -> Mapping[str, float]:
        """The latest value of each metric of a run."""


async def measure(tracking: Tracking, needs: Set[Need]) -> dict[Need, Measured]:
    """Everything that is needed, asked now; where MLflow does not answer, why."""
    found: dict[Need, Measured] = {}
    for origin in sorted({need.origin for need in needs}, key=lambda o: int(o.version)):
        metrics = {need.metric for need in needs if need.origin == origin}
        try:
            found |= await _of(tracking, origin, metrics)
        except OperatorError as error:
            found |= {Need(origin, metric): Measured(refused=error.message) for metric in metrics}
    return found


async def _of(tracking: Tracking, origin: Origin, metrics: Set[str]) -> dict[Need, Measured]:
    every = await tracking.logged_model_metrics(origin.logged_model) if origin.logged_model else ()
    logged = [metric for metric in every if metric.key in metrics]
    runs = {origin.run: await tracking.run_metrics(origin.run)} if origin.run else {}
    none = await _not_numbers(tracking, logged, runs)
    return {
        Need(origin, name): Measured(_readings(logged, name, none), runs.get(origin.run, {}).get(name))
        for name in metrics
    }


async def _not_numbers(
    tracking: Tracking, logged: Sequence[LoggedMetric], runs: Mapping[str, Mapping[str, float]]
) -> set[tuple[str, str]]:
    """By run and metric, what was NaN when it was logged.

    MLflow (3.17) keeps a NaN of a logged model as 0, and says so only of the run that it was logged in. A loss of 0 is
    within every bound, so it is not taken at its word.
    """
    suspects = sorted({metric.run for metric in logged if metric.value == 0 and metric.run} - runs.keys())
    known = dict(runs) | {run: await tracking.run_metrics(run) for run in suspects[:_RUNS]}
    return {(run, key) for run, found in known.items() for key, value in found.items() if math.isnan(value)}


def _readings(logged: Sequence[LoggedMetric], name: str, none: set[tuple[str, str]]) -> tuple[Reading, ...]:
    """The latest value for each dataset."""
    latest: dict[str, LoggedMetric] = {}
    for metric in sorted(logged, key=lambda m: m.at):
        if metric.key == name:
            latest[metric.dataset] = metric
    values = {d: math.nan if m.value == 0 and (m.run, name) in none else m.value for d, m in latest.items()}
    return tuple(Reading(values[dataset], dataset) for dataset in sorted(values))
