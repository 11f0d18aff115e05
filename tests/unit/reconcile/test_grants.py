"""A claim on a server of another namespace writes as long as the server takes it, and learns nothing where not."""

from typing import Any

import pytest

from mlflow_operator.engine.queue import Key
from mlflow_operator.reconcile.objects import MODEL, PROMOTION, SERVER
from unit.reconcile.stage.simulation import MODEL_KEY, REGISTRY_KEY, Simulation

from .test_conflicts import claim, moves, reason, world_with

SERVER_KEY = Key(SERVER, "team", "mlflow")
GUEST = Key(PROMOTION, "guest", "fraud")
SELECTED = {"from": "Selector", "selector": {"matchLabels": {"may": "promote"}}}


def grant(world: Simulation, **allowed: Any) -> None:
    """The server's owner says who may."""
    world.cluster.put(world.cluster.objects[SERVER_KEY], promotions={"allowedNamespaces": allowed})


def label(world: Simulation, **labels: str) -> None:
    """Somebody labels the guest's namespace."""
    world.cluster.objects[Key("Namespace", "", "guest")] = {"metadata": {"name": "guest", "labels": labels}}


def guest(world: Simulation, created: int = 1, name: str = "mlflow", **spec: Any) -> Key:
    """A claim of another namespace."""
    return claim(world, "fraud", created, "guest", serverRef={"name": name, "namespace": "team"}, **spec)


def message(world: Simulation, key: Key) -> str:
    """What the claim says."""
    conditions = world.cluster.objects[key]["status"]["conditions"]
    return str(next(c["message"] for c in conditions if c["type"] == "Ready"))


async def test_a_claim_of_another_namespace_is_promoted_once_that_is_allowed() -> None:
    """It is woken by the grant; before that MLflow is not even asked for its sake."""
    world = world_with()
    guest(world)
    await world.settle()
    assert (reason(world, GUEST), world.registry.writes) == ("RefNotPermitted", [])
    assert not [call for call in world.outside.calls if call in ("snapshot", "mark", "survey", "get")]
    grant(world, **{"from": "All"})
    await world.drain()
    assert (reason(world, GUEST), moves(world)) == ("Promoted", ["7>Production"])
    assert world.registry.versions["7"].tags["mlflow.talentflow.ai/promotion"] == "guest/fraud"


@pytest.mark.parametrize("exists", [True, False])
async def test_the_answer_does_not_tell_whether_there_is_such_a_server(exists: bool) -> None:
    """Word for word the same, as reason and as message."""
    world = world_with()
    key = guest(world, name="mlflow" if exists else "other")
    await world.settle()
    assert reason(world, key) == "RefNotPermitted"
    assert message(world, key).replace("other", "mlflow") == (
        "spec.serverRef is of namespace team, and there is no MLflowServer mlflow there that takes claims of namespace "
        "guest; its owner sets spec.promotions.allowedNamespaces"
    )


async def test_a_grant_that_is_withdrawn_stops_writes_and_leaves_the_slot() -> None:
    """At once; the model is not looked at for its sake any more, and what comes back is watched again."""
    world = world_with()
    grant(world, **{"from": "All"})
    guest(world)
    await world.settle()
    grant(world, **{"from": "Same"})
    world.cluster.put(world.cluster.objects[GUEST], version=6)
    await world.drain()
    assert (reason(world, GUEST), world.registry.holders("Production")) == ("RefNotPermitted", ["7"])
    await world.look()
    world.outside.calls.clear()
    await world.settle()
    assert not [call for call in world.outside.calls if call in ("snapshot", "mark", "survey")]
    assert world.status_of(GUEST).current_version == "7"
    grant(world, **{"from": "All"})
    await world.drain()
    assert (reason(world, GUEST), world.registry.holders("Production")) == ("Promoted", ["6"])


async def test_who_waits_for_a_claim_that_is_not_allowed_any_more_goes_on() -> None:
    """Its slot is given up with the grant."""
    world = world_with()
    grant(world, **{"from": "All"})
    guest(world)
    own = claim(world, "own", 2, version=6)
    await world.settle()
    assert reason(world, own) == "Conflict"
    grant(world, **{"from": "Same"})
    await world.drain()
    assert (reason(world, own), reason(world, GUEST)) == ("Promoted", "RefNotPermitted")


async def test_a_claim_that_was_never_allowed_is_in_nobodys_way() -> None:
    """However old it is."""
    world = world_with()
    guest(world, 1)
    own = claim(world, "own", 2, version=6)
    await world.settle()
    assert reason(world, own) == "Promoted"


async def test_labels_of_the_namespace_decide_where_the_server_says_so() -> None:
    """They are read, not watched: a label that comes or goes is noticed within one poll."""
    world = world_with()
    label(world)
    grant(world, **SELECTED)
    guest(world)
    own = claim(world, "own", 2, version=6)
    await world.drain()
    assert (reason(world, GUEST), reason(world, own)) == ("RefNotPermitted", "Promoted")
    world.cluster.remove(own)
    label(world, may="promote")
    world.seconds += 30
    assert world.queue.seconds(GUEST) <= 33
    await world.settle(1)
    assert reason(world, GUEST) == "Promoted"
    label(world)
    world.seconds += 30
    assert world.queue.seconds(GUEST) <= 33
    await world.settle(1)
    assert reason(world, GUEST) == "RefNotPermitted"
    assert world.registry.holders("Production") == ["7"]


async def test_a_namespace_is_read_once_in_a_while_and_only_where_it_matters() -> None:
    """Of a hundred passes one asks; without a selector none does."""
    world = world_with()
    label(world, may="promote")
    grant(world, **SELECTED)
    guest(world)
    await world.settle()
    for number in range(20):
        world.cluster.annotate(GUEST, "somebody/was", str(number))
        await world.drain()
    assert world.outside.calls.count("get") == 1
    grant(world, **{"from": "All"})
    world.seconds += 60
    await world.settle()
    assert world.outside.calls.count("get") == 1


async def test_a_new_process_does_not_give_away_a_slot_before_it_knows_the_labels() -> None:
    """Whoever is looked at first: the holder is believed until its namespace was read."""
    world = world_with()
    label(world, may="promote")
    grant(world, **SELECTED)
    guest(world, 2)
    await world.settle()
    own = claim(world, "own", 1, version=6)
    namespaces = {key: world.cluster.objects.pop(key) for key in list(world.cluster.objects) if key.kind == "Namespace"}
    world.start()
    world.cluster.objects |= namespaces
    world.queue.clear()
    world.queue.add(own)
    await world.settle()
    assert (reason(world, own), reason(world, GUEST)) == ("Conflict", "Promoted")


async def test_a_claim_wakes_and_looks_by_the_namespace_of_its_server() -> None:
    """One look serves the server's own claims and those of other namespaces."""
    world = world_with()
    grant(world, **{"from": "All"})
    guest(world)
    claim(world, "staging", 2, target={"alias": "champion"})
    await world.settle()
    assert world.world.models.on(REGISTRY_KEY).models.keys() == {"fraud"}
    assert world.world.store.find("model", MODEL_KEY) == {GUEST, Key(PROMOTION, "team", "staging")}
    assert world.world.store.find("model", Key(MODEL, "guest", "mlflow", "fraud")) == set()
    world.registry.transition("6", "Production")
    await world.look()
    assert reason(world, GUEST) == "DriftDetected"


async def test_who_has_taken_over_keeps_the_slot_when_the_other_is_allowed_again() -> None:
    """Both have held it; the holder is who came in last."""
    world = world_with()
    grant(world, **{"from": "All"})
    guest(world)
    await world.settle()
    grant(world, **{"from": "Same"})
    own = claim(world, "own", 2, version=6)
    await world.settle()
    grant(world, **{"from": "All"})
    world.cluster.put(world.cluster.objects[GUEST], version=5)
    await world.settle()
    assert (reason(world, own), reason(world, GUEST), world.registry.holders("Production")) == (
        "Promoted",
        "Conflict",
        ["6"],
    )


async def test_who_waits_is_woken_by_the_pass_that_finds_the_label_gone() -> None:
    """It does not wait for its own turn, ten minutes later."""
    world = world_with()
    label(world, may="promote")
    grant(world, **SELECTED)
    guest(world)
    own = claim(world, "own", 2, version=6)
    await world.settle()
    assert reason(world, own) == "Conflict"
    label(world)
    world.seconds += 30
    world.queue.add(GUEST)
    await world.drain()
    assert (reason(world, GUEST), reason(world, own)) == ("RefNotPermitted", "Promoted")
