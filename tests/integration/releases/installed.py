"""The releases of MLflow that the tests install: the oldest, the last of 2, and what changed something in 3."""

import json
import subprocess
from typing import Any

from cluster.services import mlflow_server

RELEASES = ("2.10.0", "2.22.5", "3.1.4", "3.5.1", "3.9.0", "3.12.0", "3.14.0", mlflow_server.pinned_version())


def said(version: str, program: str) -> Any:
    """What a program prints as JSON, run with that MLflow."""
    python = mlflow_server.environment(version) / "bin" / "python"
    done = subprocess.run([python, "-W", "ignore", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
