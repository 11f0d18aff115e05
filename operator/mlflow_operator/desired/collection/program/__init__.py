"""The program that removes for good what users have deleted, as the text that ``python -c`` gets.

It runs in the server's image, as the preparation does, and has modules in common with it. Input is the environment of a
preparation; COLLECT_* are its own variables. Output is the termination message, one JSON document:
``{"ok": true, "dryRun": …, "runs": …, "loggedModels": …, "experiments": …, "kept": …, "bytes": …, "seconds": …}``, or
``{"ok": false, "reason": …, "message": …}``. Exit code: 0, 3 where only a user can help, else 1.
"""

from mlflow_operator.desired import programs
from mlflow_operator.desired.preparation import program as preparation

_SHARED = (
    "patience",
    "credentials",
    "report",
    "database_errors",
    "authorities",
    "connections",
    "database",
    "store_errors",
)
_OWN = ("locations", "versions", "deleted", "maintenance", "main")
"""Each after those that it imports."""


def text() -> str:
    """The whole program as one text."""
    shared = (f"{preparation.__name__}.{name}" for name in _SHARED)
    return programs.text([*shared, *(f"{__name__}.{name}" for name in _OWN)])
