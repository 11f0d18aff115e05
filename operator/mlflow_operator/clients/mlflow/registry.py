"""MLflow's REST API, as far as the operator needs it.

Not the Python client: it blocks, and retries for minutes when the server is down. Every request here has a short
timeout and is tried once; the work queue does the retrying.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import aiohttp

from mlflow_operator.clients.guarded import guarded
from mlflow_operator.clients.line import Line
from mlflow_operator.clients.mlflow import answers
from mlflow_operator.clients.mlflow.answers import Answer
from mlflow_operator.clients.mlflow.asking import API, listing
from mlflow_operator.clients.mlflow.filters import named
from mlflow_operator.clients.mlflow.measures import Measures
from mlflow_operator.clients.mlflow.paging import PAGE
from mlflow_operator.clients.transport import MIB, Access, Transport
from mlflow_operator.clients.webhooks.addresses import sockets
from mlflow_operator.errors import OperatorError, RegistryNotFound, RegistryUnavailable
from mlflow_operator.promotion.evidence import ModelFile
from mlflow_operator.promotion.snapshot import Mark, ModelVersion, Snapshot

__all__ = ["Access", "Mlflow", "Registry"]

_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
_RELEASE = re.compile(r"\d+\.\d+[\w.]{0,24}$")
_TIMEOUT, _CONNECT = 20.0, 5.0
_CONNECTIONS = 64
"""To one server: as many as there can be workers, since to wait for one looks like a server that hangs."""
_REST = 10.0
"""Seconds between two tries of a server that hangs."""
_LINES = 256
"""Registries whose silence is remembered before those with nothing to remember are dropped."""

_MODEL = 8 * MIB
"""Bytes of a model's answer, which has its newest versions in it, and of an MLmodel file, which has the signature."""
_TRIES = 3
"""Lists of a model that changes while it is listed."""


class Mlflow:
    """One connection pool for all servers."""

    def __init__(
        self,
        *,
        timeout: float = _TIMEOUT,
        rest: float = _REST,
        guard: Callable[[], None] = lambda: None,
        hosts: Sequence[str] = (),
        proxies: bool = True,
    ) -> None:
        """``guard`` is called before each request that changes something, and raises where this process must not.

        ``hosts`` are globs; a link-local address that one of them names is connected to all the same. ``proxies``:
        those of the environment are used.
        """
        self._session: aiohttp.ClientSession | None = None
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=_CONNECT)
        self._rest = rest
        self._guard = guard
        self._hosts = tuple(hosts)
        self._proxies = proxies
        self._lines: dict[tuple[str, str], Line] = {}

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit_per_host=_CONNECTIONS, socket_factory=sockets(self._hosts)),
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=self._proxies,
            auto_decompress=False,
            request_class=guarded(self._guard),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    def at(self, access: Access) -> "Registry":
        """The registry of one server."""
        if self._session is None:
            raise RuntimeError("Mlflow is an asynchronous context manager; enter it first")
        if access.registry not in self._lines and len(self._lines) >= _LINES:
            self._lines = {which: line for which, line in self._lines.items() if not line.is_quiet()}
        line = self._lines.setdefault(access.registry, Line(self._rest))
        return Registry(Transport(self._session, access, self._guard), line)


class Registry(Measures):
    """One MLflow server.

    Every method raises ``RegistryUnavailable`` when the server does not answer or fails, and ``RegistryRefused`` when
    it says no.
    """

    async def snapshot(self, model: str, *, aliases: bool = True) -> Snapshot:
        """All versions of a model, in one list, and its aliases, which that list never has (mlflow#16734).

        The aliases are read before the versions. A model that is not registered has none of both; that the list is
        empty is no proof of it, since a server with permissions leaves out what its asker may not read.
        """
        found = await self.mark(model) if aliases else None
        if aliases and found is None:
            return Snapshot(model, {})
        versions = await self._versions(model, found)
        if not versions and not aliases:
            await self.mark(model)  # raises where it is there and must not be read
        return Snapshot(model, versions, found.aliases if found else {}, knows_aliases=aliases)

    async def survey(self) -> Mapping[str, Mark]:
        """All models by name, as far as a list of models tells of them: enough to see which of them have changed.

        ``updated`` moves when a version is registered, moved or deleted, and when the model is renamed or described;
        not with aliases, which the mark has, nor with tags and descriptions of versions, which only a snapshot has
        (MLflow 3.17). A model that is not in it may be hidden, or deleted between two pages: ``mark`` knows.
        """
        path, query = "registered-models/search", {"order_by": "name ASC"}
        return dict(await self._list("survey", path, "registered_models", query, answers.named_mark))

    async def mark(self, model: str) -> Mark | None:
        """What ``survey`` tells of one model; None where it is not registered."""
        try:
            path = f"{API}/registered-models/get"
            answer = await self._call(f"get {model}", "GET", path, query={"name": model}, limit=_MODEL)
        except RegistryNotFound:
            return None
        with answers.reading(self._base):
            return answers.mark(answer["registered_model"])

    async def _versions(self, model: str, before: Mark | None) -> Mapping[str, ModelVersion]:
        """The versions of a model at one moment; ``before`` is its mark of before, where it is known.

        Several pages come from several moments: they are one list if the model is the same after it.
        """
        for _ in range(_TRIES):
            versions = await self._listed(model)
            if len(versions) < PAGE:
                return versions
            after = await self.mark(model)
            if before is not None and after is not None and before.updated == after.updated:
                return versions
            before = after
        message = f"the model {model} changed each time while its {len(versions)} versions were listed"
        raise RegistryUnavailable("ModelKeepsChanging", message)

    async def _listed(self, model: str) -> Mapping[str, ModelVersion]:
        query = {"filter": named(model), "order_by": "version_number ASC"}
        path, items = "model-versions/search", "model_versions"
        found = await self._list(listing(model), path, items, query, answers.named_version)
        # The literal of some names fits others too, and so does any where the database compares without case.
        return {version.version: version for name, version in found if name in (model, "")}

    async def move(self, model: str, version: str, stage: str, *, archive_existing: bool) -> ModelVersion:
        """Move a version to a stage, and archive the others in it, in one transaction of MLflow's.

        The version as it is then; all that were archived, and the model, get the same ``updated``.
        """
        body = {"name": model, "version": version, "stage": stage, "archive_existing_versions": archive_existing}
        answer = await self._call(f"move {model}", "POST", f"{API}/model-versions/transition-stage", body=body)
        with answers.reading(self._base):
            return answers.version(answer["model_version"])

    async def set_alias(self, model: str, alias: str, version: str) -> None:
        """Point an alias to a version."""
        body = {"name": model, "alias": alias, "version": version}
        await self._call(f"alias {model}", "POST", f"{API}/registered-models/alias", body=body)

    async def set_version_tag(self, model: str, version: str, key: str, value: str) -> None:
        """Set a tag of a model version."""
        body = {"name": model, "version": version, "key": key, "value": value}
        await self._call(f"tag {model}", "POST", f"{API}/model-versions/set-tag", body=body)

    async def model_file(self, model: str, version: str) -> ModelFile:
        """What the version's MLmodel file says.

        The file is asked of the server, which reads it from whatever store it is in.
        """
        query = {"name": model, "version": version, "path": "MLmodel"}
        raw = await self._transport.send("GET", "/model-versions/get-artifact", query=query, limit=_MODEL)
        with answers.reading(self._base):
            return answers.model_file(raw)

    async def ping(self) -> None:
        """Ask for something that needs the database; /health answers without it."""
        await self._call("ping", "GET", f"{API}/experiments/search", query={"max_results": "1"})

    async def version(self) -> str | None:
        """The MLflow release of the server, where it tells."""
        try:
            raw = await self._transport.send("GET", "/version")
        except OperatorError:
            return None
        found = _RELEASE.match(raw.decode(errors="replace").strip())
        return found[0] if found else None

    async def experiment(self, name: str) -> Answer | None:
        """An experiment by name, deleted ones too, or None."""
        try:
            answer = await self._call(
                "experiments", "GET", f"{API}/experiments/get-by-name", query={"experiment_name": name}
            )
        except RegistryNotFound:
            return None
        with answers.reading(self._base):
            return answers.experiment(answer["experiment"])

    async def create_experiment(self, name: str, tags: Mapping[str, str], artifact_location: str | None) -> None:
        """Create an experiment."""
        body: Answer = {"name": name, "tags": [{"key": k, "value": v} for k, v in tags.items()]}
        if artifact_location:
            body["artifact_location"] = artifact_location
        await self._call("experiments", "POST", f"{API}/experiments/create", body=body)

    async def restore_experiment(self, experiment_id: str) -> None:
        """Bring a deleted experiment back."""
        await self._call("experiments", "POST", f"{API}/experiments/restore", body={"experiment_id": experiment_id})

    async def set_experiment_tag(self, experiment_id: str, key: str, value: str) -> None:
        """Set a tag of an experiment."""
        body = {"experiment_id": experiment_id, "key": key, "value": value}
        await self._call("experiments", "POST", f"{API}/experiments/set-experiment-tag", body=body)

    async def put_artifact(self, path: str, content: bytes) -> None:
        """Write an artifact through the server."""
        await self._transport.send("PUT", f"{_ARTIFACTS}/{path}", data=content)

    async def get_artifact(self, path: str) -> bytes:
        """Read an artifact of at most a MiB through the server."""
        return await self._transport.send("GET", f"{_ARTIFACTS}/{path}")

    async def list_artifacts(self, folder: str) -> set[str]:
        """The names of what is in a folder of the artifact store; none where there is no such folder."""
        raw = await self._transport.send("GET", _ARTIFACTS, query={"path": folder})
        with answers.reading(self._base):
            return {str(file["path"]) for file in answers.parsed(self._base, raw).get("files", [])}

    async def delete_artifact(self, path: str) -> None:
        """Delete an artifact through the server."""
        await self._transport.send("DELETE", f"{_ARTIFACTS}/{path}")
