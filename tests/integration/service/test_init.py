"""``mlflow-operator init`` at a real MLflow."""

import json
import subprocess
import sys

import pytest

from cluster.host import folders, rest
from cluster.services.mlflow_server import MlflowServer
from mlflow_operator.commands.init import DEFAULT

pytestmark = pytest.mark.integration


def init(url: str, *words: str) -> tuple[int, dict[str, str]]:
    """Exit code and what it says."""
    argv = [sys.executable, "-m", "mlflow_operator", "init", "-o", "json", *words]
    env = {"PYTHONPATH": str(folders.CHECKOUT / "operator"), "MLFLOW_TRACKING_URI": url}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, json.loads(done.stdout or "{}")


def test_a_server_gets_the_experiments_that_a_team_begins_with(plain_mlflow: MlflowServer) -> None:
    """As often as it is run; one that somebody deletes is said to be, and comes back when that is asked for."""
    plain_mlflow.start()
    url = plain_mlflow.url
    code, first = init(url)
    assert (code, first) == (0, dict.fromkeys(DEFAULT, "created"))
    assert init(url, "--init") == (0, dict.fromkeys(DEFAULT, "exists"))
    code, found = init(url, "--experiment", "to-be-deleted")
    assert (code, found["to-be-deleted"]) == (0, "created")
    delete(url, "to-be-deleted")
    code, found = init(url, "--experiment", "to-be-deleted")
    assert (code, found["to-be-deleted"].split(":")[0]) == (1, "deleted")
    assert init(url, "--experiment", "to-be-deleted", "--restore") == (0, {"to-be-deleted": "restored"})
    assert init(url, "--experiment", "to-be-deleted") == (0, {"to-be-deleted": "exists"})


def test_a_health_check_says_healthy_while_the_server_runs(plain_mlflow: MlflowServer) -> None:
    """And names the version; once it is gone, why it is not."""
    plain_mlflow.start()
    code, found = init(plain_mlflow.url, "--health-check")
    assert (code, found["status"], found["version"]) == (0, "healthy", plain_mlflow.version)
    plain_mlflow.stop()
    try:
        code, found = init(plain_mlflow.url, "--health-check", "--timeout", "2")
    finally:
        plain_mlflow.start()
    assert (code, found["status"]) == (1, "unhealthy")
    assert "connection refused" in found["error"]


def delete(url: str, name: str) -> None:
    """Delete an experiment, as a person does in the UI."""
    api = f"{url}/api/2.0/mlflow/experiments"
    found = json.loads(rest.get(f"{api}/get-by-name?experiment_name={name}")[1])["experiment"]
    body = json.dumps({"experiment_id": found["experiment_id"]})
    assert rest.send("POST", f"{api}/delete", body)[0] == 200
