"""The cluster as a person sees it: the kubeconfig's rights, and nothing that the person could not do with kubectl."""

import logging
from typing import Any, Self
from urllib.parse import urlencode

from kubernetes.aio import client, config

from mlflow_operator.clients.cluster import Cluster, Object
from mlflow_operator.clients.kinds import KINDS
from mlflow_operator.errors import ApiError, OperatorError, RegistryRefused, Unavailable
from mlflow_operator.kubectl.terminal.exits import UNKNOWN, WRONG, Stop, missing
from mlflow_operator.kubectl.terminal.place import Place

FIELD_MANAGER = "kubectl-mlflow"
_MERGE = "application/merge-patch+json"
_APPLY = "application/apply-patch+yaml; charset=utf-8"
_REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_CONNECTIONS = 8
logging.getLogger("kubernetes").setLevel(logging.ERROR)  # it warns of what it raises, too
_TRIED_OUT = {"dryRun": "All", "fieldManager": FIELD_MANAGER}


class Person(Cluster):
    """Somebody at a terminal.

    Every method raises ``ClusterUnavailable`` when the API does not answer, and ``ApiError`` when it refuses.
    """

    namespace = "default"
    """Where to look, if the command does not say."""

    @classmethod
    async def log_in(cls, place: Place) -> Self:
        """As the kubeconfig says; in a pod without one, as its service account.

        Raises:
            Stop: There is neither, or the kubeconfig does not have what it was asked for.
        """
        configuration = client.Configuration()
        try:
            namespace = await _configure(configuration, place)
        except (config.ConfigException, OSError, ValueError) as error:
            message = f"no cluster is known: {error}; set KUBECONFIG, or pass --kubeconfig and --context"
            raise Stop(UNKNOWN, "NoCluster", message) from error
        configuration.connection_pool_maxsize = _CONNECTIONS
        headers = {"User-Agent": FIELD_MANAGER} | ({"Impersonate-User": place.user} if place.user else {})
        person = cls(client.ApiClient(configuration), headers=headers)
        person.namespace = place.namespace or namespace
        return person

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def whoami(self) -> str:
        """The user name by which the API server knows the person."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        name: str = (await self._request("POST", _REVIEW, body=body))["status"]["userInfo"]["username"]
        return name

    async def read(self, kind: str, name: str, namespace: str | None = None) -> Object:
        """One object, with its managedFields.

        Raises:
            Stop: It does not exist.
        """
        where = namespace or self.namespace
        found = await self.get(kind, where, name)
        if found is None:
            raise missing(kind, where, name)
        return found

    async def anything(self, path: str) -> Object | None:
        """What another project's API has at a path; None where it is not there, or must not be read."""
        try:
            return await self._request("GET", path)
        except OperatorError:
            return None

    async def change(self, obj: Object, patch: Object, *, dry_run: bool = False) -> Object:
        """Merge a patch into an object as it was read.

        Raises:
            Conflict: It has changed since.
        """
        meta = obj["metadata"]
        path = KINDS[obj["kind"]].path(meta["namespace"], meta["name"])
        body = {**patch, "metadata": {**patch.get("metadata", {}), "resourceVersion": meta["resourceVersion"]}}
        query = {"fieldManager": FIELD_MANAGER} | ({"dryRun": "All"} if dry_run else {})
        return await self._request("PATCH", path, query=query, body=body, content_type=_MERGE)

    async def apply_dry(self, obj: Object) -> Object:
        """What the API server would make of an object that is applied; nothing is written.

        Raises:
            ApiError: It would be refused.
        """
        meta = obj["metadata"]
        path = KINDS[obj["kind"]].path(meta["namespace"], meta["name"])
        query = _TRIED_OUT | {"force": "true"}
        return await self._request("PATCH", path, query=query, body=obj, content_type=_APPLY)

    async def create_named_after(self, obj: Object) -> Object:
        """Create an object under a name that the API server makes of its ``generateName``."""
        path = KINDS[obj["kind"]].path(obj["metadata"]["namespace"])
        return await self._request("POST", f"{path}?{urlencode({'fieldManager': FIELD_MANAGER})}", body=obj)

    async def many(self, kind: str, namespace: str | None, *, labels: str = "", fields: str = "") -> list[Object]:
        """All objects of a kind in a namespace, or in all of them; each says its kind, which lists leave out."""
        found = await self.list(kind, namespace, labels=labels, fields=fields)
        return [{**item, "kind": kind} for item in found]

    async def if_allowed(
        self, kind: str, namespace: str | None, *, labels: str = "", fields: str = ""
    ) -> list[Object] | None:
        """The same; None where the person may not list them, or nobody has heard of the kind."""
        try:
            return await self.many(kind, namespace, labels=labels, fields=fields)
        except ApiError:
            return None


async def _configure(configuration: Any, place: Place) -> str:
    """Fill in the configuration; the namespace that goes with it."""
    try:
        loader = await config.load_kube_config(place.kubeconfig, place.context, configuration)
    except config.ConfigException:
        if place.kubeconfig or place.context:
            raise
        config.load_incluster_config(client_configuration=configuration)
        return Person.namespace
    configuration.client_session_kwargs = {"trust_env": False}
    namespace: str = loader.current_context["context"].get("namespace") or Person.namespace
    return namespace


def refused(error: OperatorError) -> Stop:
    """What the person is told of an error, and how the command ends."""
    if isinstance(error, Stop):
        return error
    not_allowed = isinstance(error, ApiError) and error.status in (401, 403, 404)
    unknown = not_allowed or isinstance(error, Unavailable | RegistryRefused)
    return Stop(UNKNOWN if unknown else WRONG, error.reason, error.message)
