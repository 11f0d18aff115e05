"""How a server is reached: its URL and the operator's login, and of an external one authorities and workspace too."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.clients.mlflow.registry import Access, Registry
from mlflow_operator.clients.tls import trusting
from mlflow_operator.clients.webhooks.addresses import is_refused
from mlflow_operator.desired.external import authorities, login, urls
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import OperatorError, Terminal, Waiting
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.certificates import readable
from mlflow_operator.reconcile.world import World

_ADVICE = (
    "Secret {secret} of spec.tls has to hold a certificate for {host} that is valid now, with its authority in ca.crt "
    "or in spec.tls.caBundle; pods serve a new one within two minutes"
)


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
    way = Access(where.url, workspace=where.workspace, tls=await _trust(world, namespace, where))
    if where.certificate is not None:
        way = replace(way, advice=_ADVICE.format(secret=where.certificate, host=where.address.host))
    if ref is None:
        return way
    forget = partial(world.logins.forget, namespace, ref.name)
    try:
        secret = await _read(world, "Secret", namespace, ref.name)
        if server.spec.external is not None:
            login.check_offer(secret, where.address)
        headers = (("Authorization", login.authorization(ref, secret)),)
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


async def _trust(world: World, namespace: str, where: desired.Endpoint) -> ssl.SSLContext | None:
    """Whom to trust beside the public authorities, and beside what was trusted a moment ago.

    A certificate that is renewed reaches the pods a minute or two after its Secret.
    """
    references = authorities.trusted(where.authorities, where.certificate)
    pem = ""
    for reference in references:
        pem += readable(reference, await _read(world, reference.kind, namespace, reference.name)) + "\n"
    return trusting(world.renewals.with_former((namespace, where.url), pem)) if references else None


async def _read(world: World, kind: str, namespace: str, name: str) -> Mapping[str, Any]:
    found = await world.logins.read(kind, namespace, name, world.cluster.get)
    if found is None:
        raise Waiting(f"{kind}NotFound", f"{kind} {name} does not exist in namespace {namespace}; create it")
    return found
