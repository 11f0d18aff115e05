"""What an MLflow leaves behind that was set up with docker-compose, and what the page says of moving it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from cluster.host import ports, rest, waiting
from cluster.host.process import Process
from cluster.services import mlflow_server
from integration.releases.running import ran
from unit.documentation import DOCS, snippets

OLD, NEW = "2.10.0", mlflow_server.pinned_version()
PATH = "/mlflow/artifacts"
"""Where artifacts are in the page."""
PAGE = DOCS / "move-an-existing-mlflow.md"

TRAIN = """
import json, sys, mlflow, mlflow.sklearn
from sklearn.dummy import DummyRegressor
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("scoring-models")
with mlflow.start_run() as run:
    mlflow.log_metric("accuracy", 0.85)
    mlflow.log_text("seen", "note.txt")
    model = DummyRegressor(strategy="constant", constant=7).fit([[0]], [0])
    mlflow.sklearn.log_model(model, "model", pip_requirements=["scikit-learn"], registered_model_name="scoring")
mlflow.MlflowClient().transition_model_version_stage("scoring", 1, "Production")
print(json.dumps(run.info.run_id))
"""
USE = """
import json, sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
note = mlflow.artifacts.load_text(f"runs:/{sys.argv[2]}/note.txt")
accuracy = mlflow.get_run(sys.argv[2]).data.metrics["accuracy"]
loaded = mlflow.pyfunc.load_model("models:/scoring/Production").predict([[1]])
print(json.dumps([note, accuracy, float(loaded[0])]))
"""


class Left(NamedTuple):
    """What the old server has left behind."""

    kept: Path
    """With mlflow.db and artifacts in it."""
    path: Path
    """Where artifacts were, on a machine that is no more."""
    run: str


def leave(above: Path) -> Left:
    """Run an old server in a folder, of which places are paths, train a model and bring it into Production."""
    folder, port = above / "machine", ports.free(1)[0]
    folder.mkdir()
    programs = mlflow_server.environment(OLD) / "bin"
    argv = [str(programs / "mlflow"), "server", "--backend-store-uri", "sqlite:///mlflow.db", "--serve-artifacts"]
    argv += ["--default-artifact-root", str(folder / "artifacts"), "--host", "127.0.0.1", "--port", str(port)]
    server = Process("old", above)
    server.start(argv, env={"PYTHONPATH": "", "PATH": f"{programs}:{os.defpath}"}, folder=folder)
    try:
        url = f"http://127.0.0.1:{port}"
        waiting.until(lambda: rest.succeeds(f"{url}/health"), what="the old server", seconds=120)
        run = ran(OLD, TRAIN, url)
    finally:
        server.stop()
    return Left(folder.rename(above / "kept"), folder / "artifacts", run)


def of_page() -> list[str]:
    """The statements of the page: what places there are, what rewrites them, and what does of later releases."""
    return snippets(PAGE, "sql")


def rewrite(file: Path, path: Path) -> None:
    """Do what the page says about places, with the path that they have."""
    statements = of_page()[1]
    with closing(sqlite3.connect(file)) as database:
        database.executescript(statements.replace(PATH, str(path)))
