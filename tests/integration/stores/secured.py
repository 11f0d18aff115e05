"""A server that asks for logins, as processes: its preparation, and replicas with the command of the Deployment."""

import base64
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from cluster.host import ports, waiting
from cluster.host.process import Process
from cluster.services import mlflow_server
from cluster.services import postgres as postgres_module
from cluster.services.postgres import Postgres
from integration.stores.kubelet import environment
from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer

Object = dict[str, Any]
IMAGES = desired.Images("mlflow:{version}", "postgres", "object-store", "oauth2-proxy")
ADMIN = ("admin", "a-word-of-the-administrator")
OPERATOR = ("mlflow-operator", "a-word-of-the-operator")
TRAINER = ("trainer", "a-word-of-the-trainer")


class Answer(NamedTuple):
    """What a server has answered, and after how many seconds."""

    status: int
    body: str
    seconds: float


class Person(NamedTuple):
    """Somebody with a login, or with none."""

    name: str = ""
    password: str = ""

    def asks(self, url: str, path: str, body: Object | None = None, method: str = "") -> Answer:
        """Ask a server once, by a connection of its own; a path without a slash is one of MLflow's API."""
        path = path if path.startswith("/") else f"/api/2.0/mlflow/{path}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url + path, data=data, method=method or ("POST" if body else "GET"))  # noqa: S310 - loopback
        request.add_header("Content-Type", "application/json")
        if self.name:
            request.add_header("Authorization", "Basic " + base64.b64encode(":".join(self).encode()).decode())
        begun = time.perf_counter()
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
                return Answer(answer.status, answer.read().decode(), time.perf_counter() - begun)
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode(), time.perf_counter() - begun)


@dataclass
class Secured:
    """One server of the operator's: its Secrets, its spec, and what runs of it."""

    folder: Path
    postgres: Postgres
    basic: Object = field(default_factory=dict)
    workers: int = 2
    passwords: dict[str, str] = field(default_factory=lambda: dict((ADMIN, OPERATOR, TRAINER)))
    """By user; a test changes them as somebody changes a Secret."""
    running: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        """A database of its own."""
        self.database = f"d{uuid.uuid4().hex}"
        self.postgres.create_database(self.database)

    @property
    def spec(self) -> Object:
        """The spec of the MLflowServer."""
        login = {"credentialsSecretRef": {"name": "login"}}
        address = {"host": "127.0.0.1", "port": self.postgres.port, "database": self.database}
        volume = {"name": "MLFLOW_ARTIFACTS_DESTINATION", "value": str(self.folder / "artifacts")}
        return {
            "workers": self.workers,
            "backendStore": {"postgres": address | login},
            "artifactStore": {"persistentVolume": {"accessMode": "ReadWriteMany"}},
            "env": [volume],
            "auth": {"basic": self.basic},
        }

    @property
    def secrets(self) -> dict[str, dict[str, str]]:
        """What the Secrets hold."""
        return {
            "login": {"username": "mlflow", "password": postgres_module.PASSWORD},
            "ml-admin": {"username": ADMIN[0], "password": self.passwords[ADMIN[0]]},
            "ml-auth": {"username": OPERATOR[0], "password": self.passwords[OPERATOR[0]], "session-key": "k" * 64},
            "people": self.passwords,
        }

    def prepare(self, **more: str) -> dict[str, Object]:
        """Run the preparation, with more variables; the parts of its report, and its exit code and log as `end`."""
        (self.folder / "artifacts").mkdir(parents=True, exist_ok=True)
        job, result = self._built("Job"), self.folder / f"result-{uuid.uuid4().hex}"
        container = job["spec"]["template"]["spec"]["containers"][0]
        env = self._environment(job) | {"PREPARE_RESULT": str(result), "PREPARE_PATIENCE": "5", **more}
        argv = [str(_programs() / "python"), *container["command"][1:]]
        done = subprocess.run(argv, env=env, cwd=self.folder, capture_output=True, text=True, check=False, timeout=300)
        assert result.exists(), done.stderr
        document = result.read_text()
        for password in (p for p in self.passwords.values() if len(p) > 1):
            assert password not in done.stdout + done.stderr + document
        parts: dict[str, Object] = {part["name"]: part for part in json.loads(document)["parts"]}
        return parts | {"end": {"code": done.returncode, "log": done.stderr}}

    def start(self) -> str:
        """Start one more replica; its URL."""
        deployment, port = self._built("Deployment"), ports.free(1)[0]
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        process = Process(f"replica-{port}", self.folder)
        folder = self.folder / f"tmp-{port}"
        folder.mkdir()
        argv = [str(_programs() / "python"), *(str(port) if w == "5000" else w for w in container["command"][1:])]
        own = {"PYTHONPATH": "", "TMPDIR": str(folder), "POD_IPS": "127.0.0.1"}
        process.start(argv, env=self._environment(deployment) | own, folder=folder)
        self.running.append(process)
        url = f"http://127.0.0.1:{port}"

        def healthy() -> bool:
            process.check()
            try:
                return Person().asks(url, "/health").status == 200
            except OSError:
                return False

        waiting.until(healthy, what=f"the server ({process.log})", seconds=120)
        return url

    def stop(self) -> None:
        """End all replicas."""
        for process in self.running:
            process.stop()
        self.running.clear()

    def _environment(self, obj: Object) -> dict[str, str]:
        return environment(obj, self.secrets) | {"HOME": str(self.folder), "PATH": f"{_programs()}:{os.defpath}"}

    def _built(self, kind: str) -> Object:
        metadata = {"name": "ml", "namespace": "team", "uid": "1"}
        server = MLflowServer.parse({"metadata": metadata, "spec": self.spec})
        digests = {reference.key: "d" for reference in desired.references(server)}
        built = desired.build(server, desired.Inputs(IMAGES, digests=digests))
        return next(o for o in (*built.objects, *built.later) if o["kind"] == kind)


def _programs() -> Path:
    return mlflow_server.environment(mlflow_server.pinned_version()) / "bin"
