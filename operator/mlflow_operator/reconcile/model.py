"""One look at a registered model for all its claims: wakes them only when something has changed."""

import logging

from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Store
from mlflow_operator.errors import OperatorError
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.access import registry_for
from mlflow_operator.reconcile.models import PATIENCE, ModelWatch
from mlflow_operator.reconcile.world import World

log = logging.getLogger(__name__)

_EAGER = 6
"""How much more often a model is looked at while a claim waits for something in the registry."""


async def poll(world: World, key: Key) -> float | None:
    """Look at the model; the seconds until the next look, or None where no claim is left.

    A look without an answer is not retried sooner: a server that restarts should not make its claims unsure.
    """
    claims, watch = objects.claims(world.store, key), world.models.watch(key)
    if not claims:
        return None if world.models.drop(key) else world.settings.registry_poll
    try:
        await _look(world, key, watch)
    except Exception as error:
        watch.failures += 1
        if watch.failures == PATIENCE:
            log.warning("model %s: no answer %d times: %s", key, PATIENCE, error, extra={"object": str(key)})
            watch.news = True
        if not isinstance(error, OperatorError):
            raise
    finally:
        tell(world, key)
    return world.settings.registry_poll / (_EAGER if _somebody_waits(world.store, claims) else 1)


def tell(world: World, model: Key, *, but: Key | None = None) -> None:
    """Wake the claims on a model if there is news of it."""
    watch = world.models.watch(model)
    if watch.news:
        for claim in objects.claims(world.store, model) - {but}:
            world.queue.add(claim)
    watch.news = False


async def _look(world: World, key: Key, watch: ModelWatch) -> None:
    claim = objects.promotion(world.store, *next(iter(objects.claims(world.store, key)))[1:3])
    if claim is None:
        return
    registry = await registry_for(world, claim, ready=False)
    registry.check()
    async with watch.turn:
        await watch.read(registry, key.model)


def _somebody_waits(store: Store, claims: set[Key]) -> bool:
    found = (store.get(*claim[:3]) or {} for claim in claims)
    return any(obj.get("status", {}).get("phase") == "Waiting" for obj in found)
