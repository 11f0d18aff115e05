"""How long it takes: from apply to the registry changed, beside the same calls by hand, and from apply to Ready."""

import time
from collections.abc import Callable

from bench.meters.trail import Event, Trail, answered, is_operator, received, resource
from bench.report import Row, percentile, spread
from bench.stage import UNWATCHED, Stage, is_ready, path
from cluster.plane.api import Object

GOAL = 1.3
"""Times the floor that an apply may take until the registry has changed."""
SQLITE: Object = {"backendStore": {"sqlite": {}}, "artifactStore": {"persistentVolume": {}}}


def claim(model: str, version: str, server: str = "mlflow") -> Object:
    """A claim on Production."""
    return {"serverRef": {"name": server}, "model": model, "version": version, "target": {"stage": "Production"}}


def promotions(stage: Stage, count: int) -> list[Row]:
    """By the operator and by hand in turn, so that all meet the same noise; MLflow says when the version changed."""
    for model in ("latency", "floor", "fenced"):
        stage.registry.create_model(model, versions=2)
    stage.external_server("mlflow")
    ours, floor, fenced, settled = [], [], [], []

    def by_operator(version: str) -> None:
        begun = time.time()
        applied = stage.apply("ModelPromotion", "latency", claim("latency", version))
        done = stage.until("ModelPromotion", applied, is_ready)
        ours.append(_changed(stage, "latency", version) - begun)
        settled.append(done - begun)

    def by_hand(version: str) -> None:
        floor.append(_by_hand(stage, "floor", version))

    def by_hand_behind_a_status(version: str) -> None:
        status = stage.api.get(f"{path('ModelPromotion')}/latency")["status"]
        fenced.append(_by_hand(stage, "fenced", version, status))

    turns = (by_operator, by_hand, by_hand_behind_a_status)
    for number in range(count + 2):
        for turn in turns[number % 3 :] + turns[: number % 3]:
            turn(str(number % 2 + 1))
    return _promotion_rows(*([s * 1000 for s in samples[2:]] for samples in (ours, floor, fenced, settled)))


def _by_hand(stage: Stage, model: str, version: str, status: Object | None = None) -> float:
    """Seconds from an apply to the change; where there is a status it is written before the move, as an intent is."""
    begun = time.time()
    applied = stage.apply("ModelPromotion", model, claim(model, version), UNWATCHED)
    stage.registry.versions(model)
    if status is not None:
        stage.write_status("ModelPromotion", applied, status)
    stage.registry.move(model, version, "Production")
    return _changed(stage, model, version) - begun


def _promotion_rows(ours: list[float], floor: list[float], fenced: list[float], settled: list[float]) -> list[Row]:
    def both(samples: list[float]) -> str:
        return f"{percentile(samples, 50):.0f} / {percentile(samples, 95):.0f} ms"

    ratio, behind = (percentile(ours, 50) / percentile(samples, 50) for samples in (floor, fenced))
    return [
        Row(
            f"apply → registry changed, p50 / p95 (n={len(ours)})",
            f"{both(ours)}, {ratio:.2f} times the floor",
            f"by hand {both(floor)}; goal {GOAL} times",
            ours,
            {"floor": floor, "ratio": ratio},
        ),
        Row(
            "the same beside a floor that writes a status before the move",
            f"{behind:.2f} times it",
            f"by hand {both(fenced)}",
            [behind],
            {"floor": fenced},
        ),
        Row("apply → promotion Ready, p50 / p95", both(settled), "", settled),
    ]


def _changed(stage: Stage, model: str, version: str) -> float:
    return float(stage.registry.versions(model)[version]["last_updated_timestamp"]) / 1000


def servers(stage: Stage, count: int) -> list[Row]:
    """From apply to Ready: an external server, and one with pods on paper."""
    external, steps = [], []
    for number in range(count):
        begun = time.time()
        applied = stage.apply("MLflowServer", f"external-{number}", {"external": {"url": stage.mlflow.url}})
        external.append((stage.until("MLflowServer", applied, is_ready) - begun) * 1000)
        stage.delete("MLflowServer", f"external-{number}")
    for number in range(count):
        trail, name = Trail(stage), f"sqlite-{number}"
        stage.until("MLflowServer", stage.apply("MLflowServer", name, SQLITE), is_ready)
        steps.append(_steps(trail.events(), name))
        stage.delete("MLflowServer", name)
    first, children, ready, alone = (list(samples) for samples in zip(*steps, strict=True))
    return [
        Row(f"apply → external server Ready (n={count})", spread(external, " ms"), "", external),
        Row(f"apply → first child (SQLite server, n={count})", spread(first, " ms"), "", first),
        Row("apply → every child that needs no preparation", spread(children, " ms"), "", children),
        Row("apply → Ready, Job and pods on paper", spread(ready, " ms"), "", ready),
        Row("the same without waiting for Job and pods", spread(alone, " ms"), "", alone),
    ]


def _steps(events: list[Event], server: str) -> tuple[float, float, float, float]:
    """Milliseconds from the apply to the first child, the preparation, Ready; and to Ready without foreign waits."""
    mine = [e for e in events if e["objectRef"].get("name", "").startswith(server)]

    def moment(wanted: Callable[[Event], bool], which: int) -> float:
        return answered([e for e in mine if wanted(e)][which])

    def child(event: Event) -> bool:
        return is_operator(event) and event["verb"] == "patch" and "/" not in resource(event)

    begun = received(next(e for e in mine if e["verb"] == "patch" and resource(e) == "mlflowservers"))
    ready = moment(lambda e: is_operator(e) and resource(e) == "mlflowservers/status", -1)
    job = moment(lambda e: child(e) and resource(e) == "jobs", 0)
    complete = moment(lambda e: e["verb"] == "update" and resource(e) == "jobs/status", -1)
    deployed = moment(lambda e: child(e) and resource(e) == "deployments", 0)
    moved = [answered(e) for e in mine if e["verb"] == "update" and resource(e) == "deployments/status"]
    rolled_out = max(when for when in moved if when <= ready)
    waits = (complete - job) + (rolled_out - deployed)
    moments = (moment(child, 0) - begun, job - begun, ready - begun, ready - begun - waits)
    return moments[0] * 1000, moments[1] * 1000, moments[2] * 1000, moments[3] * 1000
