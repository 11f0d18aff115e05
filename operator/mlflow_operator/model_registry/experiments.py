"""Experiments that have to be there: made, brought back, or said to be deleted."""

from enum import StrEnum

from mlflow_operator.model_registry.deadline import Deadline
from mlflow_operator.model_registry.errors import Conflict, NotFound
from mlflow_operator.model_registry.rest import Answer, Rest


class Outcome(StrEnum):
    """What was done about an experiment."""

    EXISTS = "exists"
    CREATED = "created"
    RESTORED = "restored"
    DELETED = "deleted"
    """It is in MLflow's trash, and was left there."""


async def ensure(rest: Rest, name: str, *, restore: bool = False, deadline: Deadline | None = None) -> Outcome:
    """See to it that an experiment is there, whoever else does the same at this moment.

    ``restore``: bring it back where somebody has deleted it; its runs come back with it.

    Raises:
        RegistryError: MLflow did not answer, or said no.
    """
    found = await _by_name(rest, name, deadline)
    if found is None:
        try:
            await rest.write("POST", "experiments/create", {"name": name}, deadline=deadline)
        except Conflict:
            found = await _by_name(rest, name, deadline)  # somebody was faster
        else:
            return Outcome.CREATED
    if found is None or found.get("lifecycle_stage") != "deleted":
        return Outcome.EXISTS
    if not restore:
        return Outcome.DELETED
    await rest.write("POST", "experiments/restore", {"experiment_id": found["experiment_id"]}, deadline=deadline)
    return Outcome.RESTORED


async def _by_name(rest: Rest, name: str, deadline: Deadline | None) -> Answer | None:
    """An experiment, deleted ones too; None: there is none of that name."""
    try:
        answer = await rest.get("experiments/get-by-name", {"experiment_name": name}, deadline=deadline)
    except NotFound:
        return None
    experiment: Answer = answer["experiment"]
    return experiment
