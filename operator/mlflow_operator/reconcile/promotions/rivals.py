"""Which claims are on the same slots of the same registry, in whatever namespace: the store knows, nobody is asked."""

from collections.abc import Hashable, Iterator

from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Store
from mlflow_operator.promotion.conflict import Contender, contender, winner_over
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.promotions.grants import is_refused
from mlflow_operator.reconcile.world import World


def rival(world: World, claim: Key) -> Contender | None:
    """Another claim that has a slot of this one; passes on one model take turns, so it is the same until this one ends.

    A claim that begins to write says so in its status before it does, and who reads the store next sees that.
    """
    mine = _contender(world.store, claim)
    if mine is None:
        return None
    others = (_contender(world.store, key) for key in _of_registry(world, claim))
    return winner_over(mine, [other for other in others if other is not None])


def outdone(store: Store, claim: Key) -> Iterator[Key]:
    """The claims that wait for another one on a model of that name: whatever happens to this one may let them go on."""
    for model in store.places(claim, "name"):
        yield from objects.outdone(store, model.model) - {claim}


def _of_registry(world: World, claim: Key) -> Iterator[Key]:
    """The other claims on the model, by whichever MLflowServer they reach it."""
    for model in world.store.places(claim, "model"):
        registry = world.directory.registry(model)
        for key in objects.claims_by_name(world.store, model.model) - {claim}:
            theirs = world.store.places(key, "model")
            if registry is not None and any(_reaches(world, key, m) == registry for m in theirs):
                yield key


def _reaches(world: World, claim: Key, model: Key) -> Hashable | None:
    """The registry that a claim may write to; None where it may not."""
    refused = is_refused(world, claim, objects.server_of(model))
    return None if refused else world.directory.registry(model)


def _contender(store: Store, claim: Key) -> Contender | None:
    obj = store.get(*claim[:3])
    return contender(obj) if obj else None
