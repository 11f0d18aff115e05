"""Webhooks that are told something: nothing gets lost, nobody is held up, and no write while nothing changes."""

import json
from datetime import timedelta
from typing import Any

import pytest

from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import RegistryUnavailable
from mlflow_operator.promotion.webhooks.answers import Answer, Unanswered
from mlflow_operator.reconcile.lanes import lanes_of
from mlflow_operator.reconcile.objects import INQUIRY, MESSAGES
from mlflow_operator.reconcile.promotions import telling
from unit.reconcile.stage.fakes import Crash
from unit.reconcile.stage.simulation import SERVER_KEY, Simulation, claim_key

CHAT_URL, CATALOGUE_URL = "https://chat.example.com", "https://catalogue.example.com"
CHAT = {"name": "chat", "type": "Event", "url": CHAT_URL}
CATALOGUE = {"name": "catalogue", "type": "Post", "url": CATALOGUE_URL}
TOLD: dict[str, Any] = {"gates": {"webhooks": [CHAT, CATALOGUE]}}
MESSAGES_KEY = Key(MESSAGES, "team", "fraud")
DOWN = Answer(503)


def begun(answer: Answer | Unanswered | None = None) -> Simulation:
    """Version 6 in Production, version 7 in Staging, and two webhooks."""
    world = Simulation()
    world.registry.add(None, v6="Production", v7="Staging")
    if answer is not None:
        world.receiver.answers = {CHAT_URL: answer, CATALOGUE_URL: answer}
    return world


def heard(world: Simulation) -> list[tuple[str, str]]:
    """Where what has arrived, in order."""
    return [(r.url, r.content["type"].removeprefix("promotion.")) for r in world.receiver.received]


def condition(world: Simulation) -> tuple[str, str]:
    """What the claim says of it."""
    return next((c.status, c.reason) for c in world.status().conditions if c.type == "Told")


async def later(world: Simulation, seconds: float) -> None:
    """Time goes by, and what is due is done."""
    world.seconds += seconds
    world.moment += timedelta(seconds=seconds)
    await world.settle(1)


async def test_everybody_hears_what_he_wants_to_and_nothing_is_left() -> None:
    """The catalogue the end, the chat the beginning too; each message once."""
    world = begun()
    world.promote(**TOLD)
    await world.settle()
    assert world.ready() == ("True", "Promoted")
    assert sorted(heard(world)) == [(CATALOGUE_URL, "promoted"), (CHAT_URL, "began"), (CHAT_URL, "promoted")]
    assert heard(world).index((CHAT_URL, "began")) < heard(world).index((CHAT_URL, "promoted"))
    assert (world.status().untold, condition(world)) == ([], ("True", "AllTold"))
    assert MESSAGES_KEY not in world.queue.later()


async def test_who_does_not_take_it_holds_nobody_up() -> None:
    """The version is promoted, and the claim is ready; what was not taken says why."""
    world = begun(DOWN)
    world.promote(**TOLD)
    await world.settle()
    assert (world.ready(), condition(world)) == (("True", "Promoted"), ("False", "TellingPending"))
    assert {entry.error for entry in world.status().untold} == {"it answered 503"}
    ids = {entry.id for entry in world.status().untold}
    world.receiver.answers.clear()
    await later(world, 700)
    assert (world.status().untold, condition(world)) == ([], ("True", "AllTold"))
    assert {r.headers["webhook-id"] for r in world.receiver.received} == ids


async def test_what_is_sent_again_is_the_same() -> None:
    """Byte by byte, under the same id: a receiver can tell."""
    world = begun(DOWN)
    world.promote(**TOLD)
    await world.settle()
    await later(world, 700)
    contents: dict[str, set[str]] = {}
    for received in world.receiver.received:
        contents.setdefault(received.headers["webhook-id"], set()).add(json.dumps(received.content))
    assert len(world.receiver.received) > len(contents) == 3
    assert {len(found) for found in contents.values()} == {1}


async def test_waiting_for_somebody_who_is_away_costs_no_write() -> None:
    """It is tried less and less often, and the status says the same."""
    world = begun(DOWN)
    world.promote(**TOLD)
    await world.settle()
    written = len(world.cluster.statuses)
    tries = []
    for _ in range(8):
        before = len(world.receiver.received)
        await later(world, 120)
        tries.append(len(world.receiver.received) - before)
    assert len(world.cluster.statuses) == written
    assert sum(tries[4:]) < sum(tries[:4])


async def test_who_asks_to_be_left_alone_is() -> None:
    """As long as he says, whatever wakes the claim."""
    world = begun(Answer(429, after=3000))
    world.promote(**TOLD)
    await world.settle()
    asked = len(world.receiver.received)
    for _ in range(3):
        await later(world, 600)
    assert len(world.receiver.received) == asked
    await later(world, 2000)
    assert len(world.receiver.received) > asked


async def test_after_a_day_it_is_given_up_and_costs_nothing_more() -> None:
    """The claim says so, until the webhook takes something again."""
    world = begun(DOWN)
    world.promote(**TOLD)
    await world.settle()
    await later(world, 86400)
    await later(world, 700)
    assert condition(world) == ("False", "TellingGivenUp")
    assert all(entry.given_up for entry in world.status().untold)
    asked, written = len(world.receiver.received), len(world.cluster.statuses)
    await later(world, 86400)
    await later(world, 86400)
    assert (len(world.receiver.received), len(world.cluster.statuses)) == (asked, written)
    world.receiver.answers.clear()
    world.registry.add(None, v8="Staging")
    world.promote(version=8)
    await world.settle()
    assert (world.ready(), world.status().untold, condition(world)) == (("True", "Promoted"), [], ("True", "AllTold"))


async def test_after_a_restart_what_is_left_is_told_before_it_is_given_up() -> None:
    """The operator was away for two days: it is tried once more."""
    world = begun(DOWN)
    world.promote(**TOLD)
    await world.settle()
    world.receiver.answers.clear()
    world.moment += timedelta(days=2)
    world.start()
    await world.settle()
    assert (world.status().untold, condition(world)) == ([], ("True", "AllTold"))


async def test_who_never_answers_takes_the_time_of_one_message() -> None:
    """The others would not be answered either; the other webhook gets its own."""
    world = begun()
    world.receiver.answers[CHAT_URL] = Unanswered("chat.example.com:443 did not answer")
    world.promote(**TOLD)
    await world.settle(0)
    assert (CATALOGUE_URL, "promoted") in heard(world)
    pending = len(world.status().untold)
    asked = len([url for url, _ in heard(world) if url == CHAT_URL])
    await later(world, 700)
    assert pending == 2
    assert len([url for url, _ in heard(world) if url == CHAT_URL]) - asked <= 2


async def test_it_is_told_while_mlflow_is_away() -> None:
    """And what was taken goes from the status all the same."""
    world = begun(DOWN)
    world.promote(**TOLD)
    await world.settle()
    world.outside.broken = {
        name: RegistryUnavailable("RegistryUnavailable", "no") for name in ("survey", "mark", "snapshot")
    }
    for _ in range(5):
        await world.look()
        world.seconds += 60
    assert world.ready()[0] == "Unknown"
    world.receiver.answers.clear()
    await later(world, 700)
    assert (world.status().untold, condition(world)) == ([], ("True", "AllTold"))


async def test_it_is_told_when_the_server_is_gone() -> None:
    """A message does not need what it is about."""
    world = begun(DOWN)
    world.promote(**TOLD)
    await world.settle()
    world.cluster.remove(SERVER_KEY)
    world.receiver.answers.clear()
    await later(world, 700)
    assert world.status().untold == []


async def test_a_claim_that_is_gone_tells_nothing_more() -> None:
    """Nobody knows it any more."""
    world = begun(DOWN)
    world.promote(**TOLD)
    await world.settle()
    world.cluster.remove(claim_key())
    await world.drain()
    asked = len(world.receiver.received)
    await later(world, 700)
    await later(world, 700)
    assert (len(world.receiver.received), MESSAGES_KEY in world.queue.later()) == (asked, False)


async def killed_at(number: int, *, after: bool) -> Simulation:
    """A claim whose process dies at one of its calls, and the next one, to the end."""
    world = begun()
    (world.outside.after if after else world.outside.before)[number] = Crash()
    world.promote(**TOLD)
    try:
        await world.settle()
    except Crash:
        world.start()
        await world.settle()
    return world


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_nothing_is_lost_by_a_process_that_dies_at_any_call(after: bool) -> None:
    """Each message arrives at least once, and where it arrives twice it has the same id."""
    whole = await killed_at(10_000, after=after)
    wanted = {(CATALOGUE_URL, "promoted"), (CHAT_URL, "began"), (CHAT_URL, "promoted")}
    for number in range(len(whole.outside.calls)):
        world = await killed_at(number, after=after)
        assert (world.ready(), world.status().untold) == (("True", "Promoted"), []), number
        assert set(heard(world)) == wanted, number
        ids = {(r.url, r.content["type"]): r.headers["webhook-id"] for r in world.receiver.received}
        assert {r.headers["webhook-id"] for r in world.receiver.received} == set(ids.values()), number


async def test_messages_take_no_turn() -> None:
    """They are in the lanes of webhooks."""
    world = begun()
    world.promote(**TOLD)
    lanes = lanes_of(world.world.store, world.world.settings)
    assert lanes(MESSAGES_KEY) == lanes(Key(INQUIRY, "team", "fraud"))


async def test_a_webhook_gets_its_messages_a_few_at_a_time() -> None:
    """One with many of them takes no pass beyond its deadline."""
    world = begun(DOWN)
    world.promote(**TOLD)
    await world.settle()
    world.receiver.answers.clear()
    untold = [entry for entry in world.status().untold if entry.webhook == "chat"]
    many = [untold[0].model_copy(update={"id": f"msg_{n}"}).wire() for n in range(9)]
    obj = world.cluster.objects[claim_key()]
    world.world.store.put(
        "ModelPromotion",
        {
            **obj,
            "status": {**obj["status"], "untold": many},
            "metadata": {**obj["metadata"], "resourceVersion": "9999"},
        },
    )
    before = len(world.receiver.received)
    rest = await telling.deliver(world.world, MESSAGES_KEY)
    assert (len(world.receiver.received) - before, rest) == (3, 0.0)
