"""Webhooks that are told something, on a real API server and MLflow: at least once, whoever is killed or away."""

import random
import time

import pytest

from cluster.host import waiting
from cluster.plane.audit import AuditLog
from cluster.services.operator_process import USER, OperatorProcess
from cluster.services.receiver import Receiver
from cluster.services.registry import Registry
from cluster.services.team import Object, Team, condition, has_reason

pytestmark = pytest.mark.integration

QUIET_SECONDS = 40.0
KILLS = 6


def hooks(receiver: Receiver) -> Object:
    """One that hears of everything, and one that hears of the end, signed with the team's key."""
    ref = {"secretRef": {"name": "cab"}}
    chat = {"name": "chat", "type": "Event", "url": receiver.url("chat"), **ref}
    return {"webhooks": [chat, {"name": "catalogue", "type": "Post", "url": receiver.url("catalogue"), **ref}]}


def types(receiver: Receiver, path: str) -> list[str]:
    """What one of them has heard."""
    return [message.content["type"].removeprefix("promotion.") for message in receiver.of(path)]


def all_told(obj: Object) -> bool:
    """Whether nothing is left to be told."""
    return condition(obj, "Told").get("status") == "True" and not obj["status"].get("untold")


def test_what_happens_is_told_and_signed(signing: Team, receiver: Receiver, registry: Registry, model: str) -> None:
    """Refusals, promotions and drift, as they happen on a real registry."""
    gates = hooks(receiver)
    bad = {"metrics": [{"name": "auc", "metric": "auc", "min": 0.9}]}
    signing.promote("fraud", model, 7, gates={**gates, **bad})
    signing.until("modelpromotion", "fraud", has_reason("GateFailed"))
    signing.promote("fraud", model, 7, gates={**gates, "metrics": []})
    signing.ready("modelpromotion", "fraud")
    registry.move(model, "5", "Production")
    signing.until("modelpromotion", "fraud", has_reason("DriftDetected"))
    signing.until("modelpromotion", "fraud", all_told)
    assert types(receiver, "chat") == ["refused", "began", "promoted", "drifted"]
    assert types(receiver, "catalogue") == ["promoted"]
    assert all(message.is_believed for message in receiver.received)
    refused, *_, drifted = (message.content["data"] for message in receiver.of("chat"))
    assert (refused["reason"], refused["model"], refused["version"]) == ("GateFailed", model, "7")
    assert (drifted["fromVersion"], drifted["version"]) == ("5", "7")


def test_who_is_away_holds_nobody_up_and_hears_it_later(
    signing: Team, receiver: Receiver, registry: Registry, model: str, audit: AuditLog
) -> None:
    """The version is promoted at once; the claim says who has not taken what, and writes nothing while he is away."""
    receiver.answers = {"chat": (503, {}), "catalogue": (503, {})}
    signing.promote("fraud", model, 7, gates=hooks(receiver))
    signing.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["7"]
    lost = signing.until("modelpromotion", "fraud", lambda o: "it answered 503" in condition(o, "Told")["message"])
    assert condition(lost, "Told")["reason"] == "TellingPending"
    time.sleep(5)
    mark, asked = audit.mark(), len(receiver.received)
    time.sleep(QUIET_SECONDS)
    assert len(receiver.received) > asked
    assert audit.writes(mark, USER, signing.namespace).total() == 0
    receiver.answers.clear()
    signing.until("modelpromotion", "fraud", all_told, seconds=120)
    assert len({message.id for message in receiver.received}) == 3


def test_killed_at_any_moment_nothing_is_lost(
    signing: Team, receiver: Receiver, registry: Registry, model: str, operator: OperatorProcess
) -> None:
    """A kill -9 between apply and the last message: each version's end is told to both, under one id each."""
    chance = random.Random(20261130)
    for number in range(KILLS):
        version = str(number + 1)
        signing.promote("fraud", model, version, gates=hooks(receiver))
        time.sleep(chance.random() * 0.25)
        operator.kill()
        operator.start()
        signing.ready("modelpromotion", "fraud")
        signing.until("modelpromotion", "fraud", all_told, seconds=60)
        assert registry.holders(model, "Production") == [version]
    for path in ("chat", "catalogue"):
        ends = [m for m in receiver.of(path) if m.content["type"] == "promotion.promoted"]
        assert {m.content["data"]["attempt"] for m in ends} == set(range(1, KILLS + 1)), path
        assert len({m.id for m in ends}) == KILLS, path


def test_a_webhook_that_never_answers_holds_up_no_other(
    signing: Team, receiver: Receiver, model: str, operator: OperatorProcess
) -> None:
    """One claim's chat takes half a minute for each message: another claim's is told meanwhile."""
    receiver.delay = 20.0
    slow = {"name": "chat", "type": "Event", "url": receiver.url("slow"), "timeout": "30s"}
    signing.promote("slow", model, 5, target={"alias": "slow"}, gates={"webhooks": [slow]})
    signing.ready("modelpromotion", "slow")
    waiting.until(lambda: bool(receiver.of("slow")), what="the slow one", seconds=20)
    receiver.delay = 0.0
    signing.promote("fraud", model, 7, gates=hooks(receiver))
    signing.until("modelpromotion", "fraud", all_told, seconds=15)
