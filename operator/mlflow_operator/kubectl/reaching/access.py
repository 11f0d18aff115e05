"""How a person reaches the MLflow of a server, and with which login."""

import os
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.clients.mlflow.registry import Access, Mlflow, Registry
from mlflow_operator.clients.tls import trusting, trusting_anybody
from mlflow_operator.desired import names
from mlflow_operator.desired.endpoint import Endpoint, endpoint
from mlflow_operator.desired.external import authorities, login, urls
from mlflow_operator.errors import ApiError, LeadershipLost
from mlflow_operator.kubectl.reaching.forward import forwarded
from mlflow_operator.kubectl.terminal.exits import UNKNOWN, USAGE, WRONG, Stop
from mlflow_operator.kubectl.terminal.person import Person
from mlflow_operator.kubectl.terminal.place import Place

CLUSTER_DOMAIN = "cluster.local"
"""Of Services' names, by which nobody outside of the cluster connects."""
_VARIABLES = "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"


def where(server: MLflowServer, workspace: str = "") -> Endpoint:
    """Where a server answers.

    Raises:
        Terminal: Its URL is none, or it is of another workspace.
    """
    return endpoint(server, CLUSTER_DOMAIN).within(workspace)


@asynccontextmanager
async def reached(
    person: Person, server: MLflowServer, place: Place, *, url: str | None = None, workspace: str = ""
) -> AsyncIterator[Registry]:
    """The registry of a server, to be read and not written.

    ``url`` is where the person reaches it. Else an external server is asked at its own URL, and one in the cluster by a
    port that is forwarded.

    Raises:
        OperatorError: It cannot be reached, or not with the logins that the person has.
    """
    at = where(server, workspace)
    if url:
        async with _asked(_given(url, at)) as registry:
            yield registry
    elif server.spec.external is not None:
        tls, headers = await _trust(person, server, at), await _login(person, server, at)
        async with _asked(Access(at.url, headers, at.workspace, tls)) as registry:
            yield registry
    else:
        target, port = f"service/{names.instance(server)}", server.spec.service.port
        headers = await _login(person, server, at)
        async with forwarded(place.flags(server.metadata.namespace), target, port) as local:
            # The API server and the kubelet lead to the pod of the Service, whatever name its certificate has.
            tls = trusting_anybody() if at.scheme == "https" else None
            access = Access(f"{at.scheme}://127.0.0.1:{local.port}{at.prefix}", headers, at.workspace, tls)
            async with _asked(access, proxies=False) as registry:
                yield registry


@asynccontextmanager
async def _asked(access: Access, *, proxies: bool = True) -> AsyncIterator[Registry]:
    async with Mlflow(guard=_never, proxies=proxies) as mlflow:
        yield mlflow.at(access)


def _never() -> None:
    raise LeadershipLost("WriteRefused", "this command reads MLflow and never writes to it")


def _given(url: str, at: Endpoint) -> Access:
    """A URL that the person has named, with the person's own login."""
    try:
        urls.parts(url)
    except ValueError as error:
        raise Stop(USAGE, "InvalidUrl", f"--url: {error}") from error
    return Access(url.rstrip("/"), headers=own_login(os.environ), workspace=at.workspace)


async def _login(person: Person, server: MLflowServer, at: Endpoint) -> tuple[tuple[str, str], ...]:
    """The header of the person's own login where it is for this server, else of the operator's, if the person may."""
    if is_for(os.environ, at.url) and (own := own_login(os.environ)):
        return own
    if at.credentials is None:
        return ()
    namespace, name = server.metadata.namespace, at.credentials.name
    try:
        secret = await person.get("Secret", namespace, name)
    except ApiError as error:
        message = f"you may not read Secret {name}, by which the operator logs in: set MLFLOW_TRACKING_URI={at.url} "
        raise Stop(UNKNOWN, "NoLogin", f"{message}and {_VARIABLES}") from error
    if secret is None:
        raise Stop(WRONG, "SecretNotFound", f"Secret {name} does not exist in namespace {namespace}; create it")
    if server.spec.external is not None:
        login.check_offer(secret, at.address)
    return (("Authorization", login.authorization(at.credentials, secret)),)


def own_login(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The header of the login that MLflow's own client takes from the environment; none where there is no login."""
    if token := environment.get("MLFLOW_TRACKING_TOKEN"):
        return (("Authorization", f"Bearer {token}"),)
    username, password = (environment.get(f"MLFLOW_TRACKING_{name}") for name in ("USERNAME", "PASSWORD"))
    if username and password:
        return (("Authorization", f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"),)
    return ()


def is_for(environment: Mapping[str, str], url: str) -> bool:
    """Whether the login of the environment is for this server: whoever writes an MLflowServer does not get others'."""
    try:
        mine, other = urls.parts(environment.get("MLFLOW_TRACKING_URI", "")), urls.parts(url)
    except ValueError:
        return False
    return mine[:2] == other[:2]


async def _trust(person: Person, server: MLflowServer, at: Endpoint) -> ssl.SSLContext | None:
    if at.authorities is None:
        return None
    reference = authorities.reference(at.authorities)
    found = await person.read(reference.kind, reference.name, server.metadata.namespace)
    try:
        return trusting(authorities.certificates(reference, found))
    except ValueError as error:
        raise authorities.unusable(reference, str(error)) from error


async def server_of(person: Person, namespace: str, name: str) -> MLflowServer:
    """The MLflowServer.

    Raises:
        OperatorError: It is not there, or may not or cannot be read.
    """
    try:
        return MLflowServer.parse(await person.read("MLflowServer", name, namespace))
    except ApiError as error:
        message = f"MLflowServer {name} of namespace {namespace} cannot be read: {error.message}"
        raise Stop(UNKNOWN, error.reason, message) from error
