"""``mlflow-operator drift``: whether data is still like that of before, for a pipeline that has to know.

0  no column has drifted
1  a column has
2  wrong use: an option, a file that cannot be read, or data that cannot be compared
3  it could not be found out, or not logged: a package is missing, or the server said no or nothing
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlflow_operator.model_registry.deadline import Deadline
from mlflow_operator.model_registry.drift import detect_drift
from mlflow_operator.model_registry.errors import Invalid, MissingExtra, NotFound, RegistryError
from mlflow_operator.model_registry.rest import Rest

NONE, DRIFT, USAGE, FAILED = 0, 1, 2, 3
_PARQUET = (".parquet", ".pq")
_CSV = (".csv", ".csv.gz")


def main(words: Sequence[str]) -> int:
    """Run the command; its exit code."""
    parser = _parser()
    said = parser.parse_args(words)
    if (said.model is None) != (said.version is None):
        parser.error("--model and --version belong together; to log to a run, name it with --run")
    try:
        report = detect_drift(
            _read(said.reference),
            _read(said.current),
            columns=said.columns.split(",") if said.columns else None,
            threshold=said.threshold,
            alpha=said.alpha,
        )
        print(_shown(report, said.output))
    except (OSError, Invalid) as error:
        parser.error(str(error))
    except MissingExtra as error:
        return _failed(error)
    try:
        if said.run or said.model:
            asyncio.run(_log(said, report))
    except RegistryError as error:
        return _failed(error)
    return DRIFT if report.drifted else NONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mlflow-operator drift",
        description="Compare data with the data of before, column by column; log what is found where it is to be seen.",
        epilog="exit codes: 0 no drift; 1 drift; 2 wrong use; 3 it could not be found out, or not logged",
    )
    parser.add_argument("--reference", type=Path, required=True, metavar="FILE", help="data of before: CSV or Parquet")
    parser.add_argument("--current", type=Path, required=True, metavar="FILE", help="data of now")
    parser.add_argument("--columns", metavar="NAME,NAME", help="which ones; else all that both have")
    parser.add_argument("--threshold", type=float, default=0.2, metavar="PSI", help="from which on it is drift (0.2)")
    parser.add_argument(
        "--alpha", type=float, default=0.05, metavar="P", help="of a false alarm, over all tests (0.05)"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--run", metavar="ID", help="log the report to this run")
    where.add_argument("--model", metavar="NAME", help="log the report to the run of a version of this model")
    parser.add_argument("--version", type=int, metavar="NUMBER", help="of the model")
    parser.add_argument("--tracking-uri", metavar="URL", help="of the server; else MLFLOW_TRACKING_URI")
    parser.add_argument("--timeout", type=_seconds, default=30.0, metavar="SECONDS", help="for the logging (30)")
    parser.add_argument("-o", "--output", choices=("table", "json", "markdown"), default="table", help="of the report")
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError("write a number of seconds, more than 0 and up to 3600")
    return seconds


def _read(file: Path) -> Any:
    """The data of a file.

    Raises:
        Invalid: It is of another kind, or not what its name says.
        MissingExtra: A package is missing that reads it.
    """
    try:
        import pandas as pd  # noqa: PLC0415 - of an extra
    except ModuleNotFoundError:
        raise MissingExtra(
            'comparing data needs pandas; install it with pip install "mlflow-operator[drift]"'
        ) from None
    name = file.name.lower()
    if not name.endswith((*_CSV, *_PARQUET)):
        raise Invalid(f"{file} is neither CSV nor Parquet by its name; it has to end with .csv, .csv.gz or .parquet")
    try:
        return pd.read_csv(file) if name.endswith(_CSV) else pd.read_parquet(file)
    except ImportError:
        raise MissingExtra(
            f"{file} is Parquet, which pandas reads with pyarrow; install it: pip install pyarrow"
        ) from None
    except ValueError as error:  # pandas' own errors, and those of the encoding, are such
        raise Invalid(f"{file} cannot be read: {str(error)[:200]}") from None


def _shown(report: Any, output: str) -> str:
    if output == "json":
        return json.dumps(report.as_dict())
    return str(report.markdown()) if output == "markdown" else str(report)


async def _log(said: argparse.Namespace, report: Any) -> None:
    from mlflow_operator.model_registry.drift.recording import log_to  # noqa: PLC0415 - needs scipy

    async with Rest.of_environment(said.tracking_uri) as rest:
        deadline = Deadline(said.timeout)
        run = said.run or await _run_of(rest, said.model, said.version, deadline)
        await log_to(rest, run, report, now=int(time.time() * 1000), deadline=deadline)


async def _run_of(rest: Rest, model: str, version: int, deadline: Deadline) -> str:
    """The run of a version.

    Raises:
        NotFound: There is no such version, or it was registered without a run.
    """
    query = {"name": model, "version": str(version)}
    found = await rest.get("model-versions/get", query, deadline=deadline)
    run = str(found["model_version"].get("run_id") or "")
    if not run:
        raise NotFound(f"version {version} of {model} was registered without a run; name one with --run")
    return run


def _failed(error: RegistryError) -> int:
    print(f"mlflow-operator drift: {error}", file=sys.stderr)
    return FAILED
