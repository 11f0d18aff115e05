"""Nothing is decided, and nothing is moved, on what used to be true."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from mlflow_operator.errors import RegistryUnavailable
from mlflow_operator.promotion.snapshot import Snapshot
from unit.reconcile.stage.simulation import Simulation, claim_key

AWAY = RegistryUnavailable("RegistryUnavailable", "no answer")


async def promoted(v8: str | None = None) -> Simulation:
    """A claim that is content with version 7 in Production; version 6 is archived, and there may be a version 8."""
    world = Simulation()
    world.registry.add(v6="Archived", v7="Staging")
    if v8:
        world.registry.add(v8=v8)
    world.promote()
    await world.settle()
    assert world.ready() == ("True", "Promoted")
    return world


async def test_registered_then_applied_is_promoted_at_once() -> None:
    """The usual pipeline registers version 8 and applies it: nobody is told that it is not registered."""
    world = await promoted()
    world.registry.add(v8="Staging")
    world.promote(version=8)
    await world.drain()
    assert (world.ready(), world.registry.holders("Production")) == (("True", "Promoted"), ["8"])


async def test_approved_then_applied_is_not_refused() -> None:
    """A tag that was changed a moment ago counts: no failure that a GitOps tool would give up on."""
    world = await promoted(v8="Staging")
    world.registry.versions["8"] = replace(world.registry.versions["8"], tags={"ok": "rejected"})
    await world.look()
    world.registry.versions["8"] = replace(world.registry.versions["8"], tags={"ok": "approved"})
    world.promote(version=8, requires={"tags": [{"key": "ok", "value": "approved"}]})
    await world.drain()
    assert world.ready() == ("True", "Promoted")


async def test_a_claim_made_again_does_not_adopt_what_has_moved() -> None:
    """What was known of the slot before is nothing that a new claim goes by."""
    world = await promoted()
    world.promote("other", target={"alias": "champion"})
    await world.drain()
    world.cluster.remove(claim_key())
    await world.drain()
    world.registry.transition("6", "Production")
    world.promote()
    await world.drain()
    assert [(a.type, a.from_version) for a in world.status().history] == [("Promote", "6")]


async def test_a_new_wish_is_read_once_before_it_is_written() -> None:
    """The look that decides is the one that the write is based on."""
    world = await promoted(v8="Staging")
    world.outside.calls.clear()
    world.promote(version=8)
    await world.drain()
    before = world.outside.calls[: world.outside.calls.index("move")]
    assert (before.count("snapshot"), before.count("apply_status")) == (1, 1)


@pytest.mark.parametrize("change", ["suspended", "another version", "deleted", "made again"])
@pytest.mark.parametrize("under_way", [False, True], ids=["new", "resumed"])
async def test_who_has_an_old_copy_of_the_claim_moves_nothing(change: str, under_way: bool) -> None:
    """A late watch, or a process that was cut off: the API server is asked before MLflow is touched, each time."""
    world = Simulation()
    world.registry.add(v6="Production", v7="Staging", v8="Staging")
    if under_way:
        world.outside.broken["move"] = AWAY
        world.promote()
        await world.settle()
        assert world.status().attempt is not None
    else:
        world.promote()
    world.outside.broken.clear()
    world.cluster.watch = lambda kind, obj, deleted: None
    if change == "suspended":
        world.promote(suspend=True)
    elif change == "another version":
        world.promote(version=8)
    else:
        world.cluster.remove(claim_key())
        if change == "made again":
            world.promote(version=8)
    world.registry.writes.clear()
    for _ in range(3):
        world.queue.elapse()
        key = await world.queue.get()
        await world.workers.run(key)
        world.queue.done(key)
    assert world.registry.writes == []


async def test_a_resumed_attempt_costs_no_second_status() -> None:
    """The fence of an intent that is there already changes nothing in the object."""
    world = Simulation()
    world.registry.add(v6="Production", v7="Staging")
    world.outside.broken["move"] = AWAY
    world.promote()
    await world.settle()
    statuses = len(world.cluster.statuses)
    await world.settle()
    assert len(world.cluster.statuses) == statuses


async def test_a_registry_that_reads_from_a_replica_is_not_accused_of_drift() -> None:
    """A look that is older than the write before it says nothing about the slot; the attempt goes on."""
    world = Simulation()
    world.registry.add(v6="Production", v7="Staging")
    current = world.registry._snapshot
    lagging = copy.deepcopy(current(aliases=True))

    def late(*, aliases: bool) -> Snapshot:
        return lagging

    world.registry._snapshot = late  # type: ignore[method-assign]
    world.promote()
    await world.drain()
    assert world.ready() == ("Unknown", "ReadsBehindWrites")
    world.registry._snapshot = current  # type: ignore[method-assign]
    await world.settle()
    assert (world.ready(), [a.number for a in world.status().history]) == (("True", "Promoted"), [1])


@pytest.mark.parametrize("target", [{"stage": "Archived"}, {"alias": "champion"}], ids=["stage", "alias"])
async def test_what_a_write_answered_is_not_read_again(target: dict[str, Any]) -> None:
    """Where a slot cannot have a second holder left behind by a race, the answer of the write is enough."""
    world = Simulation()
    world.registry.add(v6="None", v7="None")
    world.promote(target=target)
    await world.drain()
    assert (world.ready(), world.outside.calls.count("snapshot")) == (("True", "Promoted"), 1)


async def test_claims_that_wait_for_the_same_share_their_looks() -> None:
    """A whole folder of claims on a model that is not there yet costs MLflow one look, not one each."""
    world = Simulation()
    for number in range(50):
        world.promote(f"claim-{number}", target={"alias": f"slot-{number}"})
    await world.drain()
    assert {world.ready(f"claim-{number}") for number in range(50)} == {("False", "VersionNotFound")}
    assert world.outside.calls.count("snapshot") == 1


async def test_what_goes_into_the_history_was_looked_at_in_the_same_pass() -> None:
    """A claim that finds its version in the slot by a look of a moment ago looks again before it says so for ever."""
    world = Simulation()
    world.registry.add(v6="None", v7="Production")
    world.promote("waits", version=9, target={"stage": "Staging"})
    world.promote()
    await world.drain()
    assert (world.ready(), world.outside.calls.count("snapshot")) == (("True", "Promoted"), 2)
