"""What an object costs the API server: the operator's requests from a change until everything is quiet."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from bench.latency import SQLITE, claim
from bench.meters.trail import Trail, answered, is_operator, resource, split
from bench.report import Row, spread
from bench.stage import WATCHED, Stage, is_ready
from cluster.host import folders
from cluster.plane.audit import WRITES, Requests

QUIET_SECONDS = 2.5
SAMPLE = folders.CHECKOUT / "manifests" / "samples" / "production" / "mlflowserver.yaml"


def all_of(stage: Stage, count: int) -> list[Row]:
    """Every scenario, some times each."""
    stage.external_server("mlflow")
    stage.registry.create_model("costs", versions=count)
    rows = [
        _row("requests of a promotion", [_promotion(stage, n + 1) for n in range(count)]),
        _row(
            "requests of a server, SQLite and volume",
            [_server(stage, f"small-{n}", SQLITE) for n in range(count)],
        ),
        _row(
            "requests of a server, production sample",
            [_server(stage, f"large-{n}", {**_production(), "replicas": 1}) for n in range(count)],
        ),
    ]
    rows += [
        _row("an annotation that changes nothing", [_annotated(stage, n) for n in range(count)]),
        _row("replicas 1 → 2", [_scaled(stage, n) for n in range(count)]),
    ]
    rows += _deletions(stage, count)
    for n in range(count):
        stage.delete("MLflowServer", f"small-{n}")
        stage.delete("MLflowServer", f"large-{n}")
    return rows


def _production() -> dict[str, Any]:
    spec: dict[str, Any] = yaml.safe_load(Path(SAMPLE).read_text())["spec"]
    return spec


def _until_quiet(stage: Stage, change: Callable[[], None]) -> Requests:
    trail = Trail(stage)
    change()
    time.sleep(QUIET_SECONDS)
    return trail.requests()


def _promotion(stage: Stage, version: int) -> Requests:
    def change() -> None:
        applied = stage.apply("ModelPromotion", "costs", claim("costs", str(version)))
        stage.until("ModelPromotion", applied, is_ready)

    return _until_quiet(stage, change)


def _server(stage: Stage, name: str, spec: dict[str, Any]) -> Requests:
    def change() -> None:
        stage.until("MLflowServer", stage.apply("MLflowServer", name, spec), is_ready)

    return _until_quiet(stage, change)


def _annotated(stage: Stage, number: int) -> Requests:
    def change() -> None:
        stage.plane.kubectl("annotate", "mls", f"small-{number}", "-n", WATCHED, "somebody.else/was-here=yes")

    return _until_quiet(stage, change)


def _scaled(stage: Stage, number: int) -> Requests:
    def change() -> None:
        applied = stage.apply("MLflowServer", f"large-{number}", {**_production(), "replicas": 2})
        stage.until("MLflowServer", applied, is_ready)

    return _until_quiet(stage, change)


def _deletions(stage: Stage, count: int) -> list[Row]:
    costs, back = [], []
    for number in range(count):
        name, trail = f"small-{number}", Trail(stage)
        stage.api.delete(f"/api/v1/namespaces/{WATCHED}/services/{name}")
        time.sleep(QUIET_SECONDS)
        events = [e for e in trail.events() if resource(e) == "services" and e["objectRef"].get("name") == name]
        gone = answered(next(e for e in events if e["verb"] == "delete"))
        back.append((answered(next(e for e in events if is_operator(e) and e["verb"] == "patch")) - gone) * 1000)
        costs.append(trail.requests())
    return [
        _row("a deleted Service", costs),
        Row("the Service is back after", spread(back, " ms"), "", back),
    ]


def _row(what: str, costs: list[Requests]) -> Row:
    reads, writes = (list(numbers) for numbers in zip(*(split(c) for c in costs), strict=True))
    verbs = Counter(verb for cost in costs[-1:] for (verb, _), n in cost.items() if verb in WRITES for _ in range(n))
    detail = f" [{', '.join(f'{n} {verb}' for verb, n in sorted(verbs.items()))}]" if verbs else ""
    value = f"{spread(reads)} reads, {spread(writes)} writes{detail}"
    facts = {"requests": [{f"{verb} {what}": n for (verb, what), n in sorted(cost.items())} for cost in costs]}
    return Row(what, value, "", writes, facts)
