"""HTTP sessions for one server."""

from collections.abc import AsyncGenerator

import aiohttp

_CONNECT = 5.0
"""Seconds for a connection; a server that is there gives it at once."""
_CONNECTIONS = 32
"""To one server at a time: further calls wait, within their deadlines."""


async def opened(*, keep_alive: bool) -> AsyncGenerator[aiohttp.ClientSession, None]:
    """One session, until it is closed; ``keep_alive``: whether a connection is used again."""
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS, force_close=not keep_alive)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    ) as session:
        yield session
