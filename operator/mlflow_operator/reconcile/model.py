"""One look at a registered model for all its claims: wakes them only when something has changed."""

from mlflow_operator.errors import RegistryUnavailable, Waiting
from mlflow_operator.reconcile.access import registry_for
from mlflow_operator.reconcile.models import ModelWatch
from mlflow_operator.reconcile.queue import Key
from mlflow_operator.reconcile.store import Store
from mlflow_operator.reconcile.world import World

_PATIENCE = 3
_EAGER = 6
"""How much more often a model is looked at while a claim waits for something in the registry."""


async def poll(world: World, key: Key) -> float | None:
    """Look at the model; the seconds until the next look, or None where no claim is left.

    Raises:
        RegistryUnavailable: Nobody answered; the claims are told when that goes on.
    """
    claims = world.store.claims(key)
    if not claims:
        world.models.drop(key)
        return None
    watch = world.models.watch(key)
    interval = world.settings.registry_poll / (_EAGER if _somebody_waits(world.store, claims) else 1)
    try:
        changed = await _look(world, key, watch)
    except Waiting:
        return interval  # no server to ask: its own changes wake the claims
    except RegistryUnavailable:
        watch.failures += 1
        if watch.failures == _PATIENCE:
            _wake(world, claims)
        raise
    if changed:
        _wake(world, claims)
    return interval


async def _look(world: World, key: Key, watch: ModelWatch) -> bool:
    claim = world.store.promotion(*next(iter(world.store.claims(key)))[1:3])
    if claim is None:
        return False
    registry = await registry_for(world, claim, ready=False)
    async with watch.turn:
        before, recovered = watch.snapshot, watch.failures >= _PATIENCE
        return await watch.read(registry, key.model) != before or recovered


def _wake(world: World, claims: set[Key]) -> None:
    for claim in claims:
        world.queue.add(claim)


def _somebody_waits(store: Store, claims: set[Key]) -> bool:
    found = (store.get(*claim[:3]) or {} for claim in claims)
    return any(obj.get("status", {}).get("phase") == "Waiting" for obj in found)
