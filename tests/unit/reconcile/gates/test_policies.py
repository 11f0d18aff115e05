"""Policies come, change and go while claims wait, and one that nobody can read lets nothing begin."""

from typing import Any

from mlflow_operator.engine.queue import Key
from mlflow_operator.reconcile.objects import POLICY, PROMOTION
from unit.reconcile.stage.simulation import Simulation
from unit.reconcile.test_conflicts import claim, moves, reason, world_with

FRAUD = Key(PROMOTION, "team", "fraud")
VOUCHED: dict[str, Any] = {"requires": {"tags": [{"key": "vouched"}]}}


def policy(world: Simulation, name: str = "platform", **spec: Any) -> Key:
    """Somebody of the platform applies it."""
    key = Key(POLICY, "", name)
    known = world.cluster.objects.get(key)
    body = {"kind": POLICY, "metadata": {"name": name, "generation": 1, "uid": name}, "spec": {}, "status": {}}
    world.cluster.put(known or body, **spec)
    return key


def message(world: Simulation, key: Key) -> str:
    """What an object says."""
    conditions = world.cluster.objects[key]["status"]["conditions"]
    return str(next(c["message"] for c in conditions if c["type"] == "Ready"))


async def test_a_claim_waits_for_what_a_policy_asks_and_goes_on_when_it_goes() -> None:
    """It is woken by the deletion, and by nothing else."""
    world = world_with()
    key = policy(world, **VOUCHED)
    claim(world, "fraud", 1)
    await world.settle()
    assert (reason(world, key), reason(world, FRAUD), moves(world)) == ("InForce", "TagMissing", [])
    assert message(world, FRAUD).endswith("(policy platform)")
    world.cluster.remove(key)
    await world.drain()
    assert (reason(world, FRAUD), moves(world)) == ("Promoted", ["7>Production"])


async def test_a_policy_that_changes_undoes_nothing_and_costs_no_write() -> None:
    """A claim at rest is not even looked at."""
    world = world_with()
    claim(world, "fraud", 1)
    await world.settle()
    written = world.cluster.objects[FRAUD]["metadata"]["resourceVersion"]
    policy(world, **VOUCHED)
    await world.drain()
    await world.look()
    assert (reason(world, FRAUD), moves(world)) == ("Promoted", ["7>Production"])
    assert world.cluster.objects[FRAUD]["metadata"]["resourceVersion"] == written


async def test_a_policy_of_another_release_stops_what_has_not_begun() -> None:
    """Nobody knows what it asks; what is promoted stays as it is, and all goes on when it is put right."""
    world = world_with()
    claim(world, "fraud", 1)
    await world.settle()
    key = policy(world, gates={"fromTheFuture": {}})
    claim(world, "late", 2, model="fraud", target={"stage": "Staging"}, version=6)
    await world.drain()
    late = Key(PROMOTION, "team", "late")
    assert (reason(world, key), reason(world, late)) == ("SpecUnreadable", "PolicyUnreadable")
    world.cluster.put(world.cluster.objects[FRAUD], tags={"team": "risk"})  # nothing is asked for that
    await world.drain()
    assert (reason(world, FRAUD), world.registry.versions["7"].tags["team"]) == ("Promoted", "risk")
    world.cluster.put(world.cluster.objects[key], gates={})
    await world.drain()
    assert reason(world, late) == "Promoted"


async def test_policies_that_contradict_each_other_both_say_so() -> None:
    """And both are well again once one of them has changed."""
    world = world_with()
    keys = [
        policy(world, "here", requires={"currentStage": ["Staging"]}),
        policy(world, "there", requires={"currentStage": ["Archived"]}),
    ]
    await world.settle()
    assert [reason(world, key) for key in keys] == ["Contradiction", "Contradiction"]
    policy(world, "there", requires={"currentStage": ["Staging", "Archived"]})
    await world.drain()
    assert [reason(world, key) for key in keys] == ["InForce", "InForce"]


async def test_labels_of_the_namespace_decide_and_are_looked_at_again_while_a_claim_waits() -> None:
    """Namespaces are not watched: within a poll is soon enough."""
    world = world_with()
    namespace = Key("Namespace", "", "team")
    world.cluster.objects[namespace] = {"metadata": {"name": "team", "labels": {"tier": "regulated"}}}
    policy(world, governs={"namespaces": {"matchLabels": {"tier": "regulated"}}}, **VOUCHED)
    claim(world, "fraud", 1)
    await world.settle()
    assert reason(world, FRAUD) == "TagMissing"
    world.cluster.objects[namespace] = {"metadata": {"name": "team", "labels": {"tier": "lab"}}}
    await world.look()
    await world.settle()
    assert reason(world, FRAUD) == "Promoted"
