"""One look at a registry for all claims on it: which models have changed is seen in one list, and only those are read.

Measured with 1,000 models of 10 versions on PostgreSQL: the list of all models costs MLflow 0.27 s of CPU, reading each
of them 13 s.
"""

from collections.abc import Mapping

from mlflow_operator.clients.mlflow.registry import Registry
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import OperatorError, RegistryRefused
from mlflow_operator.promotion.snapshot import Mark
from mlflow_operator.reconcile.access import registry_at
from mlflow_operator.reconcile.objects import MODEL
from mlflow_operator.reconcile.promotions.grants import claims
from mlflow_operator.reconcile.promotions.model import tell, tell_if_lost, until_next, wake_failed
from mlflow_operator.reconcile.promotions.models import ModelWatch, RegistryWatch
from mlflow_operator.reconcile.world import World

_FEW = 10
"""Models that are asked for one by one as long as nobody knows how many there are."""
_WORTH = 24
"""So many models in a list of all cost MLflow as much as one that is asked for by itself: 0.27 ms to 6.5 ms."""
_AT_TIMES = 1800.0
"""Seconds after which a model is read although nothing seems to have changed."""


async def look(world: World, key: Key) -> float | None:
    """Look at all promoted models of a registry; the seconds until the next look, or None where there are none."""
    watch = world.models.on(key)
    claimed = {name: model for name, model in watch.models.items() if claims(world, _model(key, name))}
    world.models.keep(key, claimed)
    if not claimed:
        return None
    try:
        marks = await _marks(await registry_at(world, key), watch, claimed)
    except Exception as error:
        for name, model in claimed.items():
            model.unanswered(world.now())
            tell_if_lost(world, _model(key, name), model)
        if not isinstance(error, OperatorError):
            raise
        return until_next(world, error)
    for name, model in claimed.items():
        model.keep(claims(world, _model(key, name)))
        _compare(world, _model(key, name), model, marks.get(name))
    return world.settings.registry_poll


def _compare(world: World, key: Key, watch: ModelWatch, mark: Mark | None) -> None:
    """Read the model if its mark says so; else whoever failed on it may try again, since the registry answers."""
    fits = watch.answered(mark)
    if not fits or world.now() - watch.asked > _AT_TIMES:
        world.queue.add(key)
    else:
        tell(world, key)
        wake_failed(world, watch)


async def _marks(
    registry: Registry, watch: RegistryWatch, claimed: Mapping[str, ModelWatch]
) -> Mapping[str, Mark | None]:
    if _all_at_once(watch.registered, len(claimed)):
        found = await registry.survey()
        watch.registered = len(found)
        return found
    return {name: await _mark(registry, name) for name in claimed}


def _all_at_once(registered: int | None, claimed: int) -> bool:
    """Whether a list of all models costs less than asking for each that is claimed."""
    return claimed > _FEW if registered is None else registered <= _WORTH * claimed


async def _mark(registry: Registry, model: str) -> Mark | None:
    try:
        return await registry.mark(model)
    except RegistryRefused:
        return None  # reading the model says why


def _model(registry: Key, name: str) -> Key:
    return registry._replace(kind=MODEL, model=name)
