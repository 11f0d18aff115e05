"""HTTP sessions, one for each event loop: a session belongs to the loop that it was made in."""

import asyncio
import threading
from collections.abc import AsyncGenerator

import aiohttp

_CONNECT = 5.0
"""Seconds for a connection; a server that is there gives it at once."""
_CONNECTIONS = 32
"""To one server at a time: further calls wait, within their deadlines."""

_Opened = AsyncGenerator[aiohttp.ClientSession]


class Sessions:
    """Sessions for one server.

    Whoever does not close them need not: an event loop that ends closes the generators that were begun in it, as
    ``asyncio.run`` does, and each session lives in such a generator.
    """

    def __init__(self, *, keep_alive: bool) -> None:
        """``keep_alive``: whether a connection is used again."""
        self._keep_alive = keep_alive
        self._opened: dict[asyncio.AbstractEventLoop, tuple[_Opened, aiohttp.ClientSession]] = {}
        self._lock = threading.Lock()

    async def get(self) -> aiohttp.ClientSession:
        """The session of the running loop."""
        loop = asyncio.get_running_loop()
        with self._lock:
            found = self._opened.get(loop)
        if found and not found[1].closed:
            return found[1]
        opened = _open(keep_alive=self._keep_alive)
        session = await anext(opened)  # it awaits nothing before its session is there
        with self._lock:
            self._opened = {a: b for a, b in self._opened.items() if not a.is_closed()} | {loop: (opened, session)}
        return session

    async def close(self) -> None:
        """Close the session of the running loop; those of other loops end with them."""
        with self._lock:
            found = self._opened.pop(asyncio.get_running_loop(), None)
        if found:
            await found[0].aclose()


async def _open(*, keep_alive: bool) -> _Opened:
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS, force_close=not keep_alive)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    ) as session:
        yield session
