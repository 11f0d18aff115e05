"""The program of the preparation Job, as the text that ``python -c`` gets.

It runs in the server's image, which has no operator, on Python 3.10 or later: its modules import each other, the
standard library, and what comes with MLflow. Input is the server's environment; PREPARE_* are its own variables.
Output is the termination message (``report.py``). Exit code: 0, 3 where only a user can help,
4 where it has asked first and would migrate (PREPARE_ASK), else 1.
"""

from mlflow_operator.desired import programs


def text() -> str:
    """The whole program as one text."""
    return programs.text(f"{__name__}.main")
