"""The server's container as a process: the command and the environment of the Deployment, with real stores."""

import http.client
import json
import os
import socket
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.host import ports, waiting
from cluster.host.process import Process
from cluster.services import mlflow_server
from cluster.services import postgres as postgres_module
from cluster.services.minio import ACCESS_KEY, SECRET_KEY, Minio
from cluster.services.postgres import Postgres
from integration.stores.kubelet import POD_IP, environment
from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer

pytestmark = pytest.mark.integration

SECRETS = {
    "login": {"username": "mlflow", "password": postgres_module.PASSWORD},
    "keys": {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY},
}
IMAGES = desired.Images("mlflow:{version}", "postgres", "object-store", "oauth2-proxy")


class Server:
    """A running server, addressed under any name."""

    def __init__(self, process: Process, port: int, container: dict[str, Any], env: dict[str, str]) -> None:
        self.process, self.port, self.container, self.env = process, port, container, env
        self.url = f"http://127.0.0.1:{port}"

    def request(self, path: str, host: str, body: bytes | None = None, method: str | None = None) -> tuple[int, bytes]:
        """Status and body of the answer; the Host header is as given."""
        request = urllib.request.Request(f"{self.url}{path}", data=body, method=method)  # noqa: S310 - loopback
        request.add_header("Host", host)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


Start = Callable[..., Server]


@pytest.fixture
def start(postgres: Postgres, minio: Minio, tmp_path: Path) -> Iterator[Start]:
    """Start the server of a spec, by what an MLflow of that release makes of it; its database is new."""
    running: list[Process] = []

    def begin(
        addresses: str = POD_IP, *, version: str | None = None, bucket: dict[str, Any] | None = None, **fields: Any
    ) -> Server:
        spec = _spec(postgres, minio, bucket or {}) | fields
        deployment = _deployment(spec)
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        port = ports.free(1)[0]
        process = Process(f"server-{port}", tmp_path)
        folder = mlflow_server.environment(version or mlflow_server.pinned_version()) / "bin"
        argv = [str(folder / "python"), *(str(port) if w == "5000" else w for w in container["command"][1:])]
        env = {"PYTHONPATH": ""} | environment(deployment, SECRETS) | {"HOME": str(tmp_path), "POD_IPS": addresses}
        env["PATH"] = f"{folder}:{os.defpath}"
        process.start(argv, env=env, folder=tmp_path)
        running.append(process)
        server = Server(process, port, container, env)
        probe = container["startupProbe"]["httpGet"]

        def healthy() -> bool:
            process.check()
            with socket.socket() as connection:
                if connection.connect_ex(("127.0.0.1", port)) != 0:
                    return False
            return server.request(probe["path"], probe["httpHeaders"][0]["value"])[0] == 200

        waiting.until(healthy, what=f"the server ({process.log})", seconds=120)
        return server

    yield begin
    for process in running:
        process.stop()


def _spec(postgres: Postgres, minio: Minio, more: dict[str, Any]) -> dict[str, Any]:
    name = f"d{uuid.uuid4().hex}"
    postgres.create_database(name)
    database = {"host": "127.0.0.1", "port": postgres.port, "database": name, "sslMode": "prefer"}
    bucket = {"bucket": "mlflow", "prefix": name, "endpoint": minio.url, "credentialsSecretRef": {"name": "keys"}}
    return {
        "workers": 1,
        "backendStore": {
            "postgres": database | {"credentialsSecretRef": {"name": "login"}, "pool": {"size": 2, "recycle": 600}}
        },
        "artifactStore": {"s3": bucket | more},
    }


def _deployment(spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": "ml", "namespace": "team", "uid": "1"}
    server = MLflowServer.parse({"metadata": metadata, "spec": spec})
    digests = {reference.key: "d" for reference in desired.references(server)}
    wanted = desired.build(server, desired.Inputs(IMAGES, digests=digests)).stores
    assert wanted is not None
    built = desired.build(server, desired.Inputs(IMAGES, digests=digests, prepared=frozenset({wanted})))
    return next(o for o in built.objects if o["kind"] == "Deployment")


API = "/api/2.0/mlflow/experiments/search?max_results=1"
ALLOWED = [
    "localhost",
    "localhost:5000",
    "127.0.0.1:5000",
    "[::1]:5000",
    "ml",
    "ml:5000",
    "ml.team",
    "ml.team.svc:5000",
    "ml.team.svc.cluster.local",
    "ml.team.svc.cluster.local:5000",
    POD_IP,
    f"{POD_IP}:5000",
    "mlflow.example.com",
    "mlflow.example.com:443",
    "[fd00::7]:443",
    "a.wild.example.com:8443",
]
REFUSED = ["evil.example.com", "ml.other.svc", "mlx", "10.1.1.1:5000", "ml.team.svc.evil.com"]


def test_the_server_answers_under_its_own_names_and_no_others(start: Start, minio: Minio) -> None:
    """Every computed name is let in, with and without a port; artifacts travel through the server to the bucket."""
    hosts = ["mlflow.example.com", "[fd00::7]", "*.wild.example.com"]
    server = start(network={"allowedHosts": hosts, "corsAllowedOrigins": ["https://ui.example.com"]})
    assert {host: server.request(API, host)[0] for host in ALLOWED} == dict.fromkeys(ALLOWED, 200)
    assert {host: server.request(API, host)[0] for host in REFUSED} == dict.fromkeys(REFUSED, 403)
    path = "/api/2.0/mlflow-artifacts/artifacts/0/file.txt"
    assert server.request(path, "ml", b"content", "PUT")[0] == 200
    assert server.request(path, "ml") == (200, b"content")
    assert any(key.endswith("0/file.txt") for key in minio.objects("mlflow"))


def test_no_secret_is_in_an_argument_list(start: Start) -> None:
    """Neither in the container's command, nor in that of any process that it starts."""
    server = start()
    assert server.process.pid is not None
    assert postgres_module.PASSWORD not in json.dumps(server.container)
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes()
        except OSError:
            continue
        if str(server.port).encode() in words:
            assert postgres_module.PASSWORD.encode() not in words
            assert SECRET_KEY.encode() not in words


def test_a_static_prefix_moves_the_probes_and_the_api(start: Start) -> None:
    """The probe's path and the API answer below the prefix only."""
    server = start(network={"staticPrefix": "/team/mlflow"})
    assert server.container["livenessProbe"]["httpGet"]["path"] == "/team/mlflow/health"
    assert server.request(f"/team/mlflow{API}", "ml:5000")[0] == 200
    assert server.request(API, "ml:5000")[0] == 404


def test_without_serving_artifacts_experiments_point_to_the_bucket(start: Start) -> None:
    """Clients are sent to the store itself."""
    server = start(serveArtifacts=False)
    body = json.dumps({"name": "direct"}).encode()
    status, answer = server.request("/api/2.0/mlflow/experiments/create", "ml", body)
    assert status == 200
    experiment = json.loads(answer)["experiment_id"]
    _, found = server.request(f"/api/2.0/mlflow/experiments/get?experiment_id={experiment}", "ml")
    assert json.loads(found)["experiment"]["artifact_location"].startswith("s3://mlflow/d")
    assert server.request("/api/2.0/mlflow-artifacts/artifacts/0/file.txt", "ml", b"x", "PUT")[0] != 200


ASSISTANT = "/ajax-api/3.0/mlflow/assistant"


@pytest.mark.parametrize("trusted", ["127.0.0.1", "*"])
def test_mlflows_assistant_works_for_nobody(start: Start, trusted: str) -> None:
    """It acts on the server's host for who comes from there: as all do by the proxy of a mesh, or as a header says."""
    server = start(env=[{"name": "FORWARDED_ALLOW_IPS", "value": trusted}])
    for address, said in (("127.0.0.1", {}), ("127.0.0.6", {}), ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"})):
        for method, path in (("PUT", "/config"), ("POST", "/skills/install"), ("POST", "/message")):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, 20, source_address=(address, 0))
            headers = {"Host": "ml", "Content-Type": "application/json", **said}
            connection.request(method, ASSISTANT + path, '{"projects": {}, "message": "run id"}', headers)
            answer = connection.getresponse()
            told = answer.read()
            assert (answer.status, b"only accessible from the same host" in told) == (403, True), (address, path, told)
            connection.close()
    status, told = server.request(f"{ASSISTANT}/config", "ml")
    assert (status, json.loads(told)["remote_access_allowed"]) == (200, False)


@pytest.mark.parametrize("workers", [1, 2])
def test_where_pods_have_ipv6_the_server_answers_on_both_families(start: Start, workers: int) -> None:
    """A pod on IPv6 only answers, and one with both answers on each, whatever the number of workers."""
    server = start(f"{POD_IP},fd00::7", workers=workers)
    for address in ("127.0.0.1", "[::1]"):
        server.url = f"http://{address}:{server.port}"
        assert server.request(API, "ml:5000")[0] == 200
