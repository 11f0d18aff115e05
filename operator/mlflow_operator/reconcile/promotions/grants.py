"""Whether a claim may refer to an MLflowServer of another namespace; where labels decide, they are read."""

from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import Terminal
from mlflow_operator.promotion.permission import is_allowed
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.namespaces import labels_of
from mlflow_operator.reconcile.world import World


async def check(world: World, claim: Key, server: Key) -> None:
    """Whether the server takes the claim now; the answer does not tell whether there is such a server.

    Raises:
        Terminal: RefNotPermitted.
        ClusterUnavailable, ApiError: The namespace cannot be read.
    """
    if _by_labels(world, claim, server):
        await labels_of(world, claim.namespace)
    if is_refused(world, claim, server):
        message = (
            f"spec.serverRef is of namespace {server.namespace}, and there is no MLflowServer {server.name} there that "
            f"takes claims of namespace {claim.namespace}; its owner sets spec.promotions.allowedNamespaces"
        )
        error = Terminal("RefNotPermitted", message)
        error.after = world.settings.registry_poll  # the labels may have changed
        raise error


def is_refused(world: World, claim: Key, server: Key) -> bool:
    """Whether a claim is known to be refused; before its first pass that may be unknown, and is not held against it."""
    if claim.namespace == server.namespace:
        return False
    _, labels = world.labels.get(claim.namespace, (0.0, None))
    return is_allowed(world.directory.entry(server).allowed, labels) is False


def claims(world: World, model: Key) -> set[Key]:
    """The claims for whose sake a model is looked at."""
    server = objects.server_of(model)
    return {claim for claim in objects.claims(world.store, model) if not is_refused(world, claim, server)}


def rest(world: World, claim: Key, server: Key) -> float:
    """Seconds until a claim is looked at again: soon where labels of its namespace, which nobody watches, decide."""
    return world.settings.registry_poll if _by_labels(world, claim, server) else world.settings.resync


def _by_labels(world: World, claim: Key, server: Key) -> bool:
    other = claim.namespace != server.namespace
    return other and world.directory.entry(server).allowed.selector is not None
