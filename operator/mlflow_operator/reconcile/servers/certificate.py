"""The certificate of a server's pods, as its Secret has it: what they serve now, or within two minutes."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import Reference, names
from mlflow_operator.desired.external import authorities
from mlflow_operator.desired.external.lifetime import Lifetime, lifetime
from mlflow_operator.desired.server.encryption import CERTIFICATE
from mlflow_operator.errors import OperatorError
from mlflow_operator.reconcile import telemetry
from mlflow_operator.reconcile.world import World


async def measured(world: World, server: MLflowServer) -> Lifetime | None:
    """From when until when it counts, which the metrics say too; None where there is none, or none that can be read."""
    found = await _read(world, server)
    place = (server.metadata.namespace, server.metadata.name)
    telemetry.show_certificate(*place, found.ends.timestamp() if found else None)
    return found


async def _read(world: World, server: MLflowServer) -> Lifetime | None:
    name = names.certificate_secret(server)
    if name is None:
        return None
    try:
        secret = await world.logins.read("Secret", server.metadata.namespace, name, world.cluster.get)
        where = Reference("Secret", name, frozenset({CERTIFICATE}))
        return lifetime(authorities.certificates(where, secret)) if secret else None
    except (OperatorError, ValueError):
        return None  # who relies on it says what is wrong with it
