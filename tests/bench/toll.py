"""What a promotion costs MLflow: beside the same writes and one read, by hand."""

from bench import by_hand, registered
from bench.footprint import until_idle
from bench.latency import claim
from bench.meters.access_log import each
from bench.meters.meter import Meter, Usage
from bench.report import Row
from bench.stage import Stage, is_ready

ROUNDS = 5
CLAIMED, BY_HAND = "claimed-0", "by-hand-0"


def of_promotions(stage: Stage, count: int) -> list[Row]:
    """So many versions of one model by a claim, and as many of another by hand; in rounds, so that noise meets both.

    By hand the versions get the tags that the claim left on the others, so the effective writes are the same.
    """
    stage.external_server("mlflow")
    for model in ("claimed", "by-hand"):
        registered.models(stage.postgres, model, 1, versions=count + 1)
    _promote(stage, 1)  # the first look at a model is no part of what the next version costs
    tags = stage.registry.tags(CLAIMED, "1")
    by_hand.promote(stage.mlflow.url, [(BY_HAND, "1")], tags, at_once=1)
    rounds = min(ROUNDS, count)
    operator, hand = [], []
    for number in range(rounds):
        versions = range(number + 2, count + 2, rounds)
        operator.append(_by_operator(stage, versions))
        meter = Meter(stage)
        by_hand.promote(stage.mlflow.url, [(BY_HAND, str(version)) for version in versions], tags, at_once=1)
        hand.append(meter.read())
    return _rows(count, sum(operator[1:], operator[0]), sum(hand[1:], hand[0]))


def _by_operator(stage: Stage, versions: range) -> Usage:
    meter = Meter(stage)
    for version in versions:
        _promote(stage, version)
    until_idle(stage.operator.process)
    return meter.read()


def _promote(stage: Stage, version: int) -> None:
    applied = stage.apply("ModelPromotion", "claimed", claim(CLAIMED, str(version)))
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
