"""A server of some release as the operator runs it: its preparation, then its container, as processes."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cluster.host import ports, rest, waiting
from cluster.host.process import Process
from cluster.services import mlflow_server
from cluster.services import postgres as postgres_module
from cluster.services.minio import ACCESS_KEY, SECRET_KEY, Minio
from cluster.services.postgres import Postgres
from integration.stores.kubelet import POD_IP, environment
from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer

SECRETS = {
    "login": {"username": "mlflow", "password": postgres_module.PASSWORD},
    "keys": {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY},
}
IMAGES = desired.Images("mlflow:{version}", "postgres", "object-store", "oauth2-proxy")
GRACE_SECONDS = 60
"""What a pod has by default."""


def on_volumes(version: str, folder: Path, **fields: Any) -> dict[str, Any]:
    """A spec with SQLite and artifacts on volumes, which are a folder of this machine."""
    (folder / "artifacts").mkdir(parents=True, exist_ok=True)
    env = [
        {"name": "MLFLOW_BACKEND_STORE_URI", "value": f"sqlite:///{folder}/mlflow.db"},
        {"name": "MLFLOW_ARTIFACTS_DESTINATION", "value": str(folder / "artifacts")},
    ]
    stores: dict[str, Any] = {"backendStore": {"sqlite": {}}, "artifactStore": {"persistentVolume": {}}}
    return {"version": version, "workers": 1, "env": env, **stores, **fields}


def on_stores(version: str, postgres: Postgres, minio: Minio, name: str) -> dict[str, Any]:
    """A spec with a new database of that name, and a folder of the bucket for it."""
    postgres.create_database(name)
    database = {"host": "127.0.0.1", "port": postgres.port, "database": name, "sslMode": "prefer"}
    bucket = {"bucket": "mlflow", "prefix": name, "endpoint": minio.url, "credentialsSecretRef": {"name": "keys"}}
    return {
        "version": version,
        "workers": 1,
        "backendStore": {"postgres": database | {"credentialsSecretRef": {"name": "login"}}},
        "artifactStore": {"s3": bucket},
    }


def objects(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Job and Deployment of a server with this spec; the Job is the one that migrates what the first has planned."""
    metadata = {"name": "ml", "namespace": "team", "uid": "1"}
    server = MLflowServer.parse({"metadata": metadata, "spec": spec})
    digests = {reference.key: "d" for reference in desired.references(server)}
    first = desired.build(server, desired.Inputs(IMAGES, digests=digests))
    assert first.stores is not None
    second = desired.build(server, desired.Inputs(IMAGES, digests=digests, planned=first.stores))
    then = desired.build(server, desired.Inputs(IMAGES, digests=digests, prepared=frozenset({first.stores})))
    return {o["kind"]: o for o in [*second.objects, *then.objects]}


def variables(obj: dict[str, Any], version: str, folder: Path) -> dict[str, str]:
    """The environment of the object's container in an image with that MLflow."""
    programs = mlflow_server.environment(version) / "bin"
    own = {"PATH": f"{programs}:{os.defpath}", "PYTHONPATH": "", "HOME": str(folder), "POD_IPS": POD_IP}
    return environment(obj, SECRETS) | own


def prepare(spec: dict[str, Any], folder: Path) -> dict[str, dict[str, Any]]:
    """What the Job of a server with this spec reports, by part."""
    job, result = objects(spec)["Job"], folder / "termination-log"
    folder.mkdir(parents=True, exist_ok=True)
    command = job["spec"]["template"]["spec"]["containers"][0]["command"]
    env = variables(job, spec["version"], folder) | {"PREPARE_RESULT": str(result), "PREPARE_PATIENCE": "5"}
    python = mlflow_server.environment(spec["version"]) / "bin" / "python"
    done = subprocess.run([python, *command[1:]], env=env, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1, 3), done.stderr
    return {part["name"]: part for part in json.loads(result.read_text())["parts"]}


class Running:
    """A server's container as a process."""

    def __init__(self, spec: dict[str, Any], folder: Path) -> None:
        """Start it, and wait until its probe says that it serves."""
        self._version, self.folder = spec["version"], folder
        deployment = objects(spec)["Deployment"]
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        self.port = ports.free(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = Process(f"server-{self.port}", folder)
        env = variables(deployment, spec["version"], folder)
        python = str(mlflow_server.environment(spec["version"]) / "bin" / "python")
        argv = [python, *(str(self.port) if word == "5000" else word for word in container["command"][1:])]
        self.process.start(argv, env=env, folder=folder)
        self._health = container["startupProbe"]["httpGet"]["path"]

    def wait(self) -> None:
        """Return when it is healthy."""
        waiting.until(self._answers, what=f"the server ({self.process.log})", seconds=180)

    def _answers(self) -> bool:
        self.process.check()
        return rest.succeeds(f"{self.url}{self._health}")

    def end(self) -> float:
        """Ask it to end as the kubelet does, and return after how many seconds nothing of it was left."""
        pid, begun = self.process.pid, time.monotonic()
        assert pid is not None
        os.kill(pid, signal.SIGTERM)
        waiting.until(lambda: not _group(pid), what="the end of the server", seconds=GRACE_SECONDS)
        with socket.socket() as connection:
            assert connection.connect_ex(("127.0.0.1", self.port)) != 0
        return time.monotonic() - begun


def _group(leader: int) -> list[str]:
    """The processes of a group."""
    found = subprocess.run(["ps", "-o", "stat=", "-g", str(leader)], capture_output=True, text=True, check=False)
    return [line for line in found.stdout.splitlines() if not line.startswith("Z")]


@contextmanager
def running(*servers: tuple[dict[str, Any], Path]) -> Iterator[list[Running]]:
    """Servers, each of a spec and in a folder; they begin together."""
    begun = [Running(spec, folder) for spec, folder in servers]
    try:
        for server in begun:
            server.wait()
        yield begun
    finally:
        for server in begun:
            server.process.stop()


def ran(version: str, program: str, *words: str, **env: str) -> Any:
    """What a program of somebody who has that MLflow prints as JSON in its last line."""
    python = mlflow_server.environment(version) / "bin" / "python"
    argv = [str(python), "-W", "ignore", "-c", program, *words]
    own = {"PATH": f"{python.parent}:{os.defpath}", "MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}
    done = subprocess.run(argv, env=own | env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])
