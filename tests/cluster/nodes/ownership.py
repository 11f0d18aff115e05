"""Whose node it is: addresses, routes and control groups are the machine's, whatever folder the state is in."""

from pathlib import Path

from cluster.host.errors import Unavailable
from cluster.host.process import recorded

MARK = Path("/run/mlflow-operator-node")
"""Holds the folder of the node that has them."""


def claim(folder: Path) -> None:
    """Let the node of a folder have them.

    Raises:
        Unavailable: That of another folder runs.
    """
    if other := another(folder):
        message = f"a node of this machine runs already, with its state in {other}, and there is room for one"
        raise Unavailable(f"{message}: wait, or end it with MLFLOW_OPERATOR_STATE={other.parent} make cluster-down")
    MARK.write_text(str(folder))


def another(folder: Path) -> Path | None:
    """The folder of another node that runs; one whose processes have ended has nothing."""
    try:
        other = Path(MARK.read_text())
    except FileNotFoundError:
        return None
    return other if other != folder and any(p.pid is not None for p in recorded(other)) else None


def release() -> None:
    """Nobody has them any more."""
    MARK.unlink(missing_ok=True)
