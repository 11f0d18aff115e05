"""Gates that are Jobs: a pod whose end says whether a version passes."""

from typing import Annotated

from pydantic import Field

from mlflow_operator.api.durations import Deadline
from mlflow_operator.api.gates.pods import GateName, GateTemplate
from mlflow_operator.api.gates.windows import Mode
from mlflow_operator.api.schema import ApiModel, list_map


class JobGate(ApiModel):
    """A pod that validates the version."""

    name: GateName
    """Name of the gate."""
    template: GateTemplate
    """The pod, as in a Job."""
    active_deadline: Deadline = "30m"
    """How long it may take, with the time until its pod runs and all tries."""
    backoff_limit: Annotated[int, Field(ge=0, le=6)] = 0
    """How often it is tried again after an exit code other than 0."""
    mode: Mode = Mode.ENFORCE
    """As for metrics."""


JobGates = Annotated[list[JobGate], list_map("name", max_items=8)]
"""Gates that are Jobs, told apart by name."""
