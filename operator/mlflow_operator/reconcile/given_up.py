"""A pass that did not end in time: its object says so, and not the log alone."""

from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import OperatorError
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.objects import PROMOTION, SERVER
from mlflow_operator.reconcile.publish import publish
from mlflow_operator.reconcile.world import World
from mlflow_operator.status import promotion, server
from mlflow_operator.status.seen import Seen


async def tell(world: World, key: Key, error: OperatorError) -> None:
    """Write into an object's status why its pass was given up; all that is known of it stays.

    Raises:
        OperatorError: Nothing was written, since the object cannot be read, has changed, or the API does not answer.
    """
    place, now = (key.namespace, key.name), world.clock()
    if key.kind == PROMOTION and (claim := objects.promotion(world.store, *place)):
        await publish(world, claim, promotion.compute_failed(claim, error, now))
    if key.kind == SERVER and (found := objects.server(world.store, *place)):
        await publish(world, found, server.compute(found, Seen(), error, now))
