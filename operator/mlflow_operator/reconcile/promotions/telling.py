"""Tells webhooks what has happened to a claim: what its status has as untold, as long as it has it.

The status is written by passes over the claim alone; they hear from here what was taken.
"""

import asyncio
import math
from collections import defaultdict
from collections.abc import Sequence

from mlflow_operator.api.gates.webhooks import Untold, Webhook
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import Unreadable
from mlflow_operator.promotion.webhooks.answers import Answer, Unanswered, in_words
from mlflow_operator.promotion.webhooks.messages import news
from mlflow_operator.promotion.webhooks.telling import Reports, is_over
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.objects import MESSAGES, PROMOTION
from mlflow_operator.reconcile.webhooks import send
from mlflow_operator.reconcile.world import World

_AT_ONCE = 3
"""Messages that a webhook gets in one pass."""


def see_to(world: World, claim: Key, untold: Sequence[Untold]) -> None:
    """See to it that webhooks are told: at once, or when it is worth another try."""
    ids = _open(untold)
    rest = world.mail.rest(ids, world.now())
    if world.mail.due(ids, world.now()):
        world.queue.add(claim._replace(kind=MESSAGES))
    elif rest < math.inf:
        world.queue.ensure(claim._replace(kind=MESSAGES), rest)


def reports(world: World, claim: ModelPromotion) -> Reports:
    """What has come of a claim's messages."""
    return world.mail.of((entry.id for entry in claim.status.untold), world.now())


async def deliver(world: World, key: Key) -> float | None:
    """Tell what is due; the seconds until something is, or None where nothing is left."""
    owner = key._replace(kind=PROMOTION)
    claim = _claim(world, owner)
    untold = claim.status.untold if claim else []
    ids = _open(untold)
    due, hooks = set(world.mail.due(ids, world.now())), {h.name: h for h in claim.spec.gates.listeners} if claim else {}
    todo: defaultdict[str, list[Untold]] = defaultdict(list)
    for entry in untold:
        if entry.id in due and entry.webhook in hooks:
            todo[entry.webhook].append(entry)
    if claim is None or not todo:
        return _rest(world, ids)
    told = await asyncio.gather(*(_tell(world, claim, hooks[name], entries) for name, entries in todo.items()))
    if any(told) or any(is_over(entry, world.clock()) for entries in todo.values() for entry in entries):
        world.queue.add(owner)
    return _rest(world, ids)


async def _tell(world: World, claim: ModelPromotion, hook: Webhook, entries: Sequence[Untold]) -> bool:
    """Tell one webhook, in the order in which it happened; whether there is anything that the status has to say.

    Where nobody answers, the other messages are not tried now: they would not be answered either.
    """
    said, silent = False, None
    for entry in entries[:_AT_ONCE]:
        answer = silent or await send(world, claim.metadata.namespace, hook, news(claim, entry))
        silent = answer if isinstance(answer, Unanswered) else None
        said = _learn(world, entry.id, answer) or said
    return said


def _learn(world: World, id_: str, answer: Answer | Unanswered) -> bool:
    if isinstance(answer, Answer) and answer.is_success:
        return world.mail.succeeded(id_, "", world.now())
    least = answer.after if isinstance(answer, Answer) else 0.0
    return world.mail.failed(id_, in_words(answer), world.now(), least=least)


def _open(untold: Sequence[Untold]) -> list[str]:
    return [entry.id for entry in untold if not entry.given_up]


def _rest(world: World, ids: Sequence[str]) -> float | None:
    rest = world.mail.rest(ids, world.now())
    return None if rest == math.inf else rest


def _claim(world: World, key: Key) -> ModelPromotion | None:
    try:
        return objects.promotion(world.store, key.namespace, key.name)
    except Unreadable:
        return None  # nobody knows where to
