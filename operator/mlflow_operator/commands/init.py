"""``mlflow-operator init``: the experiments that a team begins with, and whether the server is healthy.

0  all is as it should be
1  an experiment is deleted or was refused, or the server is not healthy
2  wrong use
3  the server could not be asked
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlflow_operator.model_registry import experiments
from mlflow_operator.model_registry.connection import connection
from mlflow_operator.model_registry.deadline import Deadline
from mlflow_operator.model_registry.errors import Invalid, RegistryError, Unavailable
from mlflow_operator.model_registry.experiments import Outcome
from mlflow_operator.model_registry.rest import Rest
from mlflow_operator.model_registry.service import ModelRegistry

DEFAULT = ("resume-parsing-models", "scoring-models", "baseline-models", "semantic-models")
OK, WRONG, USAGE, UNANSWERED = 0, 1, 2, 3
_GOOD = {Outcome.EXISTS.value, Outcome.CREATED.value, Outcome.RESTORED.value}
_HINT = "deleted: rename it, or bring it back with --restore"


def main(words: Sequence[str]) -> int:
    """Run the command; its exit code."""
    parser = _parser()
    said = parser.parse_args(words)
    try:
        names = _names(said)
        return asyncio.run(_check(said) if said.health_check else _make(said, names))
    except (OSError, UnicodeDecodeError, Invalid) as error:
        parser.error(str(error))
    except RegistryError as error:
        print(f"mlflow-operator init: {error}", file=sys.stderr)
        return UNANSWERED if isinstance(error, Unavailable) else WRONG


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mlflow-operator init",
        description="Make the experiments that a team begins with, as often as you like, or check the server's health.",
        epilog="exit codes: 0 as it should be; 1 something is not; 2 wrong use; 3 the server could not be asked",
    )
    parser.add_argument("--tracking-uri", metavar="URL", help="of the server; else MLFLOW_TRACKING_URI")
    parser.add_argument("--timeout", type=_seconds, default=30.0, metavar="SECONDS", help="for all of it (30)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--init", action="store_true", help="make experiments, which it does without being told, too")
    what.add_argument("--health-check", action="store_true", help="make nothing, and say whether the server is healthy")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--experiment", action="append", default=[], metavar="NAME", help="instead of the default ones")
    which.add_argument("--file", type=Path, metavar="FILE", help="names, one in a line; # begins a comment")
    parser.add_argument("--restore", action="store_true", help="bring experiments back that somebody has deleted")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text", help="for people, or programs")
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError("write a number of seconds, more than 0 and up to 3600")
    return seconds


def _names(said: argparse.Namespace) -> tuple[str, ...]:
    """The experiments that are meant, each once.

    Raises:
        Invalid: The file names none.
    """
    if said.file is None:
        return tuple(dict.fromkeys(said.experiment)) or DEFAULT
    lines = (line.strip() for line in said.file.read_text().splitlines())
    names = tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
    if not names:
        raise Invalid(f"{said.file} names no experiment; write one in a line")
    return names


async def _make(said: argparse.Namespace, names: Sequence[str]) -> int:
    """Make them, one by one: what one of them suffers, the others need not."""
    found: dict[str, str] = {}
    async with Rest.of_environment(said.tracking_uri) as rest:
        deadline = Deadline(said.timeout)
        for name in names:
            try:
                outcome = await experiments.ensure(rest, name, restore=said.restore, deadline=deadline)
            except Unavailable:
                raise
            except RegistryError as error:
                found[name] = f"refused: {error}"
            else:
                found[name] = _HINT if outcome is Outcome.DELETED else outcome.value
    _show(found, said.output)
    return OK if set(found.values()) <= _GOOD else WRONG


async def _check(said: argparse.Namespace) -> int:
    async with ModelRegistry(connection(os.environ, said.tracking_uri)) as registry:
        found = await registry.health_check(timeout=said.timeout)
    found["seconds"] = round(found["seconds"], 3)
    _show(found, said.output)
    return OK if found["status"] == "healthy" else WRONG


def _show(found: Mapping[str, object], output: str) -> None:
    if output == "json":
        print(json.dumps(found))
        return
    width = max(map(len, found))
    for name, what in found.items():
        print(f"{name:<{width}}  {what}")
