"""The engine with the passes in it: what is listed, and which function looks at which kind of key."""

import random
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from mlflow_operator.clients.kinds import CHILDREN, CLUSTERWIDE, DECISIONS, LISTED, own_of
from mlflow_operator.desired import names
from mlflow_operator.engine.lists import Lists
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.workers import DEADLINE, STUCK, Workers
from mlflow_operator.reconcile import events, given_up
from mlflow_operator.reconcile.evidence.collect import collect
from mlflow_operator.reconcile.evidence.webhooks import inquire
from mlflow_operator.reconcile.objects import (
    EVIDENCE,
    INQUIRY,
    MESSAGES,
    MODEL,
    POLICY,
    PROMOTION,
    REGISTRY,
    SERVER,
    is_at_rest,
)
from mlflow_operator.reconcile.policies import policy
from mlflow_operator.reconcile.promotions import look, model, promotion, telling
from mlflow_operator.reconcile.servers import server
from mlflow_operator.reconcile.world import World

PASSES: Mapping[str, Callable[[World, Key], Awaitable[float | None]]] = {
    SERVER: server.reconcile,
    PROMOTION: promotion.reconcile,
    POLICY: policy.reconcile,
    REGISTRY: look.look,
    MODEL: model.poll,
    EVIDENCE: collect,
    INQUIRY: inquire,
    MESSAGES: telling.deliver,
}

MANAGED = f"{names.MANAGED_BY_LABEL}={names.MANAGER}"
"""Label selector of what servers consist of."""


def begin(world: World) -> None:
    """What has to be done by a process that begins to work: first whatever has not come to rest.

    What is ready is looked at too, but not before what somebody has just applied: spread over the time in which drift
    would be noticed anyway.
    """
    world.forget()
    world.queue.clear()
    for key in (key for kind in own_of(world.settings.policies) for key in world.store.keys(kind)):
        if is_at_rest(world.store.get(*key[:3]) or {}):
            world.queue.add_after(key, random.uniform(0, world.settings.registry_poll))  # noqa: S311
        else:
            world.queue.add(key)


def lists_of(world: World) -> Lists:
    """What finds what a watch has missed."""
    return Lists(
        world.cluster,
        world.store,
        {
            **dict.fromkeys((*own_of(world.settings.policies), *DECISIONS), ""),
            **dict.fromkeys((*CHILDREN, *LISTED), MANAGED),
        },
        world.settings.namespaces,
        keep=partial(events.keep, world),
        wake=partial(events.wake, world),
        clusterwide=CLUSTERWIDE,
        unwatched=LISTED,
    )


def workers_of(world: World, lists: Lists, *, deadline: float = DEADLINE, stuck: float = STUCK) -> Workers:
    """The workers of a process."""
    settings = world.settings
    passes = {kind: partial(pass_, world) for kind, pass_ in PASSES.items()}
    return Workers(
        world.queue,
        lists,
        passes,
        count=settings.workers,
        resync=settings.resync,
        tell=partial(given_up.tell, world),
        deadline=deadline,
        stuck=stuck,
    )
