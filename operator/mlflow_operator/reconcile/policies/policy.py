"""One pass over a PromotionPolicy: whether what it asks makes sense, by itself and beside the others."""

import asyncio

from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import Unreadable
from mlflow_operator.reconcile import objects, telemetry
from mlflow_operator.reconcile.objects import POLICY
from mlflow_operator.reconcile.publish import publish, publish_unreadable
from mlflow_operator.reconcile.world import World
from mlflow_operator.status.policy import compute

_DAY = 86400.0


async def reconcile(world: World, key: Key) -> float | None:
    """Say of one policy where it stands; the seconds to rest, or None where it is gone.

    Raises:
        Unreadable: Its spec is of another release; the status says so already.
    """
    try:
        policy = objects.policy(world.store, key.name)
    except Unreadable as error:
        await publish_unreadable(world, error)
        raise
    if policy is None:
        telemetry.show_ready(POLICY, "", key.name, None)
        return None
    others = [other for other in world.book.readable() if other.metadata.name != key.name]
    status = await asyncio.to_thread(compute, policy, others, world.clock())  # a year of windows takes its time
    await publish(world, policy, status)
    return _DAY  # it is woken by every change of any policy; time alone changes little
