"""How a server is reached: its URL, and the credentials of an external one."""

import base64
from collections.abc import Mapping

from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.serving import External, ExternalCredentials
from mlflow_operator.clients.registry import Access, Registry
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import Waiting
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.world import World


async def registry_of(world: World, at: Key, *, ready: bool = False) -> Registry:
    """The registry of a server; ``ready``: only if the server is.

    Raises:
        Waiting: There is no such server, or it is not ready; a change of the server wakes its claims.
    """
    namespace, name = at.namespace, at.name
    server = objects.server(world.store, namespace, name)
    if server is None:
        message = f"MLflowServer {name} does not exist in namespace {namespace}; create it, or correct spec.serverRef"
        raise Waiting("ServerNotFound", message, after=world.settings.resync)
    if ready and not serves(server):
        raise Waiting("ServerNotReady", f"MLflowServer {name} is not ready yet", after=world.settings.resync)
    return world.mlflow.at(await access(world, server))


def serves(server: MLflowServer) -> bool:
    """Whether the server answered when it was last asked."""
    return any(c.type == "ServerReady" and c.status == "True" for c in server.status.conditions)


async def access(world: World, server: MLflowServer) -> Access:
    """Where a server is, with the credentials as they are now: a rotated Secret needs no restart.

    Raises:
        Waiting: The Secret, or a key in it, is missing.
    """
    external = server.spec.external
    headers = await _headers(world, server, external) if external else ()
    return Access(desired.url(server, world.settings.cluster_domain), headers)


async def _headers(world: World, server: MLflowServer, external: External) -> tuple[tuple[str, str], ...]:
    ref = external.credentials_secret_ref
    if ref is None:
        return ()
    secret = await world.cluster.get("Secret", server.metadata.namespace, ref.name)
    if secret is None:
        raise Waiting("SecretNotFound", f"Secret {ref.name} does not exist in namespace {server.metadata.namespace}")
    return (("Authorization", _authorization(ref, secret.get("data", {}))),)


def _authorization(ref: ExternalCredentials, data: Mapping[str, str]) -> str:
    if ref.token_key in data:
        return f"Bearer {base64.b64decode(data[ref.token_key]).decode().strip()}"
    missing = [key for key in (ref.username_key, ref.password_key) if key not in data]
    if missing:
        expected = f"{ref.token_key}, or {ref.username_key} and {ref.password_key}"
        raise Waiting("SecretKeyNotFound", f"Secret {ref.name} has no key {', '.join(missing)}; expected {expected}")
    pair = base64.b64decode(data[ref.username_key]) + b":" + base64.b64decode(data[ref.password_key])
    return f"Basic {base64.b64encode(pair).decode()}"
