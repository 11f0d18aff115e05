"""Where built things and running things are kept; nothing is written into the checkout."""

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parents[1]


def cache() -> Path:
    """Folder of what took long to build; safe to delete when nothing runs."""
    chosen = os.environ.get("MLFLOW_OPERATOR_CACHE")
    return _made(Path(chosen) if chosen else Path.home() / ".cache" / "mlflow-operator")


def state() -> Path:
    """Folder of what runs now: process records, logs, data."""
    chosen = os.environ.get("MLFLOW_OPERATOR_STATE")
    return _made(Path(chosen) if chosen else cache() / "state")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
