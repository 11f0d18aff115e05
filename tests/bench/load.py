"""Many objects at once, and nothing happening: throughput, CPU time, memory."""

import json
import time

from bench.footprint import cpu_seconds, group_cpu_seconds, resident_megabytes
from bench.latency import claim
from bench.report import Row
from bench.stage import WATCHED, Stage, is_ready
from bench.trail import Trail, answered, is_operator, received, resource, split
from cluster.api import Object
from cluster.console import step
from mlflow_operator.api.schema import API_VERSION


def everything(stage: Stage, count: int, steady: int, seconds: int) -> list[Row]:
    """So many servers, then so many promotions, each in one apply; then a minute with the first few of each."""
    before = resident_megabytes(stage.operator.process)
    with step(f"Registering {count} models"):
        for number in range(count):
            stage.registry.create_model(f"load-{number}", versions=1)
    external = {"external": {"url": stage.mlflow.url}}
    rows = _apply(stage, "MLflowServer", {f"load-{n}": external for n in range(count)})
    claims = {f"load-{n}": claim(f"load-{n}", "1", f"load-{n}") for n in range(count)}
    rows += _apply(stage, "ModelPromotion", claims)
    after = resident_megabytes(stage.operator.process)
    rows.append(
        Row(f"RSS before, and with {count} of each", f"{before:.0f} MB, {after:.0f} MB", "57 MB", [before, after])
    )
    for kind in ("ModelPromotion", "MLflowServer"):
        for number in range(steady, count):
            stage.delete(kind, f"load-{number}")
    return rows + _quiet(stage, steady, seconds)


def _apply(stage: Stage, kind: str, specs: dict[str, Object]) -> list[Row]:
    items = [
        {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name, "namespace": WATCHED}, "spec": spec}
        for name, spec in specs.items()
    ]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    trail, cpu, mlflow_cpu = Trail(stage), cpu_seconds(stage.operator.process), group_cpu_seconds(stage.mlflow.process)
    stage.plane.kubectl("apply", "--server-side", "-f", "-", text=text)
    stage.until_all(kind, set(specs), is_ready)
    cpu, mlflow_cpu = (
        cpu_seconds(stage.operator.process) - cpu,
        group_cpu_seconds(stage.mlflow.process) - mlflow_cpu,
    )
    events = [e for e in trail.events() if resource(e).partition("/")[0] == f"{kind.lower()}s"]
    applied = [e for e in events if not is_operator(e) and e["verb"] == "patch"]
    begun, handed_over = received(applied[0]), answered(applied[-1])
    settled = max(answered(e) for e in events if is_operator(e) and e["verb"] == "patch") - begun
    value = (
        f"{len(specs) / settled:.0f} a second: {settled:.1f} s,"
        f" kubectl applied for {handed_over - begun:.1f} s of it;"
        f" CPU {cpu:.1f} s, MLflow's {mlflow_cpu:.1f} s"
    )
    facts = {"settled_s": settled, "applied_s": handed_over - begun, "cpu_s": cpu, "mlflow_cpu_s": mlflow_cpu}
    return [Row(f"{len(specs)} of {kind} in one apply", value, "", [settled], facts)]


def _quiet(stage: Stage, steady: int, seconds: int) -> list[Row]:
    with step(f"{seconds} s with {steady} of each, in which nothing happens"):
        time.sleep(5)  # what was deleted is still being noticed
        trail, cpu = Trail(stage), cpu_seconds(stage.operator.process)
        time.sleep(seconds)
        cpu = cpu_seconds(stage.operator.process) - cpu
        reads, writes = split(trail.all_requests())
    memory = resident_megabytes(stage.operator.process)
    return [
        Row(
            f"{seconds} s with {steady} of each: requests",
            f"{reads} reads, {writes} writes",
            "0 writes (180 s, one server)",
        ),
        Row(
            f"{seconds} s with {steady} of each: CPU",
            f"{cpu:.2f} s",
            "0.039 s a minute (one server, no polling)",
            [cpu],
        ),
        Row(f"RSS with {steady} of each", f"{memory:.0f} MB", "", [memory]),
    ]
