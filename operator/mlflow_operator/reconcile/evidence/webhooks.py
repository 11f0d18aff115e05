"""Asks webhooks for their answers: in passes of their own, so that one that is slow holds up no question to MLflow."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace

from mlflow_operator.api.gates.gates import GateResult
from mlflow_operator.engine.queue import Key
from mlflow_operator.promotion.evidence import Reply
from mlflow_operator.promotion.facts import Facts, questions
from mlflow_operator.promotion.gates.webhooks import Inquiry
from mlflow_operator.promotion.webhooks.answers import read
from mlflow_operator.reconcile.evidence.collect import facts_of, found_out, standing
from mlflow_operator.reconcile.objects import INQUIRY, PROMOTION
from mlflow_operator.reconcile.webhooks import send
from mlflow_operator.reconcile.world import World

_NEGATIVE, _POSITIVE = 60.0, 600.0
"""Seconds until an answer is asked for again: where it is in the way, and where it is not."""
_VALID = 900.0
"""Seconds for which an answer is good enough to be written on; it is asked for again well before they are over."""


def key_of(claim: Key) -> Key:
    """The key of what a claim asks webhooks."""
    return claim._replace(kind=INQUIRY)


def replies(world: World, facts: Facts, *, anew: bool) -> dict[str, Reply]:
    """What was answered to what a claim asks; ``anew``: as far as something may be written on it."""
    return world.replies.of(questions(facts), world.now(), within=_VALID if anew else math.inf)


def ask_for(world: World, claim: Key, inquiries: Sequence[Inquiry]) -> None:
    """See to it that webhooks are asked: at once, or when their answers are due."""
    ids = [inquiry.known_by for inquiry in inquiries]
    if world.replies.due(ids, world.now()):
        world.queue.add(key_of(claim))
    elif ids:
        world.queue.ensure(key_of(claim), world.replies.rest(ids, world.now()))


async def inquire(world: World, key: Key) -> float | None:
    """Ask what is due; the seconds until something is, or None where nothing is asked any more."""
    owner = key._replace(kind=PROMOTION)
    inquiries = {inquiry.known_by: inquiry for inquiry in await _inquiries(world, owner)}
    if not inquiries:
        return None
    due = [inquiries[id_] for id_ in world.replies.due(inquiries, world.now())]
    answers = await asyncio.gather(*(send(world, key.namespace, each.webhook, each.message) for each in due))
    news = [_learn(world, inquiry.known_by, read(answer)) for inquiry, answer in zip(due, answers, strict=True)]
    if any(news):
        world.queue.add(owner)
    return world.replies.rest(inquiries, world.now())


def _learn(world: World, id_: str, reply: Reply) -> bool:
    """Remember an answer; whether it is another one than before."""
    if reply.result is GateResult.ERROR:
        return world.replies.failed(id_, reply, world.now(), least=reply.after or 0.0)
    again = _POSITIVE if reply.result is GateResult.PASSED else reply.after or _NEGATIVE
    return world.replies.succeeded(id_, reply, world.now(), again=again)


async def _inquiries(world: World, owner: Key) -> Sequence[Inquiry]:
    """What a claim asks, by what is known of it at this moment, without asking MLflow or a webhook."""
    found = standing(world, owner)
    facts = await facts_of(world, found) if found else None
    if found is None or facts is None:
        return ()
    evidence = found_out(owner, facts, found.watch)
    return replace(facts, evidence=replace(evidence, replies=replies(world, facts, anew=False))).inquiries
