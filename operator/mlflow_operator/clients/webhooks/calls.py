"""Calls to webhooks, which users name: once, within a time and a size, and only where the operator may go."""

import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Self
from urllib.request import getproxies_environment, proxy_bypass

import aiohttp

from mlflow_operator.clients.mlflow.refusals import cause, wait
from mlflow_operator.clients.webhooks.addresses import (
    NOT_PUBLIC,
    AddressNotAllowed,
    SocketFactory,
    is_public,
    is_refused,
    public_sockets,
    sockets,
)
from mlflow_operator.desired.external import urls
from mlflow_operator.desired.external.urls import Address
from mlflow_operator.promotion.webhooks.answers import Answer, Unanswered

_BODY = 16 * 2**10
"""Bytes of an answer."""
_CONNECT = 5.0
_PORT = re.compile(r":[\d*?]+$")


class Webhooks:
    """One connection pool for those that the settings name, and one for all others, at public addresses only."""

    def __init__(
        self,
        *,
        hosts: Sequence[str] = (),
        guard: Callable[[], None] = lambda: None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``hosts`` are globs of the hosts that may be called; without any, all may.

        What a glob names with more than wildcards may have a private address, and be called by http. ``guard`` is
        called before each call, and raises where this process must not; ``tls`` says whose certificates are trusted.
        """
        self._hosts = tuple(hosts)
        self._guard = guard
        self._tls = tls or True
        self._stack = AsyncExitStack()
        self._named: aiohttp.ClientSession | None = None
        self._public: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        enter = self._stack.enter_async_context
        self._named = await enter(_session(sockets(self._hosts)))
        self._public = await enter(_session(public_sockets))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer | Unanswered:
        """Send a message, and wait so many seconds for the answer.

        Raises:
            LeadershipLost: By the guard.
        """
        if self._named is None or self._public is None:
            raise RuntimeError("Webhooks is an asynchronous context manager; enter it first")
        self._guard()
        try:
            scheme, where, _ = urls.parts(url)
        except ValueError as error:
            return Unanswered(f"{error}: in its URL", is_allowed=False)
        named, proxy = names(self._hosts, where), _proxy(scheme, where)
        if refused := self._refusal(scheme, where, named=named, proxied=proxy is not None):
            return Unanswered(refused, is_allowed=False)
        # What a proxy connects to, the proxy decides; its own address may be any. It is named in the call, since of
        # what aiohttp finds in the environment it leaves out what it does not understand, and connects by itself.
        session = self._named if named or proxy else self._public
        asking = session.post(
            url,
            data=body,
            headers={**headers, "Content-Type": "application/json", "Accept-Encoding": "identity"},
            allow_redirects=False,
            ssl=self._tls,
            timeout=aiohttp.ClientTimeout(total=seconds, connect=_CONNECT),
            proxy=proxy,
        )
        try:
            return await _answer(asking)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return _unanswered(where, error)

    def _refusal(self, scheme: str, where: Address, *, named: bool, proxied: bool) -> str:
        """Why it is not called, as far as its URL says."""
        if self._hosts and not where.fits(self._hosts):
            return f"this operator does not talk to {where}; have it added to settings.externalHosts by who runs it"
        if scheme != "https" and not named:
            return f"http is not private; write https://, or have {where} added to settings.externalHosts"
        if is_refused(where.host, self._hosts) or (proxied and not named and _is_private(where.host)):
            return f"{where} is not called: {NOT_PUBLIC}"
        return ""


def names(hosts: Sequence[str], where: Address) -> bool:
    """Whether a glob names a host: with a letter or digit of its own, not by being a glob of all of them."""
    return where.fits([glob for glob in hosts if re.search("[A-Za-z0-9]", _PORT.sub("", glob)) or glob == where.host])


def _session(sockets_: SocketFactory) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(socket_factory=sockets_, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"User-Agent": "mlflow-operator"},
    )


def _proxy(scheme: str, where: Address) -> str | None:
    """The proxy that the environment has for it."""
    return None if proxy_bypass(where.host) else getproxies_environment().get(scheme)


def _is_private(host: str) -> bool:
    """Whether a host is written as an address that is not public, or is this machine by name."""
    is_address = ":" in host or re.fullmatch(r"[0-9.]+", host) is not None
    return host == "localhost" or host.endswith(".localhost") or (is_address and not is_public(host))


def _unanswered(where: Address, error: Exception) -> Unanswered:
    found = getattr(error, "os_error", None)
    if isinstance(found, AddressNotAllowed):
        hint = "have the host added to settings.externalHosts by who runs the operator, if it is meant"
        return Unanswered(f"{where} is not called: {found}; {hint}", is_allowed=False)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Unanswered("its certificate is not trusted; have its authority added to the chart's caBundle")
    return Unanswered(f"{where} did not answer: {cause(error)}")


async def _answer(asking: AbstractAsyncContextManager[aiohttp.ClientResponse]) -> Answer | Unanswered:
    async with asking as answer:
        after = wait(answer.headers.get("Retry-After", ""))
        if answer.status >= 300:
            return Answer(answer.status, after=after)
        if answer.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            return Unanswered("its answer is compressed, though it was asked for identity")
        content = await _first(answer)
    if len(content) > _BODY:
        return Unanswered(f"its answer is longer than {_BODY // 1024} KiB")
    return Answer(answer.status, content, after)


async def _first(answer: aiohttp.ClientResponse) -> bytes:
    """The beginning of the body, up to one byte more than is read."""
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece[: _BODY + 1 - len(body)]
        if len(body) > _BODY:
            break
    return bytes(body)
