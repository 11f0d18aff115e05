"""What a rollback to an earlier holder of the slot need not pass: an emergency does not wait for a window."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from mlflow_operator.api.schema import ApiModel, list_set


class GateKind(StrEnum):
    """Gates of one kind, as spec.gates names them."""

    METRICS = "metrics"
    COMPARISONS = "comparisons"
    JOBS = "jobs"
    WEBHOOKS = "webhooks"
    WINDOWS = "windows"


SkipGates = Annotated[list[GateKind], list_set(max_items=8)]


class Rollback(ApiModel):
    """What a rollback need not pass, and how far back one goes."""

    window: Annotated[int, Field(ge=1, le=49)] = 3
    """How many of the versions that held the slot before the present one count; they have to be in status.history."""
    skip_gates: SkipGates = Field(default_factory=list)
    """Gates that a rollback to one of them need not pass. Unset: none, it passes them all."""
