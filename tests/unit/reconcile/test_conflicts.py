"""Claims on one slot of one registry, by whichever MLflowServer and in whichever namespace: one of them writes."""

from contextlib import suppress
from typing import Any

import pytest

from mlflow_operator.engine.queue import Key
from mlflow_operator.reconcile.objects import PROMOTION, SERVER
from unit.reconcile.stage.fakes import Crash, Object
from unit.reconcile.stage.simulation import Simulation, claim_key

URL = "http://mlflow.test"


def world_with(*more: tuple[str, str, str]) -> Simulation:
    """The team's server, and others by namespace, name and URL."""
    world = Simulation()
    world.registry.add(v5="None", v6="None", v7="Staging")
    for namespace, name, url in more:
        known = world.cluster.objects[Key(SERVER, "team", "mlflow")]
        made = {"kind": "MLflowServer", "metadata": {"namespace": namespace, "name": name}}
        world.cluster.put({**made, "spec": {"external": {"url": url}}, "status": known["status"]})
    return world


def claim(world: Simulation, name: str, created: int, namespace: str = "team", **spec: Any) -> Key:
    """Apply a claim that was created in that minute."""
    wanted = {"serverRef": {"name": "mlflow"}, "model": "fraud", "target": {"stage": "Production"}, "version": 7}
    meta = {"namespace": namespace, "name": name, "creationTimestamp": f"2026-01-01T00:{created:02}:00Z"}
    world.cluster.put({"kind": PROMOTION, "metadata": meta, "spec": {**wanted, **spec}})
    return Key(PROMOTION, namespace, name)


def reason(world: Simulation, key: Key) -> str:
    """The reason of a claim's Ready."""
    conditions: list[Object] = world.cluster.objects[key]["status"]["conditions"]
    return str(next(c["reason"] for c in conditions if c["type"] == "Ready"))


def moves(world: Simulation) -> list[str]:
    """What was moved in the registry."""
    return [write for write in world.registry.writes if ">" in write or "=" in write]


async def test_the_oldest_of_two_writes_and_the_other_waits_for_it_to_go() -> None:
    """Stalled, without a write; when the first is deleted the second goes on at once."""
    world = world_with()
    second, first = claim(world, "second", 2, version=6), claim(world, "first", 1)
    await world.settle()
    assert (moves(world), reason(world, first), reason(world, second)) == (["7>Production"], "Promoted", "Conflict")
    world.cluster.remove(first)
    await world.drain()
    assert (moves(world), reason(world, second)) == (["7>Production", "6>Production"], "Promoted")


async def test_who_holds_the_slot_keeps_it() -> None:
    """An older claim that comes later, from a backup say, waits; drift does not let it in either."""
    world = world_with()
    holder = claim(world, "holder", 2)
    await world.settle()
    late = claim(world, "late", 1, version=6)
    await world.settle()
    world.registry.transition("5", "Production")
    await world.look()
    assert (reason(world, holder), reason(world, late)) == ("DriftDetected", "Conflict")
    assert moves(world) == ["7>Production"]


async def test_an_alias_that_moves_along_is_a_slot_too() -> None:
    """A claim on the alias meets the one that mirrors to it."""
    world = world_with()
    mirror = claim(world, "mirror", 1, target={"stage": "Production", "mirrorAlias": "champion"})
    alias = claim(world, "alias", 2, target={"alias": "champion"}, version=6)
    other = claim(world, "other", 3, target={"alias": "challenger"}, version=6)
    await world.settle()
    assert [reason(world, key) for key in (mirror, alias, other)] == ["Promoted", "Conflict", "Promoted"]
    assert world.registry.aliases == {"champion": "7", "challenger": "6"}


SPELLINGS = {
    "the same": (URL, URL, True),
    "in capitals, with a port": (URL, "http://MLflow.test:80/", True),
    "another registry": (URL, "http://other.test", False),
    "a Service": ("http://mlflow.ml.svc.cluster.local:5000", "http://mlflow.ml.svc:5000", True),
    "a Service, in short": ("http://mlflow.ml.svc.cluster.local:5000", "http://mlflow.ml:5000", True),
    "another Service": ("http://mlflow.ml.svc.cluster.local:5000", "http://mlflow.ai:5000", False),
}


@pytest.mark.parametrize(("mine", "theirs", "same"), SPELLINGS.values(), ids=SPELLINGS)
async def test_two_servers_that_reach_one_registry_are_one(mine: str, theirs: str, same: bool) -> None:
    """Whatever the MLflowServers are called, and however they spell its address."""
    world = world_with(("here", "mlflow", mine), ("there", "mine", theirs))
    claim(world, "first", 1, "here")
    second = claim(world, "second", 2, "there", serverRef={"name": "mine"}, version=6)
    await world.settle()
    assert reason(world, second) == ("Conflict" if same else "Promoted")


async def test_two_workspaces_have_a_slot_each() -> None:
    """The model of that name in another workspace is another model."""
    world = world_with()
    claim(world, "first", 1, serverRef={"name": "mlflow", "workspace": "one-team"})
    second = claim(world, "second", 2, serverRef={"name": "mlflow", "workspace": "another-team"}, version=6)
    await world.settle()
    assert reason(world, second) == "Promoted"


async def test_the_default_workspace_is_the_same_whether_it_is_named_or_not() -> None:
    """MLflow means it where no workspace is named: two claims would move one slot to and fro."""
    world = world_with()
    claim(world, "first", 1)
    second = claim(world, "second", 2, serverRef={"name": "mlflow", "workspace": "default"}, version=6)
    await world.settle()
    assert reason(world, second) == "Conflict"


async def test_a_claim_that_reaches_no_registry_is_in_nobodys_way() -> None:
    """An older one on a server that is not there; when that comes, and is the same registry, the holder stays."""
    world = world_with()
    lost = claim(world, "lost", 1, serverRef={"name": "gone"}, version=6)
    found = claim(world, "found", 2)
    await world.settle()
    assert (reason(world, lost), reason(world, found)) == ("ServerNotFound", "Promoted")


async def test_who_waits_goes_on_when_the_others_server_moves() -> None:
    """The slot is given up where the winner's MLflowServer is pointed to another registry."""
    world = world_with(("there", "mine", URL))
    claim(world, "first", 1)
    second = claim(world, "second", 2, "there", serverRef={"name": "mine"}, version=6)
    await world.settle()
    assert reason(world, second) == "Conflict"
    world.cluster.put(world.cluster.objects[Key(SERVER, "team", "mlflow")], external={"url": "http://moved.test"})
    await world.drain()
    assert reason(world, second) == "Promoted"


async def test_a_claim_that_waits_costs_no_write_and_no_request() -> None:
    """Status, Event and registry stay as they are, and no more is asked than for the one that has the slot."""
    world = world_with()
    claim(world, "first", 1)
    await world.settle()
    claim(world, "second", 2, version=6, requires={"signature": True})
    await world.settle()
    assert "has_signature" not in world.outside.calls
    written = (len(world.cluster.statuses), len(world.cluster.events), len(world.registry.writes))
    world.outside.calls.clear()
    for _ in range(3):
        await world.look()
    assert (len(world.cluster.statuses), len(world.cluster.events), len(world.registry.writes)) == written
    assert world.outside.calls == ["mark"] * 3


async def test_nothing_is_measured_for_a_claim_that_waits_for_anothers_slot() -> None:
    """What its gates had to know is asked no more, and again when the other has gone."""
    world = world_with()
    world.registry.runs = {"run-7": {"auc": 0.5}}
    second = claim(world, "second", 2, gates={"metrics": [{"name": "auc", "metric": "auc", "min": 0.9}]})
    await world.settle()
    assert reason(world, second) == "GateFailed"
    first = claim(world, "first", 1, version=6)
    await world.settle()
    assert reason(world, second) == "Conflict"
    asked = world.outside.calls.count("run_metrics")
    for _ in range(3):
        world.seconds += 700
        world.queue.elapse()
        await world.drain()
    assert world.outside.calls.count("run_metrics") == asked
    world.cluster.remove(first)
    await world.settle()
    assert reason(world, second) == "GateFailed"


async def test_whichever_of_many_is_looked_at_first_one_writes() -> None:
    """All are applied before the operator starts; each is killed away in turn, and the next goes on."""
    for turn in range(4):
        world = world_with()
        keys = [claim(world, f"c{n}", 5, version=(5, 6, 7)[n % 3]) for n in range(4)]
        for key in keys[turn:] + keys[:turn]:
            world.queue.add(key)
        left = list(keys)
        while left:
            await world.settle()
            writing = [key for key in left if reason(world, key) == "Promoted"]
            assert len(writing) == 1
            assert {reason(world, key) for key in left if key not in writing} <= {"Conflict"}
            left.remove(writing[0])
            world.cluster.remove(writing[0])


async def test_a_dry_run_beside_a_claim_shows_its_plan() -> None:
    """It takes part in no conflict until it is meant."""
    world = world_with()
    claim(world, "real", 2)
    plan = claim(world, "plan", 1, version=6, dryRun=True)
    await world.settle()
    assert reason(world, plan) == "DryRunSucceeded"
    world.promote("plan", dryRun=False)
    await world.settle()
    assert (reason(world, plan), reason(world, claim_key("real"))) == ("Conflict", "Promoted")


async def handed_over(crash: int | None = None) -> Simulation:
    """A slot whose holder is deleted while another claim waits; the process may die at a call of what follows."""
    world = world_with()
    first, _ = claim(world, "first", 1), claim(world, "second", 2, version=6)
    claim(world, "third", 3, version=5)
    await world.settle()
    world.outside.calls.clear()
    world.cluster.remove(first)
    if crash is not None:
        world.outside.before[crash] = Crash()
        with suppress(Crash):
            await world.drain()
        world.outside.before.clear()
        world.start()
    await world.settle()
    return world


async def test_a_slot_is_handed_over_once_whenever_the_process_dies() -> None:
    """Killed before each call: in the end the second has it, the third waits, and nothing was moved twice."""
    calls = len((await handed_over()).outside.calls)
    for number in range(calls):
        world = await handed_over(number)
        second, third = claim_key("second"), claim_key("third")
        assert (reason(world, second), reason(world, third)) == ("Promoted", "Conflict"), number
        assert moves(world) == ["7>Production", "6>Production"], number
