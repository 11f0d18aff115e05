"""A minute in which nothing happens to many promoted models: what it costs to look at them."""

import time

from bench import by_hand, registered
from bench.latency import claim
from bench.meters.access_log import Asked
from bench.meters.meter import Meter, Usage
from bench.report import Row
from bench.stage import WATCHED, Stage, is_ready
from cluster.host.console import step
from cluster.plane.api import Object

REST_SECONDS = 10
PATIENT_SECONDS = 330
"""After so long a claim that waits for something that no list shows is looked at no more often than all models are."""
LOOK_SECONDS = 30
"""How often the operator looks at a model, unless it is told otherwise."""
MLFLOW_BUDGET = 1.5
OPERATOR_BUDGET = 0.5
WAITING = ("ApprovalRequired", "WindowClosed", "VersionNotFound")


def quiet(stage: Stage, count: int, seconds: int) -> list[Row]:
    """So many models, each with two versions and a claim that is met; the floor asks for all models at once.

    The models are written into MLflow's tables (see `registered`), as they are after a promotion.
    """
    stage.external_server("mlflow")
    names = registered.models(stage.postgres, "look", count, versions=2)
    registered.promoted_to_stage(stage.postgres, "look", WATCHED)
    with step(f"{count} claims settle"):
        stage.apply_all("ModelPromotion", {name: claim(name, "1") for name in names})
        stage.until_all("ModelPromotion", set(names), is_ready)
        time.sleep(REST_SECONDS)
    with step(f"{seconds} s in which the operator looks"):
        meter = Meter(stage)
        time.sleep(seconds)
        operator = meter.read()
    stage.operator.stop()
    with step(f"{seconds} s in which somebody looks by hand"):
        floor = _by_hand(stage, seconds)
    stage.operator.start()
    what, of_mlflow, of_operator = (
        f"{seconds} s, {count} claimed models",
        f"; budget {MLFLOW_BUDGET} s",
        OPERATOR_BUDGET,
    )
    return _rows(what, operator, floor, of_mlflow=of_mlflow, of_operator=f"budget {of_operator} s")


def waiting(stage: Stage, count: int, seconds: int) -> list[Row]:
    """So many claims that have waited for minutes, each on a model of its own: for people, a window, or a version."""
    stage.external_server("mlflow")
    names = registered.models(stage.postgres, "wait", count, versions=2)
    waits = (
        {"gates": {"approval": {"allowSelfApproval": True}}},
        {"gates": {"windows": {"allow": [{"cron": "0 0 29 2 *", "duration": "1h"}]}}},
        {"version": 9},
    )
    claims = {name: claim(name, "2") | waits[number % len(waits)] for number, name in enumerate(names)}
    with step(f"{count} claims begin to wait"):
        stage.apply_all("ModelPromotion", claims)
        stage.until_all("ModelPromotion", set(names), _waits)
        time.sleep(PATIENT_SECONDS)
    with step(f"{seconds} s in which they wait"):
        meter = Meter(stage)
        time.sleep(seconds)
        operator = meter.read()
    stage.operator.stop()
    with step(f"{seconds} s in which somebody looks by hand"):
        floor = _by_hand(stage, seconds)
    stage.operator.start()
    return _rows(f"{seconds} s, {count} claims that wait", operator, floor, of_mlflow="", of_operator="")


def _waits(obj: Object) -> bool:
    ready: Object = next((c for c in obj["status"].get("conditions", []) if c["type"] == "Ready"), {})
    return ready.get("reason") in WAITING and ready.get("observedGeneration") == obj["metadata"]["generation"]


def _by_hand(stage: Stage, seconds: int) -> Usage:
    meter, end = Meter(stage), time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        by_hand.look(stage.mlflow.url)
        time.sleep(max(0, min(left, LOOK_SECONDS)))
    return meter.read()


def _rows(what: str, operator: Usage, floor: Usage, *, of_mlflow: str, of_operator: str) -> list[Row]:
    def words(asked: Asked) -> str:
        return ", ".join(f"{n} {path}" for path, n in sorted(asked.items())) or "none"

    return [
        Row(
            f"{what}: MLflow's CPU",
            f"{operator.mlflow_cpu:.2f} s",
            f"by hand {floor.mlflow_cpu:.2f} s{of_mlflow}",
            [operator.mlflow_cpu, floor.mlflow_cpu],
        ),
        Row(
            f"{what}: the operator's CPU",
            f"{operator.operator_cpu:.2f} s",
            of_operator,
            [operator.operator_cpu],
        ),
        Row(
            f"{what}: requests to MLflow",
            words(operator.asked),
            words(floor.asked),
            [operator.asked.total(), floor.asked.total()],
            {"operator": dict(operator.asked), "by_hand": dict(floor.asked)},
        ),
        Row(f"{what}: requests to the API server", f"{operator.reads} reads, {operator.writes} writes", "0, 0"),
    ]
