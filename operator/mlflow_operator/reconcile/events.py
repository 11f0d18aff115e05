"""Something has changed in the cluster: what is kept of it, and whom it wakes."""

from typing import Any

from mlflow_operator.clients.cluster import without_managed_fields
from mlflow_operator.clients.kinds import OWN, REFERENCED
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Object, key_of
from mlflow_operator.reconcile.objects import owner_of, wish
from mlflow_operator.reconcile.world import World


def seen(world: World, kind: str, obj: dict[str, Any], *, deleted: bool) -> None:
    """A watch has brought an object: keep what has to be kept, and wake whom it concerns."""
    key = key_of(kind, obj)
    if kind in REFERENCED:
        # What a Secret holds is not kept: the passes that need it read it.
        world.logins.forget(key.namespace, key.name)
        for user in world.store.users(key):
            world.queue.add(user)
        return
    if deleted:
        wake(world, key)
        world.store.bury(key, obj)
    else:
        keep(world, kind, without_managed_fields(obj))


def keep(world: World, kind: str, obj: Object) -> bool:
    """An object has been seen: keep it, and wake whom it concerns; False where it was known.

    A watch may bring a status before the answer to its write has come. If that woke its object, then what fails again
    and again, and says so in the status, would be tried again at once.
    """
    key = key_of(kind, obj)
    before = world.store.get(*key[:3])
    if not world.store.put(kind, obj):
        return False
    if before is None or kind not in OWN or wish(before) != wish(obj):
        wake(world, key)
    return True


def wake(world: World, key: Key) -> None:
    """An object has changed: queue whatever depends on it. Called before a deletion leaves the store."""
    if key.kind in OWN:
        world.queue.add(key)
        return
    obj = world.store.get(*key[:3])
    if obj and (owner := owner_of(key.kind, obj)):
        world.queue.add(owner)
