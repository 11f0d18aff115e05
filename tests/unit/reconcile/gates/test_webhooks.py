"""Webhooks in the passes: who is asked when, what it costs, and that nothing is written on an answer that has aged."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mlflow_operator.engine.queue import Key
from mlflow_operator.promotion.webhooks.answers import Answer, Unanswered
from mlflow_operator.reconcile.lanes import lanes_of
from mlflow_operator.reconcile.objects import EVIDENCE, INQUIRY
from unit.reconcile.stage.fakes import Crash
from unit.reconcile.stage.simulation import Simulation, claim_key

CAB_URL = "https://cab.example.com/confirm"
CAB: dict[str, Any] = {"name": "cab", "type": "Confirm", "url": CAB_URL}
ASKED: dict[str, Any] = {"gates": {"webhooks": [CAB]}}
INQUIRY_KEY = Key(INQUIRY, "team", "fraud")
# It is 3:04:05 on the second of January.
OPENS: dict[str, Any] = {"windows": {"allow": [{"cron": "0 4 * * *", "duration": "1h"}]}}


def said(result: str, **more: Any) -> Answer:
    """An answer of 200."""
    return Answer(200, json.dumps({"result": result, **more}).encode())


def begun(answer: Answer | Unanswered | None = None) -> Simulation:
    """Version 6 in Production, version 7 in Staging, and a webhook."""
    world = Simulation()
    world.registry.add(None, v6="Production", v7="Staging")
    world.registry.runs = {"run-7": {"auc": 0.95}}
    if answer is not None:
        world.receiver.answers[CAB_URL] = answer
    return world


async def later(world: Simulation, seconds: float) -> None:
    """Time goes by, and what is due is done."""
    world.seconds += seconds
    await world.settle(1)


async def test_what_is_confirmed_is_promoted() -> None:
    """It is asked once, before anything is written, and the answer stays in the status."""
    world = begun(said("Passed", message="change 42"))
    world.promote(**ASKED)
    await world.settle()
    assert world.ready() == ("True", "Promoted")
    assert world.outside.calls.index("webhook") < world.outside.calls.index("move")
    assert [r.content["data"]["version"] for r in world.receiver.received] == ["7"]
    assert [(g.type, g.result, g.observed) for g in world.status().gates] == [("Webhook", "Passed", "change 42")]
    assert INQUIRY_KEY not in world.queue.later()


async def test_what_is_not_confirmed_stays_where_it_is_and_costs_no_write() -> None:
    """It is asked again each minute; the status says the same, and is not written."""
    world = begun(said("Failed", message="freeze"))
    world.promote(**ASKED)
    await world.settle()
    assert (world.ready(), world.registry.writes) == (("False", "GateFailed"), [])
    written, before = len(world.cluster.statuses), len(world.receiver.received)
    for _ in range(3):
        await later(world, 61)
    assert (len(world.cluster.statuses), len(world.receiver.received)) == (written, before + 3)
    world.receiver.answers.clear()
    await later(world, 61)
    assert world.ready() == ("True", "Promoted")


async def test_the_same_question_has_the_same_id() -> None:
    """Asked again, about the same: a receiver knows it; about another version it is another one."""
    world = begun(said("Waiting"))
    world.promote(**ASKED)
    await world.settle()
    await later(world, 31)
    world.registry.add(None, v8="Staging")
    world.promote(version=8)
    await world.settle()
    ids = [received.headers["webhook-id"] for received in world.receiver.received]
    assert (len(ids) >= 3, len(set(ids)), len(set(ids[:2]))) == (True, 2, 1)


async def test_who_waits_is_asked_when_it_says() -> None:
    """And not before; the claim says what is waited for, and is not written again."""
    world = begun(said("Waiting", message="nobody has looked", retryAfter=300))
    world.promote(**ASKED)
    await world.settle(1)
    assert world.ready() == ("False", "ConfirmationPending")
    assert world.cluster.events == ["ConfirmationPending"]
    assert 260 < world.queue.seconds(INQUIRY_KEY) < 340
    asked, written = len(world.receiver.received), len(world.cluster.statuses)
    await later(world, 200)
    assert len(world.receiver.received) == asked
    await later(world, 150)
    assert (len(world.receiver.received), len(world.cluster.statuses)) == (asked + 1, written)


async def test_who_does_not_answer_is_asked_less_and_less_often() -> None:
    """After seconds at first, and after minutes in the end; one that asks to be left alone is left alone."""
    world = begun(Answer(503))
    world.promote(**ASKED)
    await world.drain()
    assert world.ready() == ("False", "GateError")
    waits = []
    for _ in range(9):
        waits.append(world.queue.seconds(INQUIRY_KEY))
        await later(world, waits[-1] * 1.2)
    assert (waits[0] < 7, waits[:7] == sorted(waits[:7]), 500 < waits[-1] < 700) == (True, True, True), waits
    world.receiver.answers[CAB_URL] = Answer(429, after=3000)
    await later(world, 700)
    assert world.queue.seconds(INQUIRY_KEY) > 2500
    assert world.registry.writes == []


async def test_nobody_is_asked_about_what_is_refused_anyway() -> None:
    """Metrics come first; when they are good enough, people are asked."""
    world = begun()
    gates = {"metrics": [{"name": "auc", "metric": "auc", "min": 0.99}], "webhooks": [CAB]}
    world.promote(gates=gates)
    await world.settle()
    assert (world.ready(), world.receiver.received) == (("False", "GateFailed"), [])
    world.registry.runs["run-7"] = {"auc": 0.995}
    await later(world, 61)
    assert (world.ready(), len(world.receiver.received)) == (("True", "Promoted"), 1)


async def test_an_answer_that_has_aged_is_asked_again_before_the_write() -> None:
    """The window opens an hour later: what was said then is not written on, but what is said now."""
    world = begun()
    world.promote(gates={"webhooks": [CAB], **OPENS})
    await world.drain()
    assert (world.ready(), len(world.receiver.received)) == (("False", "WindowClosed"), 1)
    world.receiver.answers[CAB_URL] = said("Failed", message="freeze")
    world.moment += timedelta(hours=1)
    world.seconds += 3600
    world.queue.add(claim_key())
    await world.drain()
    assert (world.ready(), world.registry.writes) == (("False", "GateFailed"), [])


async def test_a_closed_window_keeps_the_answer_young_without_a_write() -> None:
    """It is asked every ten minutes, for nothing else, and costs no write."""
    world = begun()
    world.promote(gates={"webhooks": [CAB], **OPENS})
    await world.settle()
    written = len(world.cluster.statuses)
    for _ in range(3):
        await later(world, 610)
    assert (len(world.cluster.statuses), len(world.receiver.received)) == (written, 4)


async def test_a_restart_asks_again_and_writes_nothing() -> None:
    """Whatever was answered."""
    for answer in (said("Failed"), said("Waiting", message="who?"), Unanswered("no answer")):
        world = begun(answer)
        world.promote(**ASKED)
        await world.settle()
        written, asked = len(world.cluster.statuses), len(world.receiver.received)
        world.start()
        await world.settle(1)
        assert len(world.cluster.statuses) == written, answer
        assert len(world.receiver.received) > asked


async def test_an_answer_about_another_holder_does_not_count() -> None:
    """Somebody moves another version into the slot after the answer: it is asked about that one."""
    world = begun()
    world.registry.add(None, v5="None")
    world.promote(**ASKED)
    answered = await first_call(begun(), "webhook")
    world.outside.after[answered] = lambda: world.registry.transition("5", "Production")
    await world.settle()
    assert [r.content["data"]["fromVersion"] for r in world.receiver.received] == ["6", "5"]
    assert world.ready() == ("True", "Promoted")


async def first_call(world: Simulation, name: str) -> int:
    """The number of the first call of a name."""
    world.promote(**ASKED)
    await world.settle()
    return world.outside.calls.index(name)


async def test_a_slow_webhook_holds_up_no_model_no_mlflow_and_few_workers() -> None:
    """What is asked elsewhere is in lanes of its own: an eighth of the workers for a team, a quarter for all."""
    world = begun()
    world.promote(**ASKED)
    lanes = lanes_of(world.world.store, world.world.settings)
    others = {lane for key in (claim_key(), Key(EVIDENCE, "team", "fraud")) for lane, _ in lanes(key)}
    assert not others & {lane for lane, _ in lanes(INQUIRY_KEY)}
    assert [room for _, room in lanes(INQUIRY_KEY)] == [2, 4]
    assert lanes(INQUIRY_KEY)[0] != lanes(INQUIRY_KEY._replace(namespace="other"))[0]
    assert lanes(INQUIRY_KEY)[1] == lanes(INQUIRY_KEY._replace(namespace="other"))[1]


async def test_a_claim_that_is_gone_or_changed_asks_nothing_more() -> None:
    """Nobody is asked for ever about what nobody wants any more."""
    for change in ("gone", "without", "suspended"):
        world = begun(said("Waiting"))
        world.promote(**ASKED)
        await world.settle(1)
        if change == "gone":
            world.cluster.remove(claim_key())
        else:
            world.promote(**({"gates": {}, "dryRun": True} if change == "without" else {"suspend": True}))
        await world.drain()
        asked = len(world.receiver.received)
        await later(world, 100)
        await later(world, 100)
        assert (len(world.receiver.received), INQUIRY_KEY in world.queue.later()) == (asked, False), change


async def test_whose_slot_it_is_not_asks_nobody() -> None:
    """Another claim has the slot."""
    world = begun()
    world.promote("first", version=7)
    await world.settle()
    world.promote(**ASKED)
    await world.settle()
    assert (world.ready(), world.receiver.received) == (("False", "Conflict"), [])


ALL: dict[str, Any] = {
    "gates": {"metrics": [{"name": "auc", "metric": "auc", "min": 0.9}], "webhooks": [CAB, {**CAB, "name": "legal"}]}
}


async def killed_at(number: int, *, after: bool) -> Simulation:
    """A claim that is confirmed twice, whose process dies at one of its calls, and the next one, to the end."""
    world = begun()
    (world.outside.after if after else world.outside.before)[number] = Crash()
    world.promote(**ALL)
    try:
        await world.settle()
    except Crash:
        world.start()
        await world.settle()
    return world


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_process_that_dies_at_any_call_is_followed_by_one_that_ends_it(after: bool) -> None:
    """The version arrives once, confirmed by both, and both were asked about this very attempt."""
    whole = await killed_at(10_000, after=after)
    for number in range(len(whole.outside.calls)):
        world = await killed_at(number, after=after)
        assert (world.ready(), world.registry.holders("Production")) == (("True", "Promoted"), ["7"]), number
        assert [gate.result for gate in world.status().gates] == ["Passed"] * 3
        assert [attempt.number for attempt in world.status().history] == [1]
        assert len({r.headers["webhook-id"] for r in world.receiver.received}) == 2
        assert {r.content["data"]["attempt"] for r in world.receiver.received} == {1}


async def test_an_attempt_that_comes_after_another_is_confirmed_anew() -> None:
    """The same version, back into the same slot: the yes of then is not one of today."""
    world = begun()
    world.registry.add(None, v5="None")
    world.promote(**ASKED)
    await world.settle()
    world.registry.transition("5", "Production")
    await world.look()
    world.receiver.answers[CAB_URL] = said("Failed", message="not again")
    world.cluster.annotate(claim_key(), "mlflow.talentflow.ai/reassert", "1")
    await world.settle()
    assert world.ready() == ("False", "GateFailed")
    assert [r.content["data"]["attempt"] for r in world.receiver.received][:2] == [1, 2]


async def test_a_version_registered_anew_is_confirmed_anew() -> None:
    """The number alone is no answer."""
    world = begun(said("Waiting"))
    world.promote(**ASKED)
    await world.settle(1)
    world.registry.versions["7"] = replace(world.registry.versions["7"], created=99)
    world.registry.transition("7", "Staging")
    world.receiver.answers.clear()
    await world.look()
    ids = [r.headers["webhook-id"] for r in world.receiver.received]
    assert (world.ready(), len(set(ids))) == (("True", "Promoted"), 2)
