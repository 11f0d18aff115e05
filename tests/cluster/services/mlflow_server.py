"""MLflow servers as processes on loopback, of the pinned version or any other."""

import hashlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from cluster.host import folders, ports, rest, run, waiting
from cluster.host.console import step
from cluster.host.locking import exclusive
from cluster.host.process import Process

READY_SECONDS = 120
REQUIREMENTS = folders.CHECKOUT / "operator" / "requirements"


def pinned_version() -> str:
    """Return the version that the server image has."""
    found = re.search(r"^mlflow==(\S+)", (REQUIREMENTS / "server.in").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


class MlflowServer:
    """One tracking server and registry; it keeps its port over restarts.

    Args:
        folder: of its log, record and working directory.
        backend_uri: the database, as SQLAlchemy writes it; passed by the environment, as it holds the password.
        artifacts: where the server puts artifacts, as `s3://bucket/prefix` or a folder.
        workers: number of worker processes.
        extra_env: more variables, such as the credentials of the store.
        version: of MLflow; another than the pinned one gets an environment of its own.
        extra_args: more words for `mlflow server`, such as `--app-name=basic-auth`.
        name: of the process, when several share the folder.
    """

    def __init__(
        self,
        folder: Path,
        backend_uri: str,
        artifacts: str,
        *,
        workers: int = 1,
        extra_env: Mapping[str, str] | None = None,
        version: str | None = None,
        extra_args: tuple[str, ...] = (),
        name: str = "mlflow",
    ) -> None:
        self.process = Process(name, folder)
        self.port = ports.free(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.version = version or pinned_version()
        self._folder = folder
        self._argv = ["server", "--host", "127.0.0.1", "--port", str(self.port), "--workers", str(workers), *extra_args]
        self._env = {
            "MLFLOW_BACKEND_STORE_URI": backend_uri,
            "MLFLOW_ARTIFACTS_DESTINATION": artifacts,
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "PYTHONPATH": "",  # the tests' own packages are none of its business
            **(extra_env or {}),
        }

    def start(self, *, wait: bool = True) -> None:
        """Start it and return when it is healthy, or at once without `wait`."""
        program = environment(self.version) / "bin" / "mlflow"
        self._folder.mkdir(parents=True, exist_ok=True)
        self.process.start([str(program), *self._argv], env=self._env, folder=self._folder)
        if wait:
            waiting.until(self._answers, what=f"MLflow ({self.process.log})", seconds=READY_SECONDS)

    def stop(self) -> None:
        """End it in an orderly way."""
        self.process.stop()

    def kill(self) -> None:
        """End it and its workers as a crash would."""
        self.process.kill()

    def _answers(self) -> bool:
        self.process.check()
        return rest.succeeds(f"{self.url}/health")


def environment(version: str) -> Path:
    """Return the cached virtual environment with that MLflow, made first when it is not there.

    Raises:
        ClusterError: uv is missing.
    """
    pinned = version == pinned_version()
    requirements = REQUIREMENTS / ("server.txt" if pinned else "server.in")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    more = "\n".join(_needs(version))
    key = hashlib.sha256(f"{version} {python}{more}".encode() + requirements.read_bytes()).hexdigest()[:12]
    target = folders.cache() / "environments" / f"mlflow-{version}-{key}"
    with exclusive(target.parent / f"{target.name}.lock"):
        if not (target / ".done").exists():
            with step(f"Installing MLflow {version} from Python packages (once)"):
                _install(target, requirements, version, pinned=pinned)
            (target / ".done").touch()
    return target


def _install(target: Path, requirements: Path, version: str, *, pinned: bool) -> None:
    uv = run.uv()
    run.output([uv, "venv", "--quiet", "--clear", "--python", sys.executable, target])
    python = str(target / "bin" / "python")
    install: list[str | Path] = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, "-r"]
    if pinned:
        run.output([*install, requirements, "--require-hashes"])
        return
    same_but_mlflow = re.sub(r"^mlflow==\S+", f"mlflow=={version}", requirements.read_text(), flags=re.MULTILINE)
    run.output([*install, "-"], text="\n".join([same_but_mlflow, *_needs(version)]))


def _needs(version: str) -> list[str]:
    """What a release needs and does not say.

    Those before 3.9 import a name that SQLAlchemy 2.1 has not any more, and the first ones of 2 a package that
    setuptools had up to 80.
    """
    release = tuple(int(part) for part in version.split(".")[:2])
    needs = ["sqlalchemy<2.1"] if release < (3, 9) else []
    return [*needs, "setuptools<81"] if release < (2, 22) else needs
