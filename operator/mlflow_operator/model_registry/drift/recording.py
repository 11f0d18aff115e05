"""A report, as metrics of a run."""

from mlflow_operator.model_registry.deadline import Deadline
from mlflow_operator.model_registry.drift.report import DriftReport
from mlflow_operator.model_registry.rest import Rest

_MOST = 1000
"""Metrics that MLflow takes at once."""


async def log_to(
    rest: Rest, run_id: str, report: DriftReport, *, now: int, step: int = 0, deadline: Deadline | None = None
) -> None:
    """Log a report to a run, which may be over, or be that of a version in Production.

    Args:
        rest: the server.
        run_id: the run.
        report: the report.
        now: milliseconds since 1970; MLflow keeps the value of each time.
        step: a number that rises, where several reports are of the same time.
        deadline: else that of the client.

    Raises:
        RegistryError: What the server says, or that it says nothing.
    """
    metrics = [{"key": key, "value": value, "timestamp": now, "step": step} for key, value in report.metrics().items()]
    for start in range(0, len(metrics), _MOST):
        body = {"run_id": run_id, "metrics": metrics[start : start + _MOST]}
        await rest.write("POST", "runs/log-batch", body, deadline=deadline)
