"""Something has changed in the cluster: what is kept of it, and whom it wakes."""

from collections.abc import Iterable
from typing import Any

from mlflow_operator.clients.cluster import without_managed_fields
from mlflow_operator.clients.kinds import DECISIONS, OWN, REFERENCED
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Change, Object, key_of
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.objects import EVIDENCE, POLICY, PROMOTION, SERVER
from mlflow_operator.reconcile.promotions.rivals import outdone
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
        concerned = _concerned(world, key)
        if world.store.bury(kind, obj):
            _add(world, concerned)
    elif world.store.put(kind, without_managed_fields(obj)) is Change.NEWS:
        wake(world, key)


def keep(world: World, kind: str, obj: Object, asked: int) -> bool:
    """A list has found an object: keep it, and wake whom it concerns; False where it was known."""
    change = world.store.learn(kind, without_managed_fields(obj), asked)
    if change is Change.NEWS:
        wake(world, key_of(kind, obj))
    return change is not Change.NONE


def wake(world: World, key: Key) -> None:
    """An object has changed: queue whatever depends on it. Called before a deletion leaves the store."""
    _add(world, _concerned(world, key))


def _concerned(world: World, key: Key) -> list[Key]:
    """Whoever depends on an object: what has a slot, or may lose it, holds up others."""
    if key.kind not in OWN:
        # The Job of a claim says something to its evidence, and that to the claim.
        concerned = world.store.places(key, "about" if key.kind in DECISIONS else "owner")
        jobs_ = key.kind == "Job"
        return [each._replace(kind=EVIDENCE) if jobs_ and each.kind == PROMOTION else each for each in concerned]
    if key.kind == POLICY:
        return [*objects.policies(world.store), *objects.waiting(world.store)]
    claims = objects.claims_on(world.store, key) if key.kind == SERVER else {key}
    guests = [claim for claim in claims if claim.namespace != key.namespace]  # they may not be welcome any more
    return [key, *guests, *(other for claim in claims for other in outdone(world.store, claim))]


def _add(world: World, keys: Iterable[Key]) -> None:
    for key in keys:
        world.queue.add(key)
