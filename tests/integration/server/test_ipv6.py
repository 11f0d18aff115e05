"""A pod that has IPv6 alone: a network namespace without any IPv4 address, not even that of loopback."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.fixtures import available
from cluster.host import folders, run, waiting
from cluster.host.errors import ClusterError, Impossible
from cluster.host.process import Process
from cluster.services import mlflow_server
from integration.stores.kubelet import environment
from integration.stores.test_prepare import with_sqlite
from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired.server.deployment import PORT

pytestmark = pytest.mark.integration

ADDRESS = "fd00::7"
ASK = """
import sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Host": sys.argv[2]})
print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20).status)
"""
ENDPOINTS = """
import asyncio
from mlflow_operator import endpoints
from mlflow_operator.config import Settings
async def main():
    settings = Settings.from_environment({})
    await endpoints.serve(settings.http_host, settings.http_port, lambda: None, lambda: True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """Words that run a command where there is IPv6 alone."""
    with available():
        if os.geteuid() != 0:
            raise Impossible("a network namespace needs root")
        if not Path("/proc/net/if_inet6").exists():
            raise Impossible("this kernel has no IPv6")
    holder = Process("network", tmp_path_factory.mktemp("ipv6"))
    holder.start(["unshare", "--net", "sleep", "infinity"])
    enter = ("nsenter", f"--net=/proc/{holder.pid}/ns/net")
    own = os.readlink("/proc/self/ns/net")
    waiting.until(lambda: run.output([*enter, "readlink", "/proc/self/ns/net"]).strip() != own, what="it", seconds=10)
    for words in (("link", "set", "lo", "up"), ("-6", "address", "add", f"{ADDRESS}/128", "dev", "lo")):
        run.output([*enter, "ip", *words])
    run.output([*enter, "ip", "-4", "address", "flush", "dev", "lo"])
    yield enter
    holder.kill()


def container_of(spec: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
    """Command and environment of the server's container."""
    server = MLflowServer.parse({"metadata": {"name": "ml", "namespace": "team", "uid": "1"}, "spec": spec})
    images = desired.Images("mlflow:{version}", "postgres", "object-store", "oauth2-proxy")
    wanted = desired.build(server, desired.Inputs(images)).stores
    assert wanted is not None
    built = desired.build(server, desired.Inputs(images, prepared=frozenset({wanted})))
    deployment = next(o for o in built.objects if o["kind"] == "Deployment")
    return deployment["spec"]["template"]["spec"]["containers"][0]["command"], environment(deployment, {})


def status(inside: tuple[str, ...], url: str, host: str) -> int:
    """How an address answers under a name; 0 where nobody does."""
    try:
        return int(run.output([*inside, sys.executable, "-c", ASK, url, host]))
    except ClusterError:
        return 0


@pytest.mark.parametrize("workers", [1, 2], ids=["one worker", "several workers"])
def test_the_server_answers_where_there_is_ipv6_alone(inside: tuple[str, ...], workers: int, tmp_path: Path) -> None:
    """At its pod's address, under the Service's name and under the address itself, as probes and Prometheus ask."""
    command, variables = container_of(with_sqlite(tmp_path) | {"workers": workers})
    python = mlflow_server.environment(mlflow_server.pinned_version()) / "bin" / "python"
    env = variables | {"POD_IP": ADDRESS, "POD_IPS": ADDRESS, "PYTHONPATH": "", "HOME": str(tmp_path)}
    env["MLFLOW_SERVER_ALLOWED_HOSTS"] = variables["MLFLOW_SERVER_ALLOWED_HOSTS"].replace("10.9.8.7", ADDRESS)
    server = Process("server", tmp_path)
    server.start([*inside, str(python), *command[1:]], env=env | {"PATH": f"{python.parent}:{os.defpath}"})
    url = f"http://[{ADDRESS}]:{PORT}"
    try:
        healthy = f"{url}/health"
        waiting.until(lambda: status(inside, healthy, "localhost") == 200, what=server.tail(), seconds=120, pause=1)
        question = f"{url}/api/2.0/mlflow/experiments/search?max_results=1"
        hosts = ("ml.team.svc", "ml:5000", f"[{ADDRESS}]:5000")
        assert {host: status(inside, question, host) for host in hosts} == dict.fromkeys(hosts, 200)
    finally:
        server.kill()


def test_the_operators_endpoints_answer_where_there_is_ipv6_alone(inside: tuple[str, ...], tmp_path: Path) -> None:
    """Health, readiness and metrics, with the settings that it has by itself."""
    operator = Process("endpoints", tmp_path)
    operator.start([*inside, sys.executable, "-c", ENDPOINTS], env={"PYTHONPATH": str(folders.CHECKOUT / "operator")})
    try:
        url = f"http://[{ADDRESS}]:8080"
        waiting.until(lambda: status(inside, f"{url}/healthz", "x") == 200, what=operator.tail(), seconds=30, pause=0.5)
        assert [status(inside, f"{url}/{path}", "x") for path in ("readyz", "metrics")] == [200, 200]
    finally:
        operator.kill()
