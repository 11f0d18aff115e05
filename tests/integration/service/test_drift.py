"""Drift that was found is where a gate and a monitor look: at the run of the version, on a real MLflow."""

import os
import subprocess
import sys
import uuid
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from cluster.services.mlflow_server import MlflowServer
from mlflow_operator.model_registry import ModelRegistry
from mlflow_operator.model_registry.rest import Rest

pytestmark = pytest.mark.integration


def data(file: Path, mean: float) -> str:
    """Data whose age has this mean, with a column whose name is none for MLflow."""
    chance = np.random.default_rng(int(mean))
    pd.DataFrame({"age": chance.normal(mean, 10, 500), "rate in %": chance.random(500)}).to_csv(file, index=False)
    return str(file)


def program(server: MlflowServer, *words: str) -> int:
    """The exit code of ``mlflow-operator drift``."""
    env = {**os.environ, "MLFLOW_TRACKING_URI": server.url, "PYTHONPATH": os.pathsep.join(sys.path)}
    argv = [sys.executable, "-m", "mlflow_operator", "drift", *words]
    return subprocess.run(argv, env=env, check=False, capture_output=True).returncode


async def test_reports_of_two_nights_are_a_curve_at_the_run_of_the_version(
    plain_mlflow: MlflowServer, tmp_path: Path
) -> None:
    """The program logs both, MLflow takes every name, and the last value is that of the last night."""
    name, before = f"fraud-{uuid.uuid4().hex[:8]}", data(tmp_path / "before.csv", 40)
    async with ModelRegistry(plain_mlflow.url) as registry:
        model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
        run_id = await registry.log_model(model, name, options={"pip_requirements": ["scikit-learn"]})
        version = await registry.register_model(run_id, name)
    where = ("--reference", before, "--model", name, "--version", str(version))
    assert program(plain_mlflow, *where, "--current", before) == 0
    assert program(plain_mlflow, *where, "--current", data(tmp_path / "now.csv", 60)) == 1
    async with Rest.of_environment(plain_mlflow.url) as rest:
        run = (await rest.get("runs/get", {"run_id": run_id}))["run"]
        history = await rest.get("metrics/get-history", {"run_id": run_id, "metric_key": "drift.detected"})
    metrics = {metric["key"]: metric["value"] for metric in run["data"]["metrics"]}
    assert (metrics["drift.detected"], metrics["drift.age.detected"], metrics["drift.share"]) == (1, 1, 0.5)
    assert [key for key in metrics if key.startswith("drift.rate in _-") and key.endswith(".psi")]
    assert [metric["value"] for metric in history["metrics"]] == [0, 1]
