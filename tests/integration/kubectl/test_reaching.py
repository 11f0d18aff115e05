"""ui, logs and completion beside a real API server; no pod runs, so what kubectl says of that is what is looked at."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.services.registry import Registry
from cluster.services.team import has_reason
from integration.kubectl.terminal import Terminal
from integration.people import People

pytestmark = pytest.mark.integration

DEPLOYED = {"backendStore": {"sqlite": {"size": "1Gi"}}, "artifactStore": {"persistentVolume": {"size": "1Gi"}}}


def test_the_ui_of_an_external_server(people: People, terminal: Terminal, registry: Registry) -> None:
    """Its URL, and no browser where nobody wants one."""
    done = terminal.run("vera", "ui", "mlflow", "--no-open")
    assert (done.code, done.out) == (0, f"{registry.url}\n")


def test_a_server_without_pods_has_no_logs_and_no_ui(people: People, terminal: Terminal) -> None:
    """What is missing is said, by us or by kubectl, with the command that says why."""
    people.team.apply("MLflowServer", "deployed", DEPLOYED)
    people.team.until("mlflowserver", "deployed", has_reason("Preparing"))
    logs = terminal.run("vera", "logs", "deployed")
    assert (logs.code, "see kubectl mlflow doctor mls/deployed" in logs.err) == (1, True)
    ui = terminal.run("erin", "ui", "deployed", "--no-open")
    assert (ui.code, ui.err.startswith("PortForwardFailed: kubectl port-forward service/deployed: ")) == (3, True)
    external = terminal.run("vera", "logs", "mlflow")
    assert (external.code, "its logs are there" in external.err) == (1, True)


def test_kubectl_finds_the_plugin_and_completes_names(
    people: People, terminal: Terminal, model: str, tmp_path: Path
) -> None:
    """By the programs' names on the PATH; names of objects come from the cluster, with the person's rights."""
    people.ask("alice", "fraud", model, 7, gates={})
    for name, module in (("kubectl-mlflow", "kubectl"), ("kubectl_complete-mlflow", "kubectl.completion")):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m mlflow_operator.{module} "$@"\n')
        program.chmod(0o755)
    env = terminal.environment
    env["PATH"] = f"{tmp_path}:{env['PATH']}"
    kubectl = str(shutil.which("kubectl", path=env["PATH"]))

    def run(*words: str) -> str:
        return subprocess.run([kubectl, *words], env=env, capture_output=True, text=True, check=True).stdout

    where = ("-n", terminal.namespace, "--as", "vera")
    assert "fraud" in run("mlflow", "status", *where)
    assert "mls/mlflow\n" in run("__complete", "mlflow", "doctor", *where, "mls/")
    assert "fraud\n" in run("__complete", "mlflow", "promote", *where, "fr")
