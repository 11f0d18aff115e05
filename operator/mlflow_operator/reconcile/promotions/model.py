"""One look at a registered model for all its claims: wakes them only when something has changed."""

import logging

from mlflow_operator.clients.mlflow.registry import Registry
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import OperatorError, Unavailable
from mlflow_operator.promotion.snapshot import Snapshot
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.access import registry_at
from mlflow_operator.reconcile.objects import registry_of
from mlflow_operator.reconcile.promotions.grants import claims
from mlflow_operator.reconcile.promotions.models import ModelWatch
from mlflow_operator.reconcile.world import World

log = logging.getLogger(__name__)

_PATIENCE = 3
"""Polls in a row without an answer until settled claims are no longer sure of their slots."""


async def poll(world: World, key: Key) -> float | None:
    """Look at the model; the seconds until the next look, or None where nobody waits for one in particular."""
    if not claims(world, key):
        return None
    watch = world.models.watch(registry_of(key), key.model)
    try:
        registry = await registry_at(world, registry_of(key))
        await read(world, registry, key)
    except Exception as error:
        tell_if_lost(world, key, watch)
        if not isinstance(error, OperatorError):
            raise
        return until_next(world, error)
    tell(world, key)
    wake_failed(world, watch)
    rest = watch.rest(world.now())
    return None if rest is None else min(rest, world.settings.registry_poll)


def until_next(world: World, error: OperatorError) -> float:
    """Seconds until the next look after one without an answer: no sooner than usual, or than MLflow asked for."""
    after = error.after if isinstance(error, Unavailable) else 0.0
    return max(world.settings.registry_poll, after)


async def read(world: World, registry: Registry, key: Key) -> Snapshot:
    """Read a model now, with its aliases where a claim is on one; the caller has the turn."""
    watch = world.models.watch(registry_of(key), key.model)
    aliases = objects.has_aliases(world.store, key) or world.book.knows_aliases()
    return await watch.read(registry, key.model, aliases=aliases, now=world.now(), sequence=world.store.sequence)


def tell(world: World, model: Key, *, but: Key | None = None) -> None:
    """Wake the claims on a model if there is news of it."""
    watch = world.models.watch(registry_of(model), model.model)
    if watch.news:
        for claim in objects.claims(world.store, model) - {but}:
            world.queue.add(claim)
    watch.news = False


def tell_if_lost(world: World, model: Key, watch: ModelWatch) -> None:
    """Wake the claims on a model when nobody has been able to look at it for too long."""
    if watch.lose(world.now(), _PATIENCE * world.settings.registry_poll):
        log.warning("model %s: no answer for long", model, extra={"object": str(model)})
        tell(world, model)


def wake_failed(world: World, watch: ModelWatch) -> None:
    """The registry answers: let the claims try again that have met an error of it."""
    for claim in watch.failed:
        world.queue.add(claim)
