"""Approvals in the passes: whom they wake, what waiting costs, and that nothing is written on what was taken back."""

from datetime import timedelta
from typing import Any

import pytest

from mlflow_operator.config import Settings
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.telemetry import REGISTRY
from mlflow_operator.errors import ClusterUnavailable
from mlflow_operator.promotion.gates.approval import REQUESTED_BY
from mlflow_operator.promotion.wish import REASSERT
from mlflow_operator.reconcile.objects import APPROVAL
from unit.reconcile.stage.fakes import Crash
from unit.reconcile.stage.simulation import Simulation, claim_key

PEOPLE: dict[str, Any] = {"gates": {"approval": {}}}
MEASURED: dict[str, Any] = {"gates": {"approval": {}, "metrics": [{"name": "auc", "metric": "auc", "min": 0.9}]}}
MIRROR = {"stage": "Production", "mirrorAlias": "champion"}


async def asking(**spec: Any) -> Simulation:
    """A claim of alice on version 7, which waits for somebody to approve it."""
    world = Simulation(settings=Settings(approvals="Count"))
    world.registry.add(None, v6="Production", v7="Staging", v8="Staging")
    world.registry.runs = {"run-7": {"auc": 0.95}, "run-8": {"auc": 0.95}}
    world.promote(**(PEOPLE | spec))
    world.cluster.annotate(claim_key(), REQUESTED_BY, "alice")
    await world.settle()
    return world


def say(world: Simulation, who: str = "bob", decision: str = "Approve", **spec: Any) -> Key:
    """Somebody says something about what the claim asks for now."""
    asked = world.status().approval
    assert asked is not None
    wanted = {
        "promotionRef": {"name": "fraud", "uid": world.cluster.objects[claim_key()]["metadata"]["uid"]},
        "slots": asked.slots,
        "attempt": asked.digest,
        "decision": decision,
        "approver": who,
        "reason": "seen it",
    }
    name = f"{who}-{len(world.cluster.objects)}"
    meta = {"name": name, "namespace": "team", "creationTimestamp": f"{world.moment:%Y-%m-%dT%H:%M:%SZ}"}
    world.cluster.put({"kind": APPROVAL, "metadata": meta, "spec": {**wanted, **spec}})
    return Key(APPROVAL, "team", name)


def waited_since(world: Simulation) -> float | None:
    """What the metric says."""
    labels = {"namespace": "team", "name": "fraud", "model": "fraud", "slot": "stage/Production"}
    return REGISTRY.get_sample_value("modelpromotion_approval_requested_timestamp_seconds", labels)


async def test_an_approval_lets_the_claim_go_on_at_once() -> None:
    """Asked, approved, promoted: an Event each, and who it was in the history."""
    world = await asking()
    assert (world.ready(), world.registry.writes) == (("False", "ApprovalRequired"), [])
    say(world)
    await world.drain()
    assert (world.ready(), world.registry.holders("Production")) == (("True", "Promoted"), ["7"])
    assert [a.approved_by for a in world.status().history] == [["bob"]]
    assert "7:approved-by" in world.registry.writes
    assert [e for e in world.cluster.events if e != "RequesterUnknown"] == ["ApprovalRequired", "Approved", "Promoted"]
    notes = {event["reason"]: (event["type"], event["note"]) for event in world.cluster.announced}
    assert notes["Approved"] == ("Normal", "approved by bob")
    assert "kubectl create -f -" in notes["ApprovalRequired"][1]


async def test_waiting_for_people_costs_nothing() -> None:
    """No write, and no look at the registry for its own sake; a new process asks the same."""
    world = await asking()
    asked, written = world.status().approval, len(world.cluster.statuses)
    for _ in range(3):
        await world.look()
        await world.settle(1)
    world.start()
    await world.settle()
    assert (world.status().approval, len(world.cluster.statuses)) == (asked, written)
    assert "list" not in world.outside.calls, "what the watch has brought is enough to wait"
    say(world)
    await world.drain()
    assert world.ready() == ("True", "Promoted")


async def test_an_approval_wakes_its_claim_only() -> None:
    """Others are not looked at for its sake; nor is its own where only labels of it change."""
    world = await asking()
    world.promote("other", target={"stage": "Staging"}, version=6)
    await world.settle()
    key = say(world, attempt="0" * 64)
    assert await world.queue.get() == claim_key()
    world.queue.done(claim_key())
    assert world.queue.depth() == 0
    world.cluster.remove(key)
    assert world.queue.depth() == 1


async def test_how_long_it_waits_is_measured() -> None:
    """Since when, while it waits for people, and not any more afterwards."""
    world = await asking()
    asked = world.status().approval
    assert asked is not None
    assert waited_since(world) == asked.since.timestamp()
    say(world)
    await world.drain()
    assert waited_since(world) is None


async def call_of(name: str, **spec: Any) -> int:
    """The number of the first call of a name, once somebody has approved."""
    world = await asking(**spec)
    begun = len(world.outside.calls)
    say(world)
    await world.drain()
    return world.outside.calls.index(name, begun)


async def test_what_was_taken_back_unseen_is_not_written_on() -> None:
    """The watch is late: before the write the API server is asked once more."""
    number, world = await call_of("list"), await asking()
    key = say(world)

    def unseen() -> None:
        del world.cluster.objects[key]

    world.outside.before[number] = unseen
    await world.drain()
    assert (world.ready(), world.registry.writes) == (("False", "ApprovalRequired"), [])


async def test_a_no_that_was_not_seen_stops_the_write() -> None:
    """The watch has brought the yes, and not yet the no."""
    number, world = await call_of("list"), await asking()
    say(world)

    def no() -> None:
        watch, world.cluster.watch = world.cluster.watch, lambda kind, obj, deleted: None
        say(world, "carol", "Reject")
        world.cluster.watch = watch

    world.outside.before[number] = no
    await world.drain()
    assert (world.ready(), world.registry.writes) == (("False", "Rejected"), [])


async def test_an_api_server_that_cannot_be_asked_lets_nothing_pass() -> None:
    """Nothing is written; the claim goes on when it answers."""
    world = await asking()
    world.outside.broken["list"] = ClusterUnavailable("ClusterUnavailable", "no answer")
    say(world)
    await world.drain()
    assert (world.ready(), world.registry.writes) == (("Unknown", "ClusterUnavailable"), [])
    world.outside.broken.clear()
    await world.settle()
    assert world.ready() == ("True", "Promoted")


async def test_machines_are_asked_once_more_after_people() -> None:
    """The metric fell while people were thinking: their yes does not help, and is no warning; what stops it is."""
    world = await asking(**MEASURED)
    world.registry.runs["run-7"] = {"auc": 0.5}
    say(world)
    await world.drain()
    assert (world.ready(), world.registry.writes) == (("False", "GateFailed"), [])
    announced = [(event["reason"], event["type"]) for event in world.cluster.announced[-2:]]
    assert announced == [("Approved", "Normal"), ("GateFailed", "Warning")]


async def test_another_holder_at_the_last_moment_is_asked_about_anew() -> None:
    """Somebody moves the slot between the approval and the write: that is not what was approved."""
    world = await asking()
    asked, number = world.status().approval, await call_of("snapshot")
    world.outside.before[number] = lambda: world.registry.transition("8", "Production")
    say(world)
    await world.drain()
    now = world.status().approval
    assert (world.ready(), world.registry.writes) == (("False", "ApprovalRequired"), [])
    assert asked is not None
    assert now is not None
    assert (now.digest != asked.digest, now.by) == (True, [])
    assert world.cluster.events[-2:] == ["ApprovalRequired"] * 2, "people are told that they are asked anew"


async def test_time_runs_out_without_a_poll() -> None:
    """The claim is looked at when its time is over, and is stalled; the annotation asks once more."""
    world = await asking(gates={"approval": {"timeout": "5m"}})
    await world.drain()
    assert world.queue.seconds(claim_key()) < 300
    world.moment += timedelta(minutes=5)
    await world.settle(1)
    assert world.ready() == ("False", "ApprovalTimedOut")
    assert world.cluster.announced[-1]["type"] == "Warning"
    world.cluster.annotate(claim_key(), REASSERT, "1")
    await world.drain()
    assert world.ready() == ("False", "ApprovalRequired")


async def test_where_nobody_checks_who_approves_nothing_counts() -> None:
    """An operator that was not told so says that, and writes nothing."""
    world = await asking()
    key = say(world)
    world.settings = Settings()
    world.start()
    await world.settle()
    assert (world.ready(), world.registry.writes) == (("False", "ApproversUnchecked"), [])
    assert key in world.cluster.objects


async def test_what_cannot_be_read_does_not_count() -> None:
    """An approval of a newer release, with a condition that this one does not know."""
    world = await asking()
    say(world, onlyIf={"moon": "full"})
    await world.drain()
    assert world.ready() == ("False", "ApprovalRequired")


async def test_one_that_is_on_its_way_out_does_not_count() -> None:
    """It was deleted, and somebody's finalizer holds it up."""
    world = await asking()
    key = say(world, attempt="0" * 64)
    obj = world.cluster.objects[key]
    asked = world.status().approval
    assert asked is not None
    obj["metadata"]["deletionTimestamp"] = "2026-01-02T03:04:05Z"
    world.cluster.put(obj, attempt=asked.digest)
    await world.drain()
    assert world.ready() == ("False", "ApprovalRequired")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_every_call_after_the_approval(after: bool) -> None:
    """With all gates on and a mirror: one attempt, approved by who approved it, and none without it."""
    spec = MEASURED | {"target": MIRROR}
    whole = await asking(**spec)
    begun = len(whole.outside.calls)
    say(whole)
    await whole.settle()
    for number in range(begun, len(whole.outside.calls)):
        world = await asking(**spec)
        assert len(world.outside.calls) == begun
        (world.outside.after if after else world.outside.before)[number] = Crash()
        say(world)
        try:
            await world.settle()
        except Crash:
            world.start()
            await world.settle()
        assert world.ready() == ("True", "Promoted"), number
        assert [(a.number, a.approved_by) for a in world.status().history] == [(1, ["bob"])], number
        assert sorted(world.registry.writes) == sorted(whole.registry.writes), number
        world.promote(version=8)
        await world.settle()
        assert world.ready() == ("False", "ApprovalRequired"), f"an approval of another attempt counted, {number}"


async def test_killed_at_every_call_and_taken_back_meanwhile() -> None:
    """The operator is away while the approval is deleted: it is finished where the version had moved, else it waits."""
    whole = await asking()
    begun = len(whole.outside.calls)
    say(whole)
    await whole.settle()
    for number in range(begun, len(whole.outside.calls)):
        world = await asking()
        world.outside.after[number] = Crash()
        key = say(world)
        with pytest.raises(Crash):
            await world.settle()
        moved = world.registry.holders("Production") == ["7"]
        world.cluster.watch = lambda kind, obj, deleted: None
        world.cluster.remove(key)
        world.start()
        await world.settle()
        assert world.ready() == (("True", "Promoted") if moved else ("False", "ApprovalRequired")), number
        assert (world.registry.holders("Production") == ["7"]) == moved, number
