"""Which policies govern a claim now."""

from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.promotionpolicy import PromotionPolicy
from mlflow_operator.engine.queue import Key
from mlflow_operator.promotion.attempt import is_settled
from mlflow_operator.promotion.policies.governing import Circumstances, asks_for_labels, governs
from mlflow_operator.reconcile.namespaces import labels_of
from mlflow_operator.reconcile.objects import SERVER
from mlflow_operator.reconcile.world import World


async def governing(world: World, claim: ModelPromotion) -> tuple[PromotionPolicy, ...]:
    """The policies that govern a claim, by name.

    Raises:
        Terminal: A policy cannot be read.
        ClusterUnavailable, ApiError: The labels of the claim's namespace, which decide, cannot be read.
    """
    every = _readable(world, claim)
    asked = any(asks_for_labels(policy.spec.governs, claim) for policy in every)
    labels = await labels_of(world, claim.metadata.namespace) if asked else {}
    at = Circumstances(labels, _servers(world, claim, every))
    return tuple(policy for policy in every if governs(policy, claim, at))


def depend_on_labels(world: World, claim: ModelPromotion) -> bool:
    """Whether labels of the claim's namespace, which nobody watches, decide which policies govern it."""
    return any(asks_for_labels(policy.spec.governs, claim) for policy in _readable(world, claim))


def _readable(world: World, claim: ModelPromotion) -> list[PromotionPolicy]:
    """All policies; of a claim that is settled nothing is asked, so the rest will do where one is not."""
    return world.book.readable() if is_settled(claim) else world.book.policies()


def _servers(world: World, claim: ModelPromotion, every: list[PromotionPolicy]) -> frozenset[tuple[str, str]]:
    """Those that policies name and that reach the claim's MLflow: another address of an object is no way around."""
    here = world.directory.mlflow(Key(SERVER, claim.server_namespace, claim.spec.server_ref.name))
    named = {(server.namespace, server.name) for policy in every for server in policy.spec.governs.servers}
    return frozenset(pair for pair in named if world.directory.mlflow(Key(SERVER, *pair)) == here)
