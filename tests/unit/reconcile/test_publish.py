"""What users are told: the status once, an Event for what changed, as grave as it is."""

from mlflow_operator.engine.telemetry import REGISTRY
from mlflow_operator.errors import ApiError, RegistryUnavailable

from .simulation import Simulation


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
