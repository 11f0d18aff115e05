"""The command line: ``mlflow-operator run``, and programs beside it."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

from mlflow_operator import __version__


def main() -> None:
    """Entry point of the console script."""
    parser = argparse.ArgumentParser(prog="mlflow-operator", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run the operator; settings come from MLFLOW_OPERATOR_* variables")
    commands.add_parser("init", help="make the experiments that a team begins with, or check a server", add_help=False)
    commands.add_parser("drift", help="tell whether data is still like that of before", add_help=False)
    commands.add_parser("backup", help="back up a tracking server, and restore it", add_help=False)
    commands.add_parser("generate", help="write the files that are made from the code", add_help=False)
    arguments, rest = parser.parse_known_args()
    if arguments.command == "generate":
        from mlflow_operator import generate  # noqa: PLC0415 - the operator does not pay for it

        sys.exit(generate.main(rest))
    if arguments.command == "init":
        from mlflow_operator.commands import init  # noqa: PLC0415 - the operator does not pay for it

        sys.exit(init.main(rest))
    if arguments.command == "drift":
        from mlflow_operator.commands import drift  # noqa: PLC0415 - the operator does not pay for it

        sys.exit(drift.main(rest))
    if arguments.command == "backup":
        _backup(rest)
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    _run()


def _backup(words: Sequence[str]) -> None:
    try:
        from mlflow_operator.commands import backup  # noqa: PLC0415 - the operator does not pay for it
    except ModuleNotFoundError as error:
        sys.exit(_missing(error, "backup"))
    sys.exit(backup.main(words))


def _run() -> None:
    try:
        from mlflow_operator import handlers, logs  # noqa: PLC0415 - kopf is slow to import
    except ModuleNotFoundError as error:
        sys.exit(_missing(error, "operator"))
    from mlflow_operator.config import Settings, SettingsError  # noqa: PLC0415

    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        sys.exit(f"mlflow-operator: a setting does not fit: {error}")
    logs.configure(settings.log_format, settings.log_level)
    asyncio.run(handlers.run(settings))


def _missing(error: ModuleNotFoundError, extra: str) -> str:
    return f'mlflow-operator: {error.name} is missing; install it with pip install "mlflow-operator[{extra}]"'


if __name__ == "__main__":
    main()
