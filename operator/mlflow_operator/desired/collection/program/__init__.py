"""The program that removes for good what users have deleted, as the text that ``python -c`` gets.

It runs in the server's image, as the preparation does, and has modules in common with it. Input is the environment of a
preparation; COLLECT_* are its own variables. Output is the termination message, one JSON document:
``{"ok": true, "dryRun": …, "runs": …, "loggedModels": …, "experiments": …, "kept": …, "bytes": …, "seconds": …}``, or
``{"ok": false, "reason": …, "message": …}``. Exit code: 0, 3 where only a user can help, else 1.
"""

from mlflow_operator.desired import programs


def text() -> str:
    """The whole program as one text."""
    return programs.text(f"{__name__}.main")
