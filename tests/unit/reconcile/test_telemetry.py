"""Series of objects: one each, which follows the object and leaves with it."""

from mlflow_operator.engine.telemetry import REGISTRY
from mlflow_operator.promotion.webhooks.answers import Answer, Unanswered
from mlflow_operator.reconcile import telemetry
from unit.reconcile.stage.simulation import Simulation, claim_key


def series(name: str) -> dict[tuple[str, ...], float]:
    """The series of a metric by their labels."""
    families = [family for family in REGISTRY.collect() if family.name == name]
    return {tuple(sample.labels.values()): sample.value for family in families for sample in family.samples}


def test_an_object_has_one_series_which_leaves_with_it() -> None:
    """Ready changes its value, and a claim that is deleted is in no dashboard any more."""
    for status, value in (("True", 1), ("False", 0), ("Unknown", -1)):
        telemetry.show_ready("ModelPromotion", "telemetry", "fraud", status)
        telemetry.show_ready("MLflowServer", "telemetry", "fraud", "True")
        found = {labels: v for labels, v in series("mlflow_operator_ready").items() if "telemetry" in labels}
        assert found[("ModelPromotion", "telemetry", "fraud")] == value
        assert len(found) == 2
    for kind in ("ModelPromotion", "MLflowServer"):
        telemetry.show_ready(kind, "telemetry", "fraud", None)
        telemetry.show_ready(kind, "telemetry", "fraud", None)
    assert not [labels for labels in series("mlflow_operator_ready") if "telemetry" in labels]


def test_a_slot_has_the_version_that_holds_it_now() -> None:
    """The version before it is gone from the metric in the same moment; a slot that nobody knows of has none."""
    for version in ("6", "7", "7"):
        telemetry.show_slot("telemetry", "fraud", ("fraud", "stage/Production", version))
        held = [labels for labels in series("modelpromotion_info") if "telemetry" in labels]
        assert held == [("telemetry", "fraud", "fraud", "stage/Production", version)]
    telemetry.show_slot("telemetry", "fraud", None)
    assert not [labels for labels in series("modelpromotion_info") if "telemetry" in labels]


async def test_a_claim_that_is_deleted_is_in_no_metric() -> None:
    """Neither as an object that is not ready, nor as the holder of a slot."""
    world = Simulation()
    world.registry.add(v7="Staging")
    world.promote("leaving")
    await world.settle()
    names = ("mlflow_operator_ready", "modelpromotion_info")
    assert [any("leaving" in labels for labels in series(name)) for name in names] == [True, True]
    world.cluster.remove(claim_key("leaving"))
    await world.drain()
    assert [any("leaving" in labels for labels in series(name)) for name in names] == [False, False]


async def test_a_dashboard_shows_what_keeps_a_version_out() -> None:
    """Each gate of a claim is a series with its result, which follows the gate and leaves with the claim."""
    world = Simulation()
    world.registry.add(None, v6="Production", v7="Staging")
    world.registry.runs = {"run-6": {"auc": 0.9}, "run-7": {"auc": 0.5}}
    gates = {"metrics": [{"name": "auc", "metric": "auc", "min": 0.8}], "comparisons": [{"name": "c", "metric": "auc"}]}
    world.promote("gated", gates=gates)
    await world.settle()

    def shown() -> set[tuple[str, ...]]:
        return {labels[-4:] for labels in series("modelpromotion_gate") if "gated" in labels}

    assert shown() == {("auc", "Metric", "Enforce", "Failed"), ("c", "Comparison", "Enforce", "Failed")}
    world.registry.runs["run-7"] = {"auc": 0.95}
    world.seconds += 120
    await world.settle()
    assert shown() == {("auc", "Metric", "Enforce", "Passed"), ("c", "Comparison", "Enforce", "Passed")}
    world.cluster.remove(claim_key("gated"))
    await world.drain()
    assert shown() == set()


async def test_calls_to_webhooks_are_counted_by_what_came_back() -> None:
    """One that does not answer is found without reading statuses."""
    url = "https://cab.example.com/confirm"
    world = Simulation()
    world.registry.add(v7="Staging")
    before = {result: called(result) for result in ("Answered", "Refused", "Unanswered")}
    answers = (Unanswered("cab.example.com did not answer"), Answer(503), Answer(200, b'{"result": "Passed"}'))
    world.promote("confirmed", gates={"webhooks": [{"name": "cab", "type": "Confirm", "url": url}]})
    for answer in answers:
        world.receiver.answers[url] = answer
        world.seconds += 600
        await world.settle()
    assert {result: called(result) > count for result, count in before.items()} == dict.fromkeys(before, True)
    assert world.registry.holders("Production") == ["7"]


def called(result: str) -> float:
    """How often webhooks that confirm were called with this result."""
    labels = {"type": "Confirm", "result": result}
    return REGISTRY.get_sample_value("modelpromotion_webhook_calls_total", labels) or 0.0
