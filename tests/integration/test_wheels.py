"""The wheel in empty environments, extra by extra: each reader installs what it needs and nothing of the others'."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.host import folders, run

pytestmark = pytest.mark.integration

UV = Path(sys.executable).with_name("uv")
FOREIGN = {
    "": ("kopf", "kubernetes", "pydantic", "typer", "rich", "mlflow", "matplotlib", "pandas"),
    "cli": ("kopf", "prometheus_client", "mlflow", "matplotlib", "pandas"),
    "operator": ("typer", "rich", "mlflow", "matplotlib", "pandas"),
}
"""By extra, modules of other readers."""


class Environment:
    """An environment with the wheel, with one extra or with none, and nothing else."""

    def __init__(self, folder: Path, wheel: Path, extra: str) -> None:
        self.folder = folder
        run.output([UV, "venv", "-q", "--python", sys.executable, folder])
        wanted = f"{wheel}[{extra}]" if extra else str(wheel)
        run.output([UV, "pip", "install", "-q", "--python", folder / "bin/python", wanted])

    def run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program of it, as a shell without variables of ours does."""
        argv, env = [str(self.folder / "bin" / program), *words], {"PATH": "/usr/bin:/bin", "HOME": "/nowhere"}
        return subprocess.run(argv, env=env, capture_output=True, text=True, check=False)

    def has(self, *modules: str) -> list[str]:
        """Those of the modules that it has."""
        program = (
            "import importlib.util as u, json, sys; print(json.dumps([m for m in sys.argv[1:] if u.find_spec(m)]))"
        )
        found: list[str] = json.loads(self.run("python", "-c", program, *modules).stdout)
        return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run.output([UV, "build", "-q", "--wheel", "--out-dir", folder, folders.CHECKOUT])
    (found,) = folder.glob("*.whl")
    return found


@pytest.mark.parametrize("extra", FOREIGN, ids=lambda extra: extra or "none")
def test_nobody_installs_what_others_need(wheel: Path, tmp_path: Path, extra: str) -> None:
    """Neither kopf in a notebook, nor typer in the operator's image; the program of each reader starts."""
    environment = Environment(tmp_path / "env", wheel, extra)
    assert environment.has(*FOREIGN[extra]) == []
    words = {"": ("init", "--help"), "cli": ("--help",), "operator": ("run", "--help")}[extra]
    done = environment.run("kubectl-mlflow" if extra == "cli" else "mlflow-operator", *words)
    assert done.returncode == 0, done.stderr
    assert environment.run("python", "-c", "import mlflow_operator.model_registry").returncode == 0


def test_the_plugin_looks_without_kopf(wheel: Path, tmp_path: Path) -> None:
    """A command goes as far as the cluster, which is not there; completion works, and a plan reads its file."""
    environment = Environment(tmp_path / "env", wheel, "cli")
    file = tmp_path / "claim.yaml"
    file.write_text("kind: ConfigMap")
    for words in (("status",), ("doctor",), ("plan", "-f", str(file)), ("promote", "x", "--version", "1"), ("ui", "x")):
        done = environment.run("kubectl-mlflow", *words)
        assert (done.returncode, done.stderr.startswith("NoCluster: ")) == (3, True), (words, done.stderr)
    assert environment.run("kubectl_complete-mlflow", "stat").stdout.splitlines()[-1] == ":4"


def test_without_its_extra_the_plugin_says_what_to_install(wheel: Path, tmp_path: Path) -> None:
    """A sentence, and no traceback."""
    done = Environment(tmp_path / "env", wheel, "").run("kubectl-mlflow", "status")
    assert (done.returncode, done.stderr) == (
        1,
        "kubectl mlflow: typer is not installed; pip install 'mlflow-operator[cli]'\n",
    )
