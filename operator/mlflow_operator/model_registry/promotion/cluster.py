"""The Kubernetes API with the rights of whoever calls: the pod's, or those of the kubeconfig."""

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import aiohttp

from mlflow_operator.model_registry.deadline import Deadline
from mlflow_operator.model_registry.errors import (
    Conflict,
    Invalid,
    MissingExtra,
    NotFound,
    PermissionDenied,
    RegistryError,
    Unavailable,
)
from mlflow_operator.model_registry.promotion.claims import GROUP, REQUESTED_BY, ClaimName, Object

if TYPE_CHECKING:
    from kubernetes.aio import client as library

_MANAGER = "mlflow-model-registry"
_APPLY = "application/apply-patch+yaml; charset=utf-8"  # with the charset, kubernetes.aio leaves the body as it is
_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_LONGEST = 500
_PAGE = "500"
_BASE = f"/apis/{GROUP}/v1alpha1"
_BY_STATUS: Mapping[int, type[RegistryError]] = {
    401: PermissionDenied,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    400: Invalid,
    422: Invalid,
}


def is_configured(environ: Mapping[str, str]) -> bool:
    """Whether there is a cluster to ask: this is a pod, or there is a kubeconfig."""
    if environ.get("KUBERNETES_SERVICE_HOST"):
        return True
    named = [part for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    files = [Path(part) for part in named] or [Path.home() / ".kube" / "config"]
    return any(file.is_file() for file in files)


@asynccontextmanager
async def connected() -> AsyncIterator["Cluster"]:
    """The cluster, until it is left.

    Raises:
        MissingExtra: The package kubernetes is not installed.
        Unavailable: The kubeconfig cannot be used.
    """
    try:
        from kubernetes.aio import client, config  # noqa: PLC0415 - an extra, which not every reader has
    except ModuleNotFoundError:
        hint = 'pip install "mlflow-operator[cli]"'
        message = f"asking a claim in the cluster needs the package kubernetes, which is not installed: {hint}"
        raise MissingExtra(message) from None
    configuration, namespace = client.Configuration(), ""
    try:
        config.load_incluster_config(client_configuration=configuration)
        # The API server is never behind the proxy that injected variables mean for the world outside.
        configuration.client_session_kwargs = {"trust_env": False}
        namespace = _own_namespace()
    except config.ConfigException:
        try:
            # Named here, since the library has read the variable when it was imported.
            files = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
            await config.load_kube_config(files, client_configuration=configuration)
            namespace = config.list_kube_config_contexts(files)[1]["context"].get("namespace", "")
        except (config.ConfigException, KeyError, TypeError, ValueError, OSError) as error:
            raise Unavailable(f"the kubeconfig cannot be used: {type(error).__name__}; try kubectl with it") from error
    api = client.ApiClient(configuration)
    try:
        yield Cluster(api, namespace or "default")
    finally:
        await api.close()


class Cluster:
    """What is asked of the cluster.

    Every method raises ``Unavailable`` where there is no answer, and ``PermissionDenied`` where the caller may not.
    """

    def __init__(self, api: "library.ApiClient", namespace: str) -> None:
        self._api = api
        self.namespace = namespace
        """The caller's own."""

    async def claim(self, name: ClaimName, until: Deadline) -> Object | None:
        """A claim, or None where it does not exist."""
        return await self._get(_path("modelpromotions", name), until)

    async def server(self, name: ClaimName, until: Deadline) -> Object | None:
        """An MLflowServer, or None where it does not exist."""
        return await self._get(_path("mlflowservers", name), until)

    async def claims(self, model: str, until: Deadline) -> list[Object]:
        """The claims on a model, as far as the caller may list them."""
        return await self._everywhere("modelpromotions", f"spec.model={_escaped(model)}", until)

    async def servers(self, until: Deadline) -> list[Object]:
        """The MLflowServers, as far as the caller may list them."""
        return await self._everywhere("mlflowservers", "", until)

    async def apply(self, claim: Object, until: Deadline, *, force: bool) -> Object:
        """Server-side apply of some fields of a claim that is there.

        Raises:
            Conflict: Somebody else keeps one of them, or the claim is another one by now.
            Invalid: It is refused.
        """
        meta = claim["metadata"]
        query = {"fieldManager": _MANAGER, "force": str(force).lower()}
        path = f"{_path('modelpromotions', ClaimName(meta['namespace'], meta['name']))}?{urlencode(query)}"
        return await self._request("PATCH", path, until, claim, _APPLY)

    async def user(self, until: Deadline) -> str:
        """Who calls, as the API server knows them."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        answer = await self._request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", until, body)
        return str(answer["status"]["userInfo"]["username"])

    async def _everywhere(self, plural: str, selector: str, until: Deadline) -> list[Object]:
        """Objects of the whole cluster, or of the caller's namespace where that is all they may read."""
        try:
            return await self._list(f"{_BASE}/{plural}", selector, until)
        except PermissionDenied:
            return await self._list(f"{_BASE}/namespaces/{self.namespace}/{plural}", selector, until)

    async def _list(self, path: str, selector: str, until: Deadline) -> list[Object]:
        found: list[Object] = []
        query = {"fieldSelector": selector, "limit": _PAGE}
        while True:
            page = await self._request("GET", f"{path}?{urlencode(query)}", until)
            items, about = page.get("items"), page.get("metadata")
            if not isinstance(items, list) or not isinstance(about, dict):
                raise Unavailable("the Kubernetes API answered with no list; try kubectl with it")
            found += items
            query["continue"] = about.get("continue", "")
            if not query["continue"]:
                return found

    async def _get(self, path: str, until: Deadline) -> Object | None:
        try:
            return await self._request("GET", path, until)
        except NotFound:
            return None

    async def _request(
        self, method: str, path: str, until: Deadline, body: Object | None = None, content: str = "application/json"
    ) -> Object:
        headers = {"Content-Type": content, "Accept": "application/json", "User-Agent": _MANAGER}
        await self._api.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        data: Any = json.dumps(body).encode() if body and content == _APPLY else body
        url = self._api.configuration.host + path
        limit = aiohttp.ClientTimeout(total=max(until.left(), 0.001), connect=5)
        try:
            answer = await self._api.rest_client.request(
                method, url, headers=headers, body=data, _request_timeout=limit
            )
            raw = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"the Kubernetes API did not answer: {type(error).__name__}") from error
        return _understood(answer.status, raw)


def _understood(status: int, raw: bytes) -> Object:
    """An answer, which is an object always."""
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError):
        said = None
    if status == 404 and said is None:
        raise Unavailable("the Kubernetes API knows no claims: the operator is not installed in this cluster")
    if not isinstance(said, dict):
        raise Unavailable(f"the Kubernetes API answered {status}, and not with its JSON; try kubectl with it")
    if status >= 400:
        message = str(said.get("message", ""))[:_LONGEST]
        raise _BY_STATUS.get(status, Unavailable)(f"the Kubernetes API answered {status}: {message}")
    found: Object = said
    return found


def _own_namespace() -> str:
    return _NAMESPACE.read_text().strip() if _NAMESPACE.is_file() else ""


def about_who_asks(error: RegistryError) -> bool:
    """Whether a claim was refused since it does not say who asks."""
    return REQUESTED_BY in str(error)


def _path(plural: str, name: ClaimName) -> str:
    return f"{_BASE}/namespaces/{quote(name.namespace, safe='')}/{plural}/{quote(name.name, safe='')}"


def _escaped(value: str) -> str:
    r"""A value in a field selector, in which \ , and = have a meaning."""
    return "".join(f"\\{sign}" if sign in "\\,=" else sign for sign in value)
