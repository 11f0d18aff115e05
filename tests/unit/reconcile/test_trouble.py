"""Trouble that lasts, and news that must not get lost between passes that run at the same time."""

import asyncio
import re
from dataclasses import replace
from typing import Any, cast

import pytest

from mlflow_operator.clients.mlflow.registry import Registry
from mlflow_operator.engine import outcome
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import ClusterUnavailable, RegistryRefused, RegistryUnavailable
from mlflow_operator.promotion.snapshot import ModelVersion
from mlflow_operator.reconcile.objects import PROMOTION
from mlflow_operator.reconcile.process import workers_of
from unit.reconcile.stage.fakes import Crash
from unit.reconcile.stage.simulation import REGISTRY_KEY, SERVER_KEY, Simulation, claim_key

DENIED = RegistryRefused("AccessDenied", "no")
AWAY = RegistryUnavailable("RegistryUnavailable", "no answer")
LOOKS = ("snapshot", "mark", "survey")


async def settled(*names: str, **spec: Any) -> Simulation:
    """A registry, and claims on it that are content: one on Production, or several on an alias each."""
    world = Simulation()
    world.registry.add(v6="Archived", v7="Staging")
    for name in names or ("fraud",):
        world.promote(name, **({"target": {"alias": name}} if names else {}), **spec)
    await world.settle()
    return world


async def test_writes_that_fail_for_long_are_tried_with_patience_and_told_once() -> None:
    """A registry that can be read and not written: no loop, and neither status nor Events flap from try to try."""
    world = Simulation()
    world.registry.add(v7="Staging")
    world.outside.broken["move"] = AWAY
    world.promote()
    await world.settle(rounds=10)
    assert world.ready() == ("Unknown", "RegistryUnavailable")
    assert (len(world.cluster.statuses), world.cluster.events) == (2, ["RegistryUnavailable"])
    world.outside.broken.clear()
    await world.settle()
    assert (world.ready(), [a.number for a in world.status().history]) == (("True", "Promoted"), [1])


async def test_news_that_came_during_a_pass_reaches_its_claim_too() -> None:
    """Another claim's look finds a foreign move while this one writes its status: it is looked at again."""
    world = await settled("fraud", "other")
    world.promote("fraud", requires={"signature": True})

    async def another_looks() -> None:
        world.registry.aliases |= {"fraud": "6", "other": "6"}
        watch, registry = world.world.models.watch(REGISTRY_KEY, "fraud"), cast("Registry", world.registry)
        await watch.read(registry, "fraud", aliases=True, now=world.seconds, sequence=world.world.store.sequence)

    world.outside.before[len(world.outside.calls)] = another_looks  # the first call is the new status
    await world.drain()
    assert {world.ready(name) for name in ("fraud", "other")} == {("False", "DriftDetected")}


async def test_recovery_that_one_claim_finds_is_told_to_all() -> None:
    """Credentials that work again are noticed by whoever looks first; the others do not wait for their resync."""
    world = await settled("fraud", "other")
    world.outside.broken |= dict.fromkeys(LOOKS, DENIED)
    for _ in range(4):
        await world.look()
    assert {world.ready(name) for name in ("fraud", "other")} == {("False", "AccessDenied")}
    world.outside.broken.clear()
    world.cluster.annotate(claim_key(), "somebody/was", "here")
    await world.drain()
    await world.look()
    assert {world.ready(name) for name in ("fraud", "other")} == {("True", "Promoted")}


async def test_a_claim_that_cannot_go_does_not_hide_the_model_from_the_others() -> None:
    """A finalizer of somebody else's keeps a deleted claim around: the model is looked at for the rest."""
    names = ("a", "b", "c", "d")
    for gone in names:
        world = await settled(*names)
        obj = world.cluster.objects[claim_key(gone)]
        obj["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["somebody/else"]}
        world.cluster.put(obj)
        await world.drain()
        world.registry.aliases |= dict.fromkeys(names, "6")
        await world.look()
        left = [name for name in names if name != gone]
        assert {world.ready(name) for name in left} == {("False", "DriftDetected")}, gone


async def test_only_claims_that_cannot_go_are_left() -> None:
    """Nobody is left who would want to know: the model is not looked at any more."""
    world = await settled()
    world.cluster.objects[claim_key()]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    world.cluster.put(world.cluster.objects[claim_key()])
    await world.settle()
    assert world.queue.later() == set()


async def test_nonsense_makes_claims_unsure_too() -> None:
    """Something that answers, but not as MLflow does, is no reason to believe that all is well."""
    world = await settled()
    world.outside.broken |= dict.fromkeys(LOOKS, KeyError("registered_model"))
    for _ in range(4):
        await world.look()
    assert world.ready() == ("False", "InternalError")
    world.outside.broken.clear()
    await world.look()
    assert world.ready() == ("True", "Promoted")


async def test_a_version_that_is_not_ready_is_waited_for_before_its_file_is_asked_for() -> None:
    """A required signature is not missing while the version is still being registered."""
    world = Simulation()
    world.registry.versions["7"] = ModelVersion("7", "None", "PENDING_REGISTRATION")
    world.promote(requires={"signature": True})
    await world.settle()
    assert world.ready() == ("False", "RegistrationPending")
    world.registry.versions["7"] = ModelVersion("7", "None", "READY")
    world.registry.signed.add("7")
    await world.settle()
    assert world.ready() == ("True", "Promoted")


async def test_a_version_that_was_registered_anew_is_asked_for_its_signature_again() -> None:
    """A model that is deleted and registered again starts from version 1, with other files."""
    world = Simulation()
    world.registry.versions["7"] = ModelVersion("7", "None", "READY", created=1)
    world.promote(requires={"signature": True})
    await world.settle()
    assert world.ready() == ("False", "SignatureMissing")
    world.registry.versions["7"] = replace(world.registry.versions["7"], created=2)
    world.registry.signed.add("7")
    await world.settle()
    assert world.ready() == ("True", "Promoted")


async def test_a_claim_made_again_under_way_inherits_nothing() -> None:
    """Deleted and created again while a pass is at it: the heir has an attempt of its own."""
    for number in range(8):
        world = Simulation()
        world.registry.add(v6="Production", v7="Staging")
        world.promote()

        def again(world: Simulation = world) -> None:
            world.cluster.remove(claim_key())
            world.promote(version=6)

        world.outside.before[number] = again
        await world.settle()
        assert (world.registry.holders("Production"), world.ready()) == (["6"], ("True", "Promoted")), number
        assert [(a.number, a.to_version) for a in world.status().history] == [(1, "6")], number


async def test_a_killed_process_leaves_drift_to_be_reported() -> None:
    """What somebody moved while no operator ran is found at the start, and not fought."""
    world = await settled()
    world.outside.before[len(world.outside.calls)] = Crash()
    world.registry.transition("6", "Production")
    world.start()
    try:
        await world.settle()
    except Crash:
        world.start()
    await world.settle()
    assert (world.ready(), world.registry.holders("Production")) == (("False", "DriftDetected"), ["6"])


async def test_an_object_that_went_while_its_status_was_written_is_not_remembered() -> None:
    """The answer to a write comes after the deletion that it did not know of."""
    for number in range(10):
        world = Simulation()
        world.registry.add(v7="Staging")
        world.promote()
        world.outside.after[number] = lambda world=world: world.cluster.remove(claim_key())  # type: ignore[misc]
        await world.settle()
        assert (world.world.store.keys(PROMOTION), world.queue.later()) == ([], set()), world.outside.calls


async def test_a_watch_that_is_late_makes_no_loop() -> None:
    """Whoever meets a Conflict again and again waits longer and longer for the change that it is about."""
    world = await settled()
    waits = []
    for _ in range(12):
        outcome.outdated(world.queue, claim_key(), there=True)
        waits.append(world.queue.seconds(claim_key()))
    assert waits[0] < 0.1
    assert waits[-1] > 30
    world.queue.elapse()
    await world.drain()
    outcome.outdated(world.queue, claim_key(), there=True)
    assert world.queue.seconds(claim_key()) < 0.1


async def test_claims_go_on_when_the_news_of_their_server_got_lost() -> None:
    """The server's status was written and the answer lost: the next pass over it wakes those who wait for it."""
    world = Simulation(server_ready=False)
    world.registry.add(v7="Staging")
    world.outside.broken["ping"] = AWAY
    world.promote()
    await world.drain()
    assert world.ready() == ("False", "ServerNotReady")
    world.outside.broken.clear()
    writes = (len(world.outside.calls), len(world.outside.calls) + 1)
    world.outside.after[writes[1]] = ClusterUnavailable("ClusterUnavailable", "lost")
    for _ in range(2):
        world.queue.add(SERVER_KEY)
        await world.drain()
    assert world.outside.calls[writes[0] : writes[1] + 1] == ["ping", "apply_status"]
    assert world.ready() == ("True", "Promoted")


async def test_the_traceback_of_something_unforeseen_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """Also where it comes after an outage; and not again while it stays the same."""
    world = Simulation()
    for error in (AWAY, KeyError("a"), KeyError("a"), ValueError("b")):
        outcome.failed(world.queue, claim_key(), error, resync=600)
    assert [record.exc_info is not None for record in caplog.records] == [False, True, False, True]


async def test_an_event_has_a_valid_name_whatever_its_claim_is_called() -> None:
    """The API server takes names of 253 characters with dots; what is generated from a part of one is a name too."""
    world = Simulation()
    world.registry.add(v7="Staging")
    name = f"{'a' * 199}.{'b' * 53}"
    world.promote(name)
    await world.drain()
    (generated,) = world.cluster.event_names
    assert all(re.fullmatch("[a-z0-9]([-a-z0-9]*[a-z0-9])?", part) for part in generated.split("."))


def told(world: Simulation, key: Key) -> tuple[str, str]:
    """Status and reason of an object's Ready."""
    conditions = world.cluster.objects[key]["status"]["conditions"]
    return next((c["status"], c["reason"]) for c in conditions if c["type"] == "Ready")


async def endless() -> None:
    """An answer that never comes."""
    await asyncio.Event().wait()


@pytest.mark.parametrize("key", [claim_key(), SERVER_KEY], ids=["promotion", "server"])
async def test_a_pass_that_was_given_up_is_told_in_its_object(key: Key) -> None:
    """Nobody has to read the operator's log; what was known stays, and the next pass that ends says what is true."""
    world = Simulation(server_ready=key != SERVER_KEY)
    world.registry.add(v7="Staging")
    world.promote()
    await world.settle()
    before = told(world, key)
    world.outside.before[len(world.outside.calls)] = endless
    if key != SERVER_KEY:
        world.promote(version=8)
    await workers_of(world.world, world.lists, deadline=0.01).run(key)
    assert told(world, key) == ("Unknown", "PassTimeout")
    world.registry.add(v8="Staging")
    await world.settle()
    assert told(world, key) == before
