"""How a command ends, and what it says where it does not go on."""

from typing import Final

from mlflow_operator.errors import OperatorError

WELL: Final = 0
"""What was asked for is so, or was done."""
WRONG: Final = 1
"""Something is not as it should be: an object is not ready, a gate would fail, a change was refused."""
USAGE: Final = 2
"""The command was written in a way that means nothing."""
UNKNOWN: Final = 3
"""The cluster or MLflow could not be asked, or the person may not ask."""


class Stop(OperatorError):
    """The command ends here; ``code`` is its exit code."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(reason, message)
        self.code = code


def missing(kind: str, namespace: str, name: str) -> Stop:
    """An object that was named and is not there."""
    message = f"{kind} {name} does not exist in namespace {namespace}; see kubectl mlflow status -n {namespace}"
    return Stop(WRONG, "NotFound", message)
