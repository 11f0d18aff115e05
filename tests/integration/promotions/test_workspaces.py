"""One MLflow with a registry for each team, by its workspaces."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.services.mlflow_server import MlflowServer
from cluster.services.operator_process import OperatorProcess
from cluster.services.team import Team, condition

pytestmark = pytest.mark.integration

CHAMPION = {"alias": "champion"}


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[MlflowServer]:
    """An MLflow with workspaces."""
    enabled = {"MLFLOW_ENABLE_WORKSPACES": "true"}
    uri, artifacts = f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "artifacts"
    server = MlflowServer(tmp_path, uri, str(artifacts), extra_env=enabled, name="mlflow-with-workspaces")
    server.start()
    yield server
    server.stop()


def call(server: MlflowServer, path: str, workspace: str = "", **body: Any) -> Any:
    """Ask MLflow's API, in a workspace if one is named."""
    url, headers = f"{server.url}/api/{path}", {"Content-Type": "application/json"}
    named = {"X-MLFLOW-WORKSPACE": workspace} if workspace else {}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers | named)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
        return json.loads(answer.read() or b"{}")


def register(server: MlflowServer) -> None:
    """A model of the same name in two workspaces, with two versions and with one."""
    for workspace, versions in (("team-a", 2), ("team-b", 1)):
        call(server, "3.0/mlflow/workspaces", name=workspace)
        call(server, "2.0/mlflow/registered-models/create", workspace, name="fraud")
        for _ in range(versions):
            call(server, "2.0/mlflow/model-versions/create", workspace, name="fraud", source="s3://elsewhere/x")


def test_a_model_is_promoted_in_the_workspace_that_the_server_names(
    team: Team, operator: OperatorProcess, shared: MlflowServer
) -> None:
    """The same name in another workspace is another model, and stays as it is."""
    register(shared)
    for workspace in ("team-a", "team-b"):
        team.apply("MLflowServer", workspace, {"external": {"url": shared.url, "workspace": workspace}})
        team.ready("mlflowserver", workspace)
    for workspace in ("team-a", "team-b"):
        team.promote(workspace, "fraud", 2, serverRef={"name": workspace}, target=CHAMPION)
    team.ready("modelpromotion", "team-a")
    waits = team.until("modelpromotion", "team-b", lambda o: bool(condition(o, "Ready")))
    assert condition(waits, "Ready")["reason"] == "VersionNotFound"


def test_a_model_is_promoted_in_the_workspace_that_the_claim_names(
    team: Team, operator: OperatorProcess, shared: MlflowServer
) -> None:
    """One MLflowServer serves teams that have a workspace each."""
    register(shared)
    team.apply("MLflowServer", "shared", {"external": {"url": shared.url}})
    team.ready("mlflowserver", "shared")
    for workspace in ("team-a", "team-b"):
        team.promote(workspace, "fraud", 2, serverRef={"name": "shared", "workspace": workspace}, target=CHAMPION)
    team.ready("modelpromotion", "team-a")
    waits = team.until("modelpromotion", "team-b", lambda o: bool(condition(o, "Ready")))
    assert condition(waits, "Ready")["reason"] == "VersionNotFound"
