"""Removes for good what users have deleted, and reports."""

import functools
import json
import logging
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from mlflow_operator.desired.collection.program.deleted import Collector
from mlflow_operator.desired.collection.program.maintenance import maintain
from mlflow_operator.desired.preparation.program import credentials
from mlflow_operator.desired.preparation.program.database import current
from mlflow_operator.desired.preparation.program.patience import Patience, Problem

TERMINAL, TRANSIENT = 3, 1

Report = dict[str, Any]
log = logging.getLogger("collect")


def main() -> int:
    """Collect and report, whatever happens; the answer is the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    code = 0
    try:
        report = collected()
    except Problem as problem:
        code = TERMINAL if problem.terminal else TRANSIENT
        report = {"ok": False, "reason": problem.reason, "message": problem.message[:1000]}
    except Exception as error:  # what nobody foresaw may hold anything, so only its kind is told
        log.error("%s", credentials.without_secrets(traceback.format_exc()))
        told = f"unexpected {type(error).__name__}; the log of the Job's pod has more"
        code, report = TRANSIENT, {"ok": False, "reason": "InternalError", "message": told}
    log.info("%s", json.dumps(report))
    Path(os.environ.get("COLLECT_REPORT", "/dev/termination-log")).write_text(json.dumps(report), encoding="utf-8")
    return code


def collected() -> Report:
    """The report of a collection.

    Raises:
        Problem: It did not come to its end, and why.
    """
    began, uri, dry = time.time(), os.environ[credentials.URI], os.environ["COLLECT_DRY_RUN"] == "true"
    engine = current(uri, Patience(float(os.environ.get("COLLECT_PATIENCE", "60"))))
    before = int((began - float(os.environ["COLLECT_OLDER_THAN_SECONDS"])) * 1000)
    store = functools.cache(lambda: SqlAlchemyStore(uri, os.environ["MLFLOW_ARTIFACTS_DESTINATION"]))
    removed = Collector(engine, store, before, dry).collect()
    if not dry:
        maintain(engine)
    return {
        "ok": True,
        "dryRun": dry,
        "runs": len(removed.runs),
        "loggedModels": len(removed.logged_models),
        "experiments": len(removed.experiments),
        "kept": removed.kept,
        "bytes": removed.bytes,
        "seconds": round(time.time() - began),
    }
