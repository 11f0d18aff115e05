"""What an MLflow has left on a machine comes onto a server's volumes by the commands of the page, on a real node."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from cluster.nodes import images
from cluster.providers.provider import Cluster
from cluster.services.team import Team, has_reason, is_ready
from integration.releases.leaving import NEW, OLD, PAGE, USE, Left, leave, rewrite
from mlflow_operator.desired import releases
from unit.documentation import snippets

from .client import ClientPod
from .teams import START_SECONDS, restricted_team

pytestmark = pytest.mark.e2e


def typed(node: Cluster, team: Team, commands: str, folder: Path) -> None:
    """Type commands into a shell in a folder, as somebody with the team's namespace as the current one."""
    text = commands.replace("kubectl ", f"kubectl --kubeconfig {node.kubeconfig} -n {team.namespace} ")
    path = f"{node.kubectl_folder}:{os.environ['PATH']}"
    argv = ["bash", "-o", "pipefail", "-ec", text]
    done = subprocess.run(argv, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def brought(node: Cluster, team: Team, left: Left) -> None:
    """Do the steps of the page: a server that sleeps, a pod with its volumes, the data."""
    _, asleep, mover, _ = (yaml.safe_load(text) for text in snippets(PAGE, "yaml"))
    team.apply("MLflowServer", "mlflow", asleep["spec"] | {"version": NEW})
    team.until("mlflowserver", "mlflow", has_reason("Hibernating"))
    mover["spec"]["containers"][0]["image"] = images.SERVER.reference
    node.kubectl("-n", team.namespace, "apply", "-f", "-", text=json.dumps(mover))
    node.kubectl("-n", team.namespace, "wait", "pod/mover", "--for=condition=Ready", "--timeout=120s")
    rewrite(left.kept / "mlflow.db", left.path)
    (commands,) = snippets(PAGE, "console")
    typed(node, team, commands, left.kept)


def test_sqlite_and_a_folder_come_onto_the_volumes(node: Cluster, tmp_path: Path) -> None:
    """Of 2.10.0: when the server is woken, its schema is migrated, and what was in Production is loaded from it."""
    left = leave(tmp_path)
    with restricted_team(node) as team:
        brought(node, team, left)
        words = '{"spec":{"hibernate":false}}'
        assert f"`kubectl patch mls mlflow --type merge -p '{words}'`" in PAGE.read_text()
        typed(node, team, f"kubectl patch mls mlflow --type merge -p '{words}'", tmp_path)
        server = team.until("mlflowserver", "mlflow", is_ready, seconds=START_SECONDS)
        assert server["status"]["version"] == NEW
        assert server["status"]["schemaRevision"] == releases.schema_head(NEW) != releases.schema_head(OLD)
        client = ClientPod(node, team.namespace, server["status"]["url"])
        said = client.python(USE, server["status"]["url"], left.run)
        assert json.loads(said.splitlines()[-1]) == ["seen", 0.85, 7.0]
