"""One question to one server, and its answer: bounded in time and size, never redirected, every failure one of ours."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import aiohttp

from mlflow_operator.clients.mlflow.refusals import refusal, too_large, unanswered
from mlflow_operator.errors import RegistryUnavailable

MIB = 2**20
_ERROR = 64 * 2**10
"""Bytes of an error's body that are read; the rest says nothing more."""


@dataclass(frozen=True)
class Access:
    """Where a server is, and how to be let in; the headers hold credentials and are never shown."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    workspace: str = ""
    """MLflow's workspace that is meant; empty: the server's default."""
    tls: ssl.SSLContext | None = None
    """Whose certificates are trusted; None: those of the public authorities."""
    advice: str = "name the authority that signed it in spec.external.caBundle, or correct the host in the URL"
    """What to do about a certificate that is not trusted."""
    denied: Callable[[], None] = field(default=lambda: None, compare=False)
    """Called when the server does not let in who has these headers."""

    @property
    def registry(self) -> tuple[str, str]:
        """By what the registry is known, whoever asks it."""
        return self.url, self.workspace

    def __repr__(self) -> str:
        return f"Access(url={self.url!r}, workspace={self.workspace!r})"


class Transport:
    """The way to one server."""

    def __init__(self, session: aiohttp.ClientSession, access: Access, guard: Callable[[], None]) -> None:
        """``guard`` is called before each request that changes something, and raises where none is allowed."""
        self.base = access.url.rstrip("/")
        self._session = session
        self._guard = guard
        self._denied, self._advice = access.denied, access.advice
        self._tls = access.tls or True
        self._headers = {**dict(access.headers), "Accept-Encoding": "identity"}
        if access.workspace:
            self._headers["X-MLFLOW-WORKSPACE"] = access.workspace
        if self.base.startswith("http://"):
            # A server with several workers keeps the end of an answer back for 40 ms on a connection that was used
            # before (uvicorn's shared socket has no TCP_NODELAY); without TLS a new connection costs far less.
            self._headers["Connection"] = "close"

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        data: bytes | None = None,
        content_type: str = "application/octet-stream",
        limit: int = MIB,
    ) -> bytes:
        """The body of the answer, of at most ``limit`` bytes.

        Raises:
            RegistryUnavailable: No answer, one that is too large or compressed, or a server error.
            RegistryRefused, RegistryNotFound: An answer that says no.
        """
        if method != "GET":
            self._guard()
        headers = self._headers if data is None else {**self._headers, "Content-Type": content_type}
        url = self.base + path
        try:
            async with self._session.request(
                method, url, params=query, data=data, headers=headers, allow_redirects=False, ssl=self._tls
            ) as answer:
                if answer.status in (401, 403):
                    self._denied()
                if answer.status >= 300:
                    body = await _first(answer, _ERROR)
                    raise refusal(self.base, answer.status, answer.headers, body)
                self._check_encoding(answer)
                body = await _first(answer, limit + 1)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unanswered(self.base, error, self._advice) from error
        if len(body) > limit:
            raise too_large(self.base, f"more than {limit / MIB:g} MiB")
        return body

    def _check_encoding(self, answer: aiohttp.ClientResponse) -> None:
        encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            message = (
                f"{self.base} answered with Content-Encoding {encoding[:40]}, though it was asked for identity; "
                "what is compressed is not read, since nobody knows its size: switch compression off in what stands "
                "in front of MLflow"
            )
            raise RegistryUnavailable("AnswerCompressed", message)


async def _first(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    """The first ``limit`` bytes; a connection with more of them is closed by whoever leaves the answer."""
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece[: limit - len(body)]
        if len(body) >= limit:
            break
    return bytes(body)
