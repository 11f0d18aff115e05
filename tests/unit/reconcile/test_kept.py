"""What is kept of the registries has a bound in sum, and nobody notices but who needs what was forgotten."""

import tracemalloc
from dataclasses import dataclass, field

import pytest

from mlflow_operator.clients.mlflow import answers
from mlflow_operator.errors import RegistryUnavailable
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot
from mlflow_operator.reconcile.kept import Kept, size_of
from mlflow_operator.reconcile.promotions.models import Models
from unit.reconcile.stage.simulation import Simulation, claim_key

AWAY = RegistryUnavailable("RegistryUnavailable", "no answer")


async def cramped() -> Simulation:
    """Claims that are content, where there is no room to keep anything."""
    world = Simulation()
    world.world.models = Models(Kept(room=0))
    world.registry.add(v6="Archived", v7="Staging")
    world.promote()
    world.promote("other", target={"alias": "champion"})
    await world.settle()
    assert (world.ready(), world.ready("other")) == (("True", "Promoted"), ("True", "Promoted"))
    return world


async def test_a_quiet_model_that_was_forgotten_is_not_read() -> None:
    """What the list of models tells is enough to see that nothing has changed."""
    world = await cramped()
    await world.look()
    world.outside.calls.clear()
    for _ in range(3):
        await world.look()
    assert world.outside.calls == ["mark"] * 3


async def test_drift_of_a_model_that_was_forgotten_is_seen() -> None:
    """Both claims hear of it, and a claim that is looked at again and again costs one read each, and no more."""
    world = await cramped()
    world.registry.transition("6", "Production")
    world.registry.aliases["champion"] = "6"
    await world.look()
    assert (world.ready(), world.ready("other")) == (("False", "DriftDetected"), ("False", "DriftDetected"))
    world.outside.calls.clear()
    for name in ("fraud", "other"):
        world.queue.add(claim_key(name))
    await world.drain()
    assert world.outside.calls == ["snapshot"] * 2


async def test_claims_on_a_model_that_was_forgotten_get_unsure_too() -> None:
    """A registry that is away for three looks is nothing to be sure of."""
    world = await cramped()
    world.outside.broken |= dict.fromkeys(("snapshot", "mark", "survey"), AWAY)
    for _ in range(4):
        await world.look()
    assert world.ready() == ("Unknown", "RegistryUnavailable")


@dataclass(eq=False)
class Holder:
    """Somebody who keeps something."""

    told: list[str] = field(default_factory=list)

    def forget(self) -> None:
        """Remember being told."""
        self.told.append("forget")


def of(versions: int) -> Snapshot:
    """A model of so many versions, with a tag each."""
    tags = {"team": "risk"}
    numbers = [str(number + 1) for number in range(versions)]
    return Snapshot("m", {number: ModelVersion(number, "None", "READY", tags=tags) for number in numbers})


def test_the_largest_is_forgotten_and_the_others_stay() -> None:
    """One giant model, or a server that makes them up, costs only itself."""
    small, giant, late = Holder(), Holder(), Holder()
    kept = Kept(room=size_of(of(12)))
    kept.put(small, of(1))
    kept.put(giant, of(10))
    kept.put(giant, of(10))
    assert (small.told, giant.told) == ([], [])
    kept.put(late, of(3))
    assert (small.told, giant.told, late.told) == ([], ["forget"], [])


async def test_what_nobody_claims_takes_no_room() -> None:
    """Claims come and go; what was read for them goes after them."""
    world = Simulation()
    world.registry.add(v7="Staging")
    kept = Kept(room=size_of(of(1)) * 3)
    world.world.models = Models(kept)
    world.promote()
    await world.settle()
    world.cluster.remove(claim_key())
    await world.settle()
    holder = Holder()
    kept.put(holder, of(3))
    assert holder.told == []


@pytest.mark.parametrize("tags", [0, 5])
def test_the_sum_is_about_what_it_takes(tags: int) -> None:
    """As answers are read: neither half of it nor twice as much."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    versions = {}
    for number in range(2000):
        told = [{"key": f"some/key-{number}-{tag}", "value": f"a value of {number}"} for tag in range(tags)]
        found = answers.version({"version": str(number + 1), "current_stage": f"S{number}", "tags": told})
        versions[found.version] = found
    del told, found
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert taken / 2 < size_of(Snapshot("m", versions)) < 2 * taken
