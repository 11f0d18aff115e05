"""What users are told: the status once, an Event for what changed, as grave as it is."""

from mlflow_operator.engine.telemetry import REGISTRY
from mlflow_operator.errors import ApiError, RegistryUnavailable
from mlflow_operator.reconcile.objects import PROMOTION
from unit.reconcile.stage.simulation import Simulation, claim_key


async def promoted() -> Simulation:
    """A claim that is content, in a registry that can be told to fail."""
    world = Simulation()
    world.registry.add(v6="Archived", v7="Staging")
    world.promote()
    await world.settle()
    return world


async def test_a_status_that_says_nothing_new_is_not_sent() -> None:
    """A claim that is looked at again and again costs the API server no request."""
    world = await promoted()
    world.outside.calls.clear()
    await world.settle()
    assert world.outside.calls.count("apply_status") == 0


async def test_an_event_that_is_refused_costs_nothing_else() -> None:
    """The status says the same: the promotion has gone well, and is not done again."""
    world = Simulation()
    world.registry.add(v7="Staging")
    world.outside.broken["create"] = ApiError(403, "Forbidden", "no events here")
    world.promote()
    await world.drain()
    assert (world.ready(), world.outside.calls.count("move")) == (("True", "Promoted"), 1)


async def test_an_event_is_a_warning_where_somebody_should_look() -> None:
    """Promoted is normal; drift, and a registry that is away, are not."""
    world = await promoted()
    world.registry.transition("6", "Production")
    await world.look()
    world.promote(version=6)
    world.outside.broken |= dict.fromkeys(
        ("snapshot", "mark", "survey"), RegistryUnavailable("RegistryUnavailable", "no answer")
    )
    await world.drain()
    types = {event["reason"]: event["type"] for event in world.cluster.announced}
    assert types == {"Promoted": "Normal", "DriftDetected": "Warning", "RegistryUnavailable": "Warning"}


async def test_an_event_is_as_long_as_the_api_server_takes_it() -> None:
    """A note is cut at 1,024 bytes, and not in the middle of a letter."""
    world = Simulation()
    world.registry.add(v7="Staging")
    world.outside.broken["snapshot"] = RegistryUnavailable("RegistryUnavailable", "ü" * 3000)
    world.promote()
    await world.drain()
    assert {len(event["note"].encode()) for event in world.cluster.announced} == {1024}


async def test_the_metric_of_ready_follows_the_status() -> None:
    """What a dashboard shows is what kubectl shows."""
    world = await promoted()
    labels = {"kind": "ModelPromotion", "namespace": "team", "name": "fraud"}
    found = [REGISTRY.get_sample_value("mlflow_operator_ready", labels)]
    world.registry.transition("6", "Production")
    await world.look()
    found.append(REGISTRY.get_sample_value("mlflow_operator_ready", labels))
    assert found == [1.0, 0.0]


async def test_what_was_written_is_known_before_the_watch_tells() -> None:
    """A watch that is late costs no second promotion, no Conflict and no read."""
    world = Simulation()
    world.registry.add(v6="Production", v7="Staging")
    world.promote()
    world.cluster.watch = lambda kind, obj, deleted: None
    await world.settle()
    calls = world.outside.calls
    assert (calls.count("move"), calls.count("apply_status"), calls.count("get")) == (1, 2, 0)
    assert world.ready() == ("True", "Promoted")


async def test_an_answer_brings_nothing_back_that_a_list_found_gone() -> None:
    """Deleted while its status was on its way, which the list saw first: nothing is left of it."""
    for number in range(10):
        world = Simulation()
        world.registry.add(v7="Staging")
        world.promote()
        world.cluster.watch = lambda kind, obj, deleted: None

        def go(world: Simulation = world) -> None:
            world.cluster.remove(claim_key())
            world.world.store.drop(claim_key())

        world.outside.after[number] = go
        await world.drain()
        assert (claim_key() in world.world.store.keys(PROMOTION)) == (claim_key() in world.cluster.objects), number
