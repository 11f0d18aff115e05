"""What a promotion costs MLflow: beside the same writes and one read, by hand."""

from bench import by_hand, registered
from bench.access_log import each
from bench.footprint import until_idle
from bench.latency import claim
from bench.meter import Meter, Usage
from bench.report import Row
from bench.stage import Stage, is_ready


def of_promotions(stage: Stage, count: int) -> list[Row]:
    """So many versions of one model, one after the other, by a claim; then those of another model, by hand.

    By hand the versions get the tags that the claim left on the others, so the effective writes are the same.
    """
    stage.external_server("mlflow")
    for model in ("claimed", "by-hand"):
        registered.models(stage.postgres, model, 1, versions=count + 1)
    _promote(stage, "1")  # the claim's first look is none of the others' cost
    until_idle(stage.operator.process)
    operator = Meter(stage)
    for version in range(2, count + 2):
        _promote(stage, str(version))
    until_idle(stage.operator.process)
    operator_usage = operator.read()
    tags = stage.registry.tags("claimed-0", "2")
    promotions = [("by-hand-0", str(version)) for version in range(1, count + 2)]
    by_hand.promote(stage.mlflow.url, promotions[:1], tags, at_once=1)
    hand = Meter(stage)
    by_hand.promote(stage.mlflow.url, promotions[1:], tags, at_once=1)
    return _rows(count, operator_usage, hand.read())


def _promote(stage: Stage, version: str) -> None:
    applied = stage.apply("ModelPromotion", "claimed", claim("claimed-0", version))
    stage.until("ModelPromotion", applied, is_ready)


def _rows(count: int, operator: Usage, hand: Usage) -> list[Row]:
    ours, floor = (usage.mlflow_cpu / count * 1000 for usage in (operator, hand))
    return [
        Row(
            f"a promotion: MLflow's CPU (n={count})",
            f"{ours:.0f} ms, {ours / floor:.2f} times the floor",
            f"by hand {floor:.0f} ms",
            [ours, floor],
            {"operator_cpu_ms": operator.operator_cpu / count * 1000},
        ),
        Row(
            "a promotion: requests to MLflow",
            each(operator.asked, count),
            each(hand.asked, count),
            [operator.asked.total() / count, hand.asked.total() / count],
            {"operator": dict(operator.asked), "by_hand": dict(hand.asked)},
        ),
    ]
