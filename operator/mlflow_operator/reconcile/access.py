"""How a server is reached: its URL, and of an external one the credentials, the authorities and the workspace."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.serving import CaBundle, ExternalCredentials
from mlflow_operator.clients.mlflow.registry import Access, Registry
from mlflow_operator.clients.tls import trusting
from mlflow_operator.clients.webhooks.addresses import is_refused
from mlflow_operator.desired.external import authorities, login, urls
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import OperatorError, Terminal, Waiting
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.world import World


async def registry_at(world: World, at: Key, *, ready: bool = False) -> Registry:
    """The registry of a key of kind REGISTRY; ``ready``: only if its server is.

    Raises:
        Waiting: There is no such server, or it is not ready; a change of the server wakes its claims.
        Terminal: The server cannot be reached as it is described, or is of another workspace.
    """
    namespace, name = at.namespace, at.name
    server = objects.server(world.store, namespace, name)
    if server is None:
        message = f"MLflowServer {name} does not exist in namespace {namespace}; create it, or correct spec.serverRef"
        raise Waiting("ServerNotFound", message, after=world.settings.resync)
    if ready and not serves(server):
        raise Waiting("ServerNotReady", f"MLflowServer {name} is not ready yet", after=world.settings.resync)
    way = await access(world, server, at.workspace)
    world.models.on(at).be(way.registry)
    return world.mlflow.at(way)


def serves(server: MLflowServer) -> bool:
    """Whether the server answered when it was last asked."""
    return any(c.type == "ServerReady" and c.status == "True" for c in server.status.conditions)


async def access(world: World, server: MLflowServer, workspace: str = "") -> Access:
    """The way to a server, with the credentials as they are now: a rotated Secret needs no restart.

    Raises:
        Waiting: The Secret or the bundle, or a key in it, is missing.
        Terminal: The URL is none or is not allowed, the Secret is not offered to it or cannot be sent, or the bundle
            is none.
    """
    where = desired.endpoint(server, world.settings.cluster_domain).within(workspace)
    if server.spec.external is not None:
        _check_host(where.address, world.settings.external_hosts)
    namespace, ref = server.metadata.namespace, where.credentials
    way = Access(where.url, workspace=where.workspace, tls=await _trust(world, namespace, where.authorities))
    if ref is None:
        return way
    forget = partial(world.logins.forget, namespace, ref.name)
    try:
        headers = (("Authorization", await _authorization(world, namespace, ref, where.address)),)
    except OperatorError:
        forget()
        raise
    return replace(way, headers=headers, denied=forget)


def _check_host(where: urls.Address, hosts: Sequence[str]) -> None:
    """Whether a server elsewhere may be asked; each address is looked at again when a connection is made."""
    if hosts and not where.fits(hosts):
        message = f"spec.external.url leads to {where}; this operator talks to {', '.join(hosts)}: use one of them, or "
        raise Terminal("HostNotAllowed", message + "have MLFLOW_OPERATOR_EXTERNAL_HOSTS extended by who runs it")
    if is_refused(where.host, hosts):
        message = f"spec.external.url leads to {where.host}, a link-local or metadata address; correct it"
        raise Terminal("AddressNotAllowed", message)


async def _authorization(world: World, namespace: str, ref: ExternalCredentials, where: urls.Address) -> str:
    secret = await _read(world, "Secret", namespace, ref.name)
    login.check_offer(secret, where)
    return login.authorization(ref, secret)


async def _trust(world: World, namespace: str, bundle: CaBundle | None) -> ssl.SSLContext | None:
    if bundle is None:
        return None
    where = authorities.reference(bundle)
    pem = authorities.certificates(where, await _read(world, where.kind, namespace, where.name))
    try:
        return trusting(pem)
    except ValueError as error:
        raise authorities.unusable(where, str(error)) from error


async def _read(world: World, kind: str, namespace: str, name: str) -> Mapping[str, Any]:
    found = await world.logins.read(kind, namespace, name, world.cluster.get)
    if found is None:
        raise Waiting(f"{kind}NotFound", f"{kind} {name} does not exist in namespace {namespace}; create it")
    return found
