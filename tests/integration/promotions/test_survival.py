"""The operator dies, the API server goes, MLflow goes: everything converges afterwards, and nothing is lost."""

import random
import time

import pytest

from cluster.host import rest, waiting
from cluster.plane.control_plane import ControlPlane
from cluster.services.mlflow_server import MlflowServer
from cluster.services.operator_process import OperatorProcess
from cluster.services.registry import Registry
from cluster.services.team import Team, condition, has_reason, is_ready

pytestmark = pytest.mark.integration

KILLS = 10


def test_killed_at_ten_moments_of_a_promotion(
    served: Team, operator: OperatorProcess, registry: Registry, model: str
) -> None:
    """A kill -9 anywhere between apply and settled: started again, it ends with exactly one holder, the right one."""
    chance = random.Random(20260101)
    for number in range(KILLS):
        version = str(number % 9 + 1)
        served.promote("fraud", model, version)
        time.sleep(chance.random() * 0.15)
        operator.kill()
        operator.start()
        settled = served.ready("modelpromotion", "fraud")
        assert registry.holders(model, "Production") == [version] == settled["status"]["holders"]
    history = served.status("modelpromotion", "fraud")["history"]
    assert [entry["number"] for entry in history] == list(range(KILLS, 0, -1))
    assert {entry["result"] for entry in history} == {"Promoted"}


def test_the_api_server_away_and_back(
    installed: ControlPlane, served: Team, operator: OperatorProcess, registry: Registry, model: str
) -> None:
    """Promotions go on after an outage of the API server, without a restart of the operator."""
    served.promote("fraud", model, 7)
    served.ready("modelpromotion", "fraud")
    pid = operator.process.pid
    with installed.without_apiserver(kill=True):
        time.sleep(5)
    served.promote("fraud", model, 8)
    served.until("modelpromotion", "fraud", lambda o: is_ready(o) and o["status"]["currentVersion"] == "8", seconds=60)
    assert registry.holders(model, "Production") == ["8"]
    assert operator.process.pid == pid


def test_a_deletion_that_the_watch_missed(
    installed: ControlPlane, served: Team, operator: OperatorProcess, registry: Registry, model: str
) -> None:
    """An object that goes while nobody watches, its history compacted, is noticed by the periodic list."""
    served.promote("fraud", model, 7)
    served.ready("modelpromotion", "fraud")
    with operator.process.frozen():
        served.delete("modelpromotion", "fraud")
        installed.compact()
        with installed.without_apiserver(kill=True):
            pass
    served.promote("other", model, 8)
    served.until("modelpromotion", "other", is_ready, seconds=60)
    assert operator.metric("workqueue_depth") == 0


def test_mlflow_away_and_back(served: Team, mlflow_server: MlflowServer, registry: Registry, model: str) -> None:
    """While MLflow is away a settled claim is unknown, a new one waits; both go on when it is back."""
    served.promote("fraud", model, 7)
    served.ready("modelpromotion", "fraud")
    mlflow_server.kill()
    try:
        lost = served.until("modelpromotion", "fraud", lambda o: condition(o, "Ready")["status"] == "Unknown")
        assert condition(lost, "Ready")["reason"] == "RegistryUnavailable"
        assert lost["status"]["currentVersion"] == "7"
        served.until("mlflowserver", "mlflow", has_reason("RegistryUnavailable"))
        served.promote("fraud", model, 8)
    finally:
        mlflow_server.start()
    served.until("modelpromotion", "fraud", lambda o: is_ready(o) and o["status"]["currentVersion"] == "8", seconds=90)
    assert registry.holders(model, "Production") == ["8"]
    served.until("mlflowserver", "mlflow", is_ready, seconds=60)


def test_sigterm_finishes_what_is_under_way(
    served: Team, operator: OperatorProcess, registry: Registry, model: str
) -> None:
    """A stop in an orderly way takes no more than seconds, and leaves no attempt half done."""
    served.promote("fraud", model, 7)
    time.sleep(0.02)
    before = time.monotonic()
    operator.stop()
    assert time.monotonic() - before < 20
    attempt = served.status("modelpromotion", "fraud").get("attempt")
    assert attempt is None or "finishedAt" in attempt
    operator.start()
    served.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["7"]


def test_metrics_count_what_was_done(served: Team, operator: OperatorProcess, registry: Registry, model: str) -> None:
    """The usual dashboards work: passes under controller-runtime's name, and the version that holds the slot."""
    sample = f'modelpromotion_info{{model="{model}",name="fraud",namespace="{served.namespace}",slot="stage/Production"'
    passes = 'controller_runtime_reconcile_total{controller="ModelPromotion",result="success"}'
    before = operator.metric(passes)
    for version in (7, 8):
        served.promote("fraud", model, version)
        served.ready("modelpromotion", "fraud")
    assert operator.metric(passes) > before
    assert [operator.metric(f'{sample},version="{v}"}}') for v in (7, 8)] == [0, 1]
    assert (
        operator.metric(f'mlflow_operator_ready{{kind="ModelPromotion",name="fraud",namespace="{served.namespace}"}}')
        == 1
    )
    served.delete("modelpromotion", "fraud")
    waiting.until(lambda: operator.metric(f'{sample},version="8"}}') == 0, what="the metric to go", seconds=10)


def test_a_working_process_is_alive_and_ready(operator: OperatorProcess) -> None:
    """Both probes say ok; what makes them say otherwise is tested without a cluster, where time can be made short."""
    assert rest.get(f"{operator.url}/healthz") == (200, b"ok")
    assert rest.get(f"{operator.url}/readyz") == (200, b"ok")
