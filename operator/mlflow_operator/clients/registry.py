"""MLflow's REST API, as far as the operator needs it.

Not the Python client: it blocks, and retries for minutes when the server is down. Every request here has a short
timeout and is tried once; the work queue does the retrying.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp

from mlflow_operator.clients.line import Line
from mlflow_operator.errors import OperatorError, RegistryNotFound, RegistryRefused, RegistryUnavailable
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot

_API = "/api/2.0/mlflow"
_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
_PAGE = 10_000
_RELEASE = re.compile(r"\d+\.\d+[\w.]{0,24}$")
_TIMEOUT, _CONNECT = 20.0, 5.0
_REST = 10.0
"""Seconds between two tries of a server that hangs."""

Answer = dict[str, Any]


@dataclass(frozen=True)
class Access:
    """Where a server is, and how to be let in; the headers hold credentials and are never shown."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return f"Access(url={self.url!r})"


class Mlflow:
    """One connection pool for all servers."""

    def __init__(self, *, timeout: float = _TIMEOUT, rest: float = _REST) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=_CONNECT)
        self._rest = rest
        self._lines: dict[str, Line] = {}

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit_per_host=16)
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=True
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
        return Registry(self._session, access, self._lines.setdefault(access.url, Line(self._rest)))


class Registry:
    """One MLflow server.

    Every method raises ``RegistryUnavailable`` when the server does not answer or fails, and ``RegistryRefused`` when
    it says no.
    """

    def __init__(self, session: aiohttp.ClientSession, access: Access, line: Line) -> None:
        self._session = session
        self._line = line
        self._base = access.url.rstrip("/")
        self._headers = dict(access.headers)
        if self._base.startswith("http://"):
            # A server with several workers keeps the end of an answer back for 40 ms on a connection that was used
            # before (uvicorn's shared socket has no TCP_NODELAY); without TLS a new connection costs far less.
            self._headers["connection"] = "close"

    def check(self) -> None:
        """Raise at once where the server hangs and it is no use to wait for it, or for somebody who does."""
        self._line.check()

    async def snapshot(self, model: str) -> Snapshot:
        """All versions of a model, in one list, and its aliases, which that list never has (mlflow#16734).

        A model that is not registered has no versions.
        """
        try:
            return await self._snapshot(model)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise self._not_mlflow() from error

    async def _snapshot(self, model: str) -> Snapshot:
        versions: dict[str, ModelVersion] = {}
        query = {"filter": f"name = {_quoted(model)}", "max_results": str(_PAGE)}
        while True:
            page = await self._call("GET", f"{_API}/model-versions/search", query=query)
            if page and not page.keys() & {"model_versions", "next_page_token"}:
                raise self._not_mlflow()  # MLflow's word for no versions is an empty object
            for item in page.get("model_versions", []):
                versions[item["version"]] = _version(item)
            if not page.get("next_page_token"):
                break
            query["page_token"] = page["next_page_token"]
        return Snapshot(model, versions, await self._aliases(model) if versions else {})

    async def _aliases(self, model: str) -> Mapping[str, str]:
        try:
            answer = await self._call("GET", f"{_API}/registered-models/get", query={"name": model})
        except RegistryNotFound:
            return {}
        return {item["alias"]: item["version"] for item in answer["registered_model"].get("aliases", [])}

    async def move(self, model: str, version: str, stage: str, *, archive_existing: bool) -> None:
        """Move a version to a stage, and archive the others in it, in one transaction of MLflow's."""
        body = {"name": model, "version": version, "stage": stage, "archive_existing_versions": archive_existing}
        await self._call("POST", f"{_API}/model-versions/transition-stage", body=body)

    async def set_alias(self, model: str, alias: str, version: str) -> None:
        """Point an alias to a version."""
        body = {"name": model, "alias": alias, "version": version}
        await self._call("POST", f"{_API}/registered-models/alias", body=body)

    async def set_version_tag(self, model: str, version: str, key: str, value: str) -> None:
        """Set a tag of a model version."""
        body = {"name": model, "version": version, "key": key, "value": value}
        await self._call("POST", f"{_API}/model-versions/set-tag", body=body)

    async def has_signature(self, model: str, version: str) -> bool:
        """Whether the version's MLmodel file has a signature.

        The file is asked of the server, which reads it from whatever store it is in.
        """
        query = {"name": model, "version": version, "path": "MLmodel"}
        text = await self._text("GET", "/model-versions/get-artifact", query=query)
        return any(line.startswith("signature:") for line in text.splitlines())

    async def ping(self) -> None:
        """Ask for something that needs the database; /health answers without it."""
        await self._call("GET", f"{_API}/experiments/search", query={"max_results": "1"})

    async def version(self) -> str | None:
        """The MLflow release of the server, where it tells."""
        try:
            text = await self._text("GET", "/version")
        except OperatorError:
            return None
        found = _RELEASE.match(text.strip())
        return found[0] if found else None

    async def experiment(self, name: str) -> Answer | None:
        """An experiment by name, deleted ones too, or None."""
        try:
            answer = await self._call("GET", f"{_API}/experiments/get-by-name", query={"experiment_name": name})
        except RegistryNotFound:
            return None
        found: Answer = answer["experiment"]
        return found

    async def create_experiment(self, name: str, tags: Mapping[str, str], artifact_location: str | None) -> None:
        """Create an experiment."""
        body: Answer = {"name": name, "tags": [{"key": k, "value": v} for k, v in tags.items()]}
        if artifact_location:
            body["artifact_location"] = artifact_location
        await self._call("POST", f"{_API}/experiments/create", body=body)

    async def restore_experiment(self, experiment_id: str) -> None:
        """Bring a deleted experiment back."""
        await self._call("POST", f"{_API}/experiments/restore", body={"experiment_id": experiment_id})

    async def set_experiment_tag(self, experiment_id: str, key: str, value: str) -> None:
        """Set a tag of an experiment."""
        body = {"experiment_id": experiment_id, "key": key, "value": value}
        await self._call("POST", f"{_API}/experiments/set-experiment-tag", body=body)

    async def put_artifact(self, path: str, content: bytes) -> None:
        """Write an artifact through the server."""
        await self._text("PUT", f"{_ARTIFACTS}/{path}", data=content)

    async def get_artifact(self, path: str) -> bytes:
        """Read an artifact through the server."""
        return (await self._text("GET", f"{_ARTIFACTS}/{path}")).encode()

    async def delete_artifact(self, path: str) -> None:
        """Delete an artifact through the server."""
        await self._text("DELETE", f"{_ARTIFACTS}/{path}")

    async def _call(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Answer | None = None
    ) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        with self._line.ask():
            text = await self._text(method, path, query=query, data=data, content_type="application/json")
        try:
            answer: Answer = json.loads(text)
        except ValueError as error:
            raise self._not_mlflow() from error
        if not isinstance(answer, dict):
            raise self._not_mlflow()
        return answer

    def _not_mlflow(self) -> RegistryUnavailable:
        message = f"{self._base} answered something other than MLflow's JSON; check the URL"
        return RegistryUnavailable("NotMLflow", message)

    async def _text(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        data: bytes | None = None,
        content_type: str = "application/octet-stream",
    ) -> str:
        headers = {**self._headers, **({"Content-Type": content_type} if data is not None else {})}
        try:
            async with self._session.request(
                method, self._base + path, params=query, data=data, headers=headers, allow_redirects=False
            ) as answer:
                text = await answer.text(errors="replace")
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise RegistryUnavailable("RegistryUnavailable", f"{self._base} did not answer: {_cause(error)}") from error
        if status >= 300:
            raise _refusal(self._base, status, text)
        return text


def _version(item: Answer) -> ModelVersion:
    return ModelVersion(
        version=item["version"],
        stage=item.get("current_stage", "None"),
        status=item.get("status", "READY"),
        status_message=item.get("status_message", ""),
        tags={tag["key"]: tag["value"] for tag in item.get("tags", [])},
        created=int(item.get("creation_timestamp", 0)),
    )


def _quoted(name: str) -> str:
    """The name as a literal of MLflow's filter language, which knows two quotes and no escape."""
    return f'"{name}"' if "'" in name else f"'{name}'"


def _cause(error: Exception) -> str:
    """The cause without addresses and ports that differ from try to try, so that a status does not change with them."""
    return type(error).__name__ if isinstance(error, TimeoutError) else str(error).split(" [", maxsplit=1)[0]


def _refusal(base: str, status: int, text: str) -> OperatorError:
    """MLflow's answer as an error; error pages may be HTML, or plain text."""
    try:
        body = json.loads(text)
        code, message = str(body["error_code"]), str(body.get("message") or "")
    except (ValueError, KeyError, TypeError):
        code, message = "", ""
    if status in (408, 429) or status >= 500:
        return RegistryUnavailable("RegistryUnavailable", f"{base} answered {status} {code}: {message[:300]}")
    reason = "".join(part.capitalize() for part in re.findall("[A-Za-z0-9]+", code)) or f"Http{status}"
    if code == "RESOURCE_DOES_NOT_EXIST":
        return RegistryNotFound(reason, message[:300])
    if status in (401, 403):
        hint = "check the credentials, and that allowedHosts has the host of this URL"
        return RegistryRefused("AccessDenied", f"{base} answered {status}; {hint}")
    return RegistryRefused(reason, f"{base} answered {status}: {message[:300]}")
