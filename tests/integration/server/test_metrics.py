"""MLflow's own metrics: of a real server with two workers, and found by a PodMonitor once the cluster has them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.host import ports, rest, waiting
from cluster.host.process import Process
from cluster.services.team import Administered, Object, Team, condition
from integration.server.steps import SQLITE, patch, serve
from integration.server.test_server_process import Start, start
from mlflow_operator.desired.server.metrics import program

__all__ = ["start"]

pytestmark = pytest.mark.integration

CRD = Path(__file__).with_name("podmonitors.yaml")
SEARCH = "/api/2.0/mlflow/experiments/search?max_results=1"
ASKED = 20


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The URL of the metrics that are counted in a folder."""
    folder, port = tmp_path / "counted", ports.free(1)[0]
    folder.mkdir()
    process = Process("metrics", tmp_path)
    process.start([sys.executable, "-c", program(), str(port), str(folder)])
    waiting.until(lambda: ports.answers("127.0.0.1", port), what="the metrics", seconds=20)
    yield f"http://127.0.0.1:{port}/metrics", folder
    process.stop()


def samples(url: str) -> dict[str, float]:
    """What is shown now, by name and labels."""
    lines = (line for line in rest.get(url)[1].decode().splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_what_two_workers_were_asked_is_counted_together(start: Start, shown: tuple[str, Path]) -> None:
    """Each request once, with how long it took; on the path of the prefix as on any other, and without a login."""
    url, folder = shown
    counted = [{"name": "MLFLOW_EXPOSE_PROMETHEUS", "value": str(folder)}]
    server = start(workers=2, monitoring={}, network={"staticPrefix": "/ml"}, env=counted)
    key = 'mlflow_http_request_total{method="GET",status="200"}'
    before = samples(url).get(key, 0)
    for _ in range(ASKED):
        assert server.request(f"/ml{SEARCH}", "localhost")[0] == 200
    assert server.request("/ml/api/2.0/mlflow/experiments/get?experiment_id=4711", "localhost")[0] == 404
    found = samples(url)
    assert found[key] - before == ASKED
    assert found['mlflow_http_request_total{method="GET",status="404"}'] == 1
    took = 'mlflow_http_request_duration_seconds_count{method="GET",mlflow_version="3.17.2",status="200"}'
    assert found[took] >= ASKED


@pytest.fixture
def without(team: Team) -> Iterator[Administered]:
    """The cluster, which has no PodMonitors before and after."""
    yield team.plane
    team.plane.kubectl("delete", "--ignore-not-found", "--wait", "-f", str(CRD))


def created(server: Object) -> tuple[str, str]:
    """Status and reason of PodMonitorCreated."""
    found = condition(server, "PodMonitorCreated")
    return found.get("status", ""), found.get("reason", "")


def test_a_pod_monitor_is_made_when_the_cluster_learns_about_them(team: Team, without: Administered) -> None:
    """Until then the server says what is missing, and works; what is changed is put back; then it goes."""
    monitoring = {"podMonitor": {"interval": "15s", "labels": {"release": "prometheus"}}}
    server = serve(team, monitoring=monitoring)
    assert created(server) == ("False", "PrometheusOperatorMissing")
    without.kubectl("apply", "-f", str(CRD))
    team.until("mlflowserver", "mlflow", lambda o: created(o) == ("True", "Created"))
    made = team.get("podmonitor", "mlflow")
    assert made["metadata"]["labels"]["release"] == "prometheus"
    patch(team, "podmonitor/mlflow", {"spec": {"podMetricsEndpoints": []}}, "--type=merge")
    team.until("podmonitor", "mlflow", lambda o: o["spec"] == made["spec"])
    team.apply("MLflowServer", "mlflow", SQLITE)
    team.until("mlflowserver", "mlflow", lambda o: created(o) == ("", ""))
    waiting.until(
        lambda: not without.kubectl("get", "podmonitors", "-n", team.namespace, "-o", "name"),
        what="the PodMonitor to go",
        seconds=20,
    )
