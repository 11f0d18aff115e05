"""The Kubernetes API with plain dicts: server-side apply, and nothing that needs a merge.

kubernetes.aio brings the configuration, TLS, the token's rotation and the connection pool. Its typed models stay out:
they raise on an unexpected answer after the write has succeeded.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio import client, config

from mlflow_operator.api.resource import Resource
from mlflow_operator.api.schema import API_VERSION
from mlflow_operator.clients.kinds import KINDS
from mlflow_operator.errors import ApiError, ClusterUnavailable, Conflict, NotFound

FIELD_MANAGER = "mlflow-operator"
_APPLY = "application/apply-patch+yaml; charset=utf-8"  # with the charset, kubernetes.aio leaves the body as it is
_PAGE = 500
_PROPAGATION = {"Job": "Foreground"}
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What YAML refuses or takes for the end of a line, and JSON has as it is."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNTYPED = "failed to create typed patch object"
"""How a server-side apply of an unknown field or a wrong type is refused, under 500 as if the server were broken."""
_NO_DRY_RUN = "does not support dry run"
"""How the API server refuses one where an admission webhook has side effects."""
_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)

Object = dict[str, Any]

Guard = Callable[[], None]
"""Raises where this process must not write."""


class Cluster:
    """The operator's hands in the cluster.

    Every method raises ``ClusterUnavailable`` when the API does not answer, and ``ApiError`` when it refuses; each that
    writes raises what the guard does.
    """

    def __init__(
        self, api: client.ApiClient, guard: Guard = lambda: None, headers: Mapping[str, str] | None = None
    ) -> None:
        """``guard`` is called before each write, and raises where this process must not.

        ``headers`` go with each request: who asks, where that is not the operator.
        """
        self._api = api
        self._guard = guard
        self._headers = {"User-Agent": FIELD_MANAGER, **(headers or {})}

    @classmethod
    async def connect(cls, connections: int = 100) -> Self:
        """With the pod's own token where there is one, else with the kubeconfig."""
        configuration = client.Configuration()
        try:
            config.load_incluster_config(client_configuration=configuration)
        except config.ConfigException:
            await config.load_kube_config(client_configuration=configuration)
        configuration.connection_pool_maxsize = connections
        # The API server is never behind the proxy that injected variables mean for the world outside, and their
        # exceptions, as Python reads them, cannot name its range of addresses. A kubeconfig's proxy-url stays.
        configuration.client_session_kwargs = {"trust_env": False}
        return cls(client.ApiClient(configuration))

    def guarded(self, guard: Guard) -> Self:
        """The same cluster over the same connections, with a guard before each write."""
        return type(self)(self._api, guard, self._headers)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object, or None where it does not exist."""
        try:
            return await self._request("GET", KINDS[kind].path(namespace, name))
        except NotFound:
            return None

    async def serves(self, kind: str) -> bool:
        """Whether the cluster has a kind that is installed by others."""
        place = KINDS[kind]
        try:
            found = await self._request("GET", f"/apis/{place.api_version}")
        except NotFound:
            return False
        return any(resource["name"] == place.plural for resource in found["resources"])

    async def each(
        self, kind: str, namespace: str | None = None, *, labels: str = "", fields: str = ""
    ) -> AsyncIterator[Object]:
        """All objects of a kind as they come; ``labels`` and ``fields`` are selectors. managedFields are left out.

        One page is in memory at a time: thousands of objects at once are more than all that is kept of them.
        """
        query = {"limit": str(_PAGE), "labelSelector": labels, "fieldSelector": fields}
        while True:
            page = await self._request("GET", KINDS[kind].path(namespace), query=query)
            query["continue"] = page["metadata"].get("continue", "")
            for item in page.pop("items"):
                yield without_managed_fields(item)
            if not query["continue"]:
                return

    async def list(
        self, kind: str, namespace: str | None = None, *, labels: str = "", fields: str = ""
    ) -> list[Object]:
        """All objects of a kind at once, where they are few."""
        return [item async for item in self.each(kind, namespace, labels=labels, fields=fields)]

    async def apply(self, obj: Object) -> Object:
        """Server-side apply: create the object, or bring the fields in ``obj`` to their values."""
        self._guard()
        meta = obj["metadata"]
        path = KINDS[obj["kind"]].path(meta["namespace"], meta["name"])
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        return without_managed_fields(await self._request("PATCH", path, query=query, body=obj, content_type=_APPLY))

    async def try_out(self, obj: Object) -> None:
        """A server-side apply that changes nothing: whether the object would be admitted, as far as that can be told.

        Raises:
            ApiError: It would be refused.
        """
        meta = obj["metadata"]
        path = KINDS[obj["kind"]].path(meta["namespace"], meta["name"])
        query = {"fieldManager": FIELD_MANAGER, "force": "true", "dryRun": "All"}
        try:
            await self._request("PATCH", path, query=query, body=obj, content_type=_APPLY)
        except ApiError as error:
            if _NO_DRY_RUN not in error.message:
                raise

    async def apply_status(self, resource: Resource, status: Object) -> Object:
        """Replace the status that this operator owns.

        The resourceVersion goes with it, since the API server does not compare the uid of a status: without it an
        object deleted and created again would inherit the status of its predecessor.

        Raises:
            Conflict: The object changed since ``resource`` was read.
            NotFound: It is gone.
        """
        self._guard()
        names, meta = type(resource).NAMES, resource.metadata
        place = {"namespace": meta.namespace} if meta.namespace else {}
        body = {
            "apiVersion": API_VERSION,
            "kind": names.kind,
            "metadata": {"name": meta.name, "resourceVersion": meta.resource_version} | place,
            "status": status,
        }
        path = KINDS[names.kind].path(meta.namespace, meta.name, "status")
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        return without_managed_fields(await self._request("PATCH", path, query=query, body=body, content_type=_APPLY))

    async def delete(self, obj: Object) -> Object | None:
        """Delete exactly this object, with what it owns; one that is gone or was made again is left alone.

        A Job goes after its pods, so that whoever sees it go knows that its work has ended: it is what comes back, as
        it is until then.
        """
        self._guard()
        meta = obj["metadata"]
        policy = _PROPAGATION.get(obj["kind"], "Background")
        body = {"propagationPolicy": policy, "preconditions": {"uid": meta["uid"]}}
        try:
            going = await self._request("DELETE", KINDS[obj["kind"]].path(meta["namespace"], meta["name"]), body=body)
        except (NotFound, Conflict):
            return None
        return going if going.get("kind") == obj["kind"] else None

    async def create(self, obj: Object) -> Object:
        """Create an object; an Event, or a Secret that must never be written twice.

        Raises:
            Conflict: It exists.
        """
        self._guard()
        return await self._request("POST", KINDS[obj["kind"]].path(obj["metadata"]["namespace"]), body=obj)

    async def replace(self, obj: Object) -> Object:
        """Write the whole object over the one of its resourceVersion.

        Raises:
            Conflict: It changed since it was read.
            NotFound: It is gone.
        """
        self._guard()
        meta = obj["metadata"]
        return await self._request("PUT", KINDS[obj["kind"]].path(meta["namespace"], meta["name"]), body=obj)

    async def _request(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: Object | None = None,
        content_type: str = "application/json",
    ) -> Object:
        headers = {"Content-Type": content_type, "Accept": "application/json", **self._headers}
        await self._api.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        content: Object | bytes | None = yaml(body) if body and content_type == _APPLY else body
        url = self._api.configuration.host + path + (f"?{urlencode(query)}" if query else "")
        try:
            answer = await self._api.rest_client.request(
                method, url, headers=headers, body=content, _request_timeout=_TIMEOUT
            )
            raw = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ClusterUnavailable("ClusterUnavailable", f"the Kubernetes API did not answer: {error}") from error
        if answer.status >= 400:
            raise _refusal(answer.status, raw)
        result: Object = json.loads(raw)
        return result


def yaml(obj: Object) -> bytes:
    """The object as JSON that is YAML too.

    YAML knows no surrogates, by which JSON in ASCII writes pictograms, and not every character that JSON leaves alone.
    """
    text = _SURROGATE.sub("\ufffd", json.dumps(obj, ensure_ascii=False))
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def _refusal(status: int, raw: bytes) -> ApiError | ClusterUnavailable:
    try:
        body = json.loads(raw)
    except ValueError:
        body = {}
    reason, message = body.get("reason", ""), body.get("message", f"HTTP status {status}")
    if status == 404:
        return NotFound(status, reason, message)
    if status == 409:
        return Conflict(status, reason, message)
    if status == 500 and message.startswith(_UNTYPED):
        return ApiError(422, "Invalid", message)
    if status == 429 or status >= 500:
        return ClusterUnavailable("ClusterUnavailable", f"the Kubernetes API answered {status}: {message}")
    return ApiError(status, reason, message)


def without_managed_fields(obj: Object) -> Object:
    """The object without the bookkeeping of its field managers, which is often the larger half of it."""
    obj.get("metadata", {}).pop("managedFields", None)
    return obj
