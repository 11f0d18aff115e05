"""Many objects at once: throughput, beside the same work by hand, CPU time and memory."""

from dataclasses import dataclass

from bench import by_hand, registered
from bench.footprint import resident_megabytes
from bench.latency import claim
from bench.meters.meter import Meter, Usage
from bench.meters.trail import Trail, answered, is_operator, received, resource
from bench.report import Row
from bench.stage import Stage, is_ready
from cluster.plane.api import Object
from mlflow_operator.config import Settings

GOAL = 80
"""Percent of what the same concurrency does by hand."""
AT_ONCE = max(1, Settings().workers // 4)
"""Promotions by hand at the same time: what the operator's default allows one MLflow."""


@dataclass(frozen=True)
class Burst:
    """Seconds from the first apply to the last object settled, and of those the seconds in which kubectl applied."""

    settled: float
    applied: float
    usage: Usage


def servers(stage: Stage, count: int) -> list[Row]:
    """So many external servers in one apply."""
    before = resident_megabytes(stage.operator.process)
    external = {"external": {"url": stage.mlflow.url}}
    burst = _burst(stage, "MLflowServer", {f"load-{n}": external for n in range(count)})
    after = resident_megabytes(stage.operator.process)
    return [
        Row(f"{count} MLflowServers in one apply", _value(count, burst), "", [burst.settled], _facts(burst)),
        Row(f"RSS before, and with {count} servers", f"{before:.0f} MB, {after:.0f} MB", "", [before, after]),
    ]


def promotions(stage: Stage, count: int) -> list[Row]:
    """So many claims in one apply, each on a model of its own, all on one server; as many by hand, before and after.

    By hand the versions get the tags that a claim leaves on the others.
    """
    stage.external_server("mlflow")
    for prefix in ("first", "load", "by-hand"):
        registered.models(stage.postgres, prefix, 1 if prefix == "first" else count, versions=1)
    stage.until("ModelPromotion", stage.apply("ModelPromotion", "first", claim("first-0", "1")), is_ready)
    tags = stage.registry.tags("first-0", "1")

    def hand(numbers: range) -> Usage:
        meter = Meter(stage)
        by_hand.promote(stage.mlflow.url, [(f"by-hand-{n}", "1") for n in numbers], tags, at_once=AT_ONCE)
        return meter.read()

    before = hand(range(count // 2))
    burst = _burst(stage, "ModelPromotion", {f"load-{n}": claim(f"load-{n}", "1") for n in range(count)})
    return [_throughput(count, burst, before + hand(range(count // 2, count)))]


def _throughput(count: int, burst: Burst, hand: Usage) -> Row:
    share = 100 * hand.seconds / burst.settled
    return Row(
        f"{count} ModelPromotions in one apply",
        f"{_value(count, burst)}; {share:.0f} % of by hand",
        f"by hand, {AT_ONCE} at once: {count / hand.seconds:.0f} a second, MLflow's CPU {hand.mlflow_cpu:.1f} s;"
        f" goal {GOAL} %",
        [burst.settled, hand.seconds],
        {**_facts(burst), "by_hand_s": hand.seconds, "by_hand_mlflow_cpu_s": hand.mlflow_cpu},
    )


def _burst(stage: Stage, kind: str, specs: dict[str, Object]) -> Burst:
    trail, meter = Trail(stage), Meter(stage)
    stage.apply_all(kind, specs)
    stage.until_all(kind, set(specs), is_ready)
    usage = meter.read()
    events = [e for e in trail.events() if resource(e).partition("/")[0] == f"{kind.lower()}s"]
    applied = [e for e in events if not is_operator(e) and e["verb"] == "patch"]
    begun = received(applied[0])
    settled = max(answered(e) for e in events if is_operator(e) and e["verb"] == "patch") - begun
    return Burst(settled, answered(applied[-1]) - begun, usage)


def _value(count: int, burst: Burst) -> str:
    usage = burst.usage
    return (
        f"{count / burst.settled:.0f} a second: {burst.settled:.1f} s, kubectl applied for {burst.applied:.1f} s of it;"
        f" CPU {usage.operator_cpu:.1f} s, MLflow's {usage.mlflow_cpu:.1f} s"
    )


def _facts(burst: Burst) -> dict[str, object]:
    usage = burst.usage
    return {
        "applied_s": burst.applied,
        "cpu_s": usage.operator_cpu,
        "mlflow_cpu_s": usage.mlflow_cpu,
        "asked": dict(usage.asked),
    }
