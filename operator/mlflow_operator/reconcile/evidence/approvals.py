"""What people have said about a claim: as the watch has brought it, and as it is before anything is written."""

import logging
from collections.abc import Iterable

from mlflow_operator.api.promotionapproval import PromotionApproval
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Object
from mlflow_operator.errors import Unreadable
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.objects import APPROVAL
from mlflow_operator.reconcile.world import World

log = logging.getLogger(__name__)


async def said(world: World, claim: Key, *, anew: bool) -> tuple[PromotionApproval, ...]:
    """Everything that people have said about a claim of this name; ``anew``: as the API server has it in this moment.

    A watch may be late, and an approval that was taken back must not be written on.

    Raises:
        ClusterUnavailable, ApiError: It cannot be asked.
    """
    if not anew:
        return _readable(objects.decisions(world.store, claim))
    fields = f"spec.promotionRef.name={claim.name}"
    return _readable(await world.cluster.list(APPROVAL, claim.namespace, fields=fields))


def _readable(found: Iterable[Object]) -> tuple[PromotionApproval, ...]:
    """Those that can be read and are not on their way out, in whatever order they were found."""
    approvals = []
    for obj in found:
        if obj["metadata"].get("deletionTimestamp"):
            continue
        try:
            approvals.append(PromotionApproval.parse(obj))
        except Unreadable as error:  # of a newer release; what it means nobody knows here
            log.warning("%s %s does not count: %s", APPROVAL, obj["metadata"]["name"], error)
    return tuple(approvals)
