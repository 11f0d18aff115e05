"""Completion for kubectl, which asks the program ``kubectl_complete-mlflow`` beside the plugin.

kubectl passes the words so far, the last one being written still, and reads one completion from each line, then what to
do about files.
"""

import io
import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress

_PROGRAM = "kubectl-mlflow"
_NO_FILES = ":4"
"""cobra's ShellCompDirectiveNoFileComp: files are no completions."""
_FILES = ":0"


def question(words: Sequence[str]) -> dict[str, str]:
    """The variables by which typer is asked for completions, as its script for fish does it, with descriptions."""
    *before, incomplete = words or [""]
    asked = f"{shlex.join([_PROGRAM, *before])} {shlex.quote(incomplete) if incomplete else ''}"
    return {
        "_KUBECTL_MLFLOW_COMPLETE": "complete_fish",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_ARGS": asked,
    }


def main() -> None:
    """Entry point of the console script ``kubectl_complete-mlflow``."""
    words = sys.argv[1:]
    os.environ.update(question(words))
    answer = io.StringIO()
    with suppress(ModuleNotFoundError, SystemExit), redirect_stdout(answer):
        from mlflow_operator.kubectl.app import app  # noqa: PLC0415 - without the extra there is nothing to complete

        app(prog_name=_PROGRAM)
    sys.stdout.writelines(f"{line}\n" for line in answer.getvalue().splitlines() if line.strip())
    sys.stdout.write(f"{_FILES if _wants_file(words) else _NO_FILES}\n")


def _wants_file(words: Sequence[str]) -> bool:
    return len(words) > 1 and words[-2] in ("-f", "--file", "--kubeconfig")


if __name__ == "__main__":
    main()
