"""Prepares both stores, and the logins where there are any, and reports."""

import logging
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from mlflow_operator.desired.preparation.program import credentials
from mlflow_operator.desired.preparation.program.artifacts import prepare_artifacts
from mlflow_operator.desired.preparation.program.database import PLANNED, prepare_database
from mlflow_operator.desired.preparation.program.logins import prepare_logins
from mlflow_operator.desired.preparation.program.patience import Interrupted, Patience, Problem
from mlflow_operator.desired.preparation.program.report import Report, document

TERMINAL, TRANSIENT, ASKED = 3, 1, 4

log = logging.getLogger("prepare")


def main() -> int:
    """Prepare both stores, whatever happens to the other, then logins, and report; the answer is the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    patience = Patience(float(os.environ.get("PREPARE_PATIENCE", "180")))
    patience.listen()
    uri = os.environ[credentials.URI]
    parts = []
    if everything := os.environ.get("PREPARE_ONLY") != "artifacts":
        parts.append(_attempted("database", patience, lambda: prepare_database(uri, patience)))
    parts.append(_attempted("artifacts", patience, lambda: prepare_artifacts(patience)))
    if everything and "PREPARE_LOGINS" in os.environ and parts[0]["ok"]:
        parts.append(_attempted("logins", patience, lambda: prepare_logins(patience)))
    result = Path(os.environ.get("PREPARE_RESULT", "/dev/termination-log"))
    result.write_text(document(parts), encoding="utf-8")
    failed = [part for part in parts if part["ok"] is False]
    if failed:
        return TERMINAL if any(part["terminal"] for part in failed) else TRANSIENT
    return ASKED if parts[0]["reason"] == PLANNED else 0


def _attempted(name: str, patience: Patience, part: Callable[[], Report]) -> Report:
    """The report of a part, whatever happens in it."""
    try:
        if patience.asked_to_end:
            raise Interrupted
        report = part()
    except Problem as problem:
        report = {"ok": False, "reason": problem.reason, "message": problem.message, **problem.facts}
        report["terminal"] = problem.terminal
    except Interrupted:
        report = {
            "ok": False,
            "reason": "Interrupted",
            "message": "asked to end before it was through; it is tried again",
        }
    except Exception as error:  # what nobody foresaw may hold anything, so only its kind is told
        log.error("%s", credentials.without_secrets(traceback.format_exc()))
        unforeseen = f"unexpected {type(error).__name__}; the preparation's log has more"
        report = {"ok": False, "reason": "InternalError", "message": unforeseen}
    log.info("%(reason)s: %(message)s", report)
    return {"name": name, "terminal": False, **report}
