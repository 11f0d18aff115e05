"""Completion as kubectl asks for it."""

import os
import subprocess
import sys

import pytest

from unit.documentation import ROOT


def completed(*words: str) -> list[str]:
    """The lines that kubectl gets, without descriptions."""
    argv = [sys.executable, "-m", "mlflow_operator.kubectl.completion", *words]
    env = os.environ | {"PYTHONPATH": str(ROOT / "operator"), "KUBECONFIG": "/nowhere"}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]


CASES: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "a command": (("pro",), ["promote", ":4"]),
    "an option": (("status", "--all"), ["--all-namespaces", ":4"]),
    "a value": (("status", "-o", "j"), ["json", ":4"]),
    "a file": (("plan", "-f", ""), [":0"]),
    "names without a cluster": (("doctor", "mls/"), [":4"]),
}


@pytest.mark.parametrize("case", CASES)
def test_kubectl_completes(case: str) -> None:
    """One completion in each line, then whether files are completions; nothing on standard error."""
    words, lines = CASES[case]
    assert completed(*words) == lines


def test_all_commands_are_offered() -> None:
    """Where nothing is written yet."""
    assert {"status", "doctor", "plan", "promote", "approve", "ui"} <= set(completed(""))
