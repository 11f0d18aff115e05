"""MLflow's REST API: bounded in time and size, tried again where that is safe, every failure one of this library's."""

import asyncio
import json
import os
import random
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from mlflow_operator.model_registry.connection import Connection, connection
from mlflow_operator.model_registry.deadline import SECONDS, Deadline
from mlflow_operator.model_registry.errors import RegistryError, Unavailable
from mlflow_operator.model_registry.per_loop import PerLoop
from mlflow_operator.model_registry.refusals import not_mlflow, refusal, too_large, unanswered
from mlflow_operator.model_registry.sessions import opened

Answer = dict[str, Any]

API = "/api/2.0/mlflow/"
MIB = 2**20
_BODY = 8 * MIB
_VALUES = 500_000
"""Values of an answer: each takes up to a hundred bytes of memory, and two of the answer."""
_ERROR = 64 * 2**10
"""Bytes of an error's body that are read; the rest says nothing more."""
_TRIES = 4
_PAUSE = 0.2
"""Seconds before the second try, at most; twice as much before each further one."""
_RELEASE = re.compile(r"\d+\.\d+[\w.]{0,24}")
_AGAIN = (429, 502, 503, 504)
"""Answers after which the same question may have another answer."""


@dataclass
class _Failure(Exception):
    """A try that did not work."""

    error: RegistryError
    again: bool
    """Whether another one may work."""
    after: float = 0.0
    """Seconds that the server asked to be left alone for."""
    unsent: bool = False
    """Whether the server cannot have got the question."""


class Rest:
    """One MLflow over REST.

    Paths are those below ``/api/2.0/mlflow/``. Every method raises ``Unavailable`` where there is no answer of MLflow's
    within the deadline, else what MLflow's answer says: ``NotFound``, ``Conflict``, ``Invalid``, ``PermissionDenied``.
    """

    def __init__(self, to: Connection, *, timeout: float = SECONDS) -> None:
        """``timeout``: seconds for each call as a whole, with all its tries."""
        self.connection = to
        self._timeout = timeout
        self._tls = to.tls()
        self._proxy = _proxy(to.url)
        # A server with several workers keeps the end of an answer back for 40 ms on a connection that was used before
        # (uvicorn's shared socket has no TCP_NODELAY); without TLS a new connection costs far less.
        self._sessions = PerLoop(lambda: opened(keep_alive=to.url.startswith("https:")))
        self._headers = {"Accept-Encoding": "identity", "Content-Type": "application/json"}
        if to.authorization:
            self._headers["Authorization"] = to.authorization
        if to.workspace:
            self._headers["X-MLFLOW-WORKSPACE"] = to.workspace

    @classmethod
    def of_environment(cls, url: str | None = None, *, timeout: float = SECONDS) -> Self:
        """For a URL, else as the environment says (``connection``).

        Raises:
            Invalid: The environment names no server, or contradicts itself.
        """
        return cls(connection(os.environ, url), timeout=timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections of the running event loop."""
        await self._sessions.close()

    async def get(
        self, path: str, query: Mapping[str, str] | None = None, *, deadline: Deadline | None = None
    ) -> Answer:
        """Ask something; tried again where there is no answer."""
        raw = await self._tried("GET", API + path, query=query, safe=True, deadline=deadline)
        return _parsed(self.connection.url, raw)

    async def search(self, path: str, body: Answer, *, deadline: Deadline | None = None) -> Answer:
        """Ask something by POST, which changes nothing; tried again where there is no answer."""
        raw = await self._tried("POST", API + path, body=body, safe=True, deadline=deadline)
        return _parsed(self.connection.url, raw)

    async def write(self, method: str, path: str, body: Answer, *, deadline: Deadline | None = None) -> Answer:
        """Change something; tried again only where it was never sent, since nobody knows what became of it else."""
        raw = await self._tried(method, API + path, body=body, safe=False, deadline=deadline)
        return _parsed(self.connection.url, raw)

    async def text(self, path: str, query: Mapping[str, str] | None = None, *, deadline: Deadline | None = None) -> str:
        """The answer to a path of the server itself, such as ``/health``."""
        raw = await self._tried("GET", path, query=query, safe=True, deadline=deadline)
        return raw.decode(errors="replace")

    async def release(self, deadline: Deadline) -> str | None:
        """MLflow's release, where the server tells; some in front of it do not."""
        try:
            said = (await self.text("/version", deadline=deadline)).strip()
        except RegistryError:
            return None
        return said if _RELEASE.fullmatch(said) else None

    async def pages(
        self, path: str, items: str, query: Mapping[str, str], *, deadline: Deadline | None = None
    ) -> AsyncIterator[Answer]:
        """What a list has under ``items``, page after page; the deadline is that of all pages together."""
        until = deadline or Deadline(self._timeout)
        seen, asked = set[str](), dict(query)
        while True:
            page = await self.get(path, asked, deadline=until)
            found = page.get(items, [])
            if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
                raise not_mlflow(self.connection.url)
            for item in found:
                yield item
            token = page.get("next_page_token") or ""
            if not token:
                return
            if not isinstance(token, str) or token in seen:
                raise Unavailable(f"{self.connection.url} gives pages of {items} without an end; ask it again")
            seen.add(token)
            asked["page_token"] = token

    async def _tried(
        self,
        method: str,
        path: str,
        *,
        safe: bool,
        query: Mapping[str, str] | None = None,
        body: Answer | None = None,
        deadline: Deadline | None = None,
    ) -> bytes:
        """The body of the answer; the last failure where each try has one."""
        until = deadline or Deadline(self._timeout)
        data = None if body is None else json.dumps(body).encode()
        for number in range(_TRIES):
            try:
                async with until.over(f"{self.connection.url} gave no whole answer"):
                    return await self._once(method, path, query, data)
            except _Failure as failure:
                pause = failure.after or random.uniform(0, _PAUSE * 2**number)  # noqa: S311 - spreads tries, hides nothing
                last = number == _TRIES - 1
                if last or not failure.again or not (safe or failure.unsent) or pause >= until.left():
                    raise failure.error from failure.__cause__
            await asyncio.sleep(pause)
        raise AssertionError("the last try answers or raises")

    async def _once(self, method: str, path: str, query: Mapping[str, str] | None, data: bytes | None) -> bytes:
        session = await self._sessions.get()
        base = self.connection.url
        try:
            async with session.request(
                method,
                base + path,
                params=query,
                data=data,
                headers=self._headers,
                allow_redirects=False,
                ssl=self._tls,
                proxy=self._proxy,
            ) as answer:
                return await _body(base, answer)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, ValueError):  # aiohttp's own, or a host name that no encoding has
                raise _Failure(Unavailable(f"{base} is no URL that can be asked; correct it"), again=False) from error
            again = not isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError)
            unsent = isinstance(error, aiohttp.ClientConnectorError)
            raise _Failure(unanswered(base, error), again=again, unsent=unsent) from error


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL. Not aiohttp's own way, which reads ``~/.netrc`` for each call."""
    parts = urlsplit(url)
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)


async def _body(base: str, answer: aiohttp.ClientResponse) -> bytes:
    if answer.status >= 300:
        said = await _first(answer, _ERROR)
        error = refusal(base, answer.status, answer.headers.get("Location", ""), said)
        wait = answer.headers.get("Retry-After", "").strip()
        after = float(wait) if wait.isascii() and wait.isdigit() and len(wait) < 7 else 0.0
        raise _Failure(error, again=answer.status in _AGAIN, after=after)
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        message = f"{base} answered compressed, though it was asked not to; switch it off in what stands in front of it"
        raise _Failure(Unavailable(message), again=False)
    body = await _first(answer, _BODY + 1)
    if len(body) > _BODY:
        raise _Failure(too_large(base, f"{_BODY // MIB} MiB"), again=False)
    return body


async def _first(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    """The first ``limit`` bytes; a connection with more of them is closed by whoever leaves the answer."""
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece[: limit - len(body)]
        if len(body) >= limit:
            break
    return bytes(body)


def _parsed(base: str, raw: bytes) -> Answer:
    if sum(raw.count(sign) for sign in (b",", b"[", b"{")) > _VALUES:
        raise too_large(base, f"{_VALUES} values")
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise not_mlflow(base) from error
    if not isinstance(answer, dict):
        raise not_mlflow(base)
    return answer
