"""Requests that ask in the last moment whether this process may still write.

A process that was frozen while it connected would else send what it was about to, though another one works by now:
when it runs again the connection is there before anything notices how much time has passed.
"""

from collections.abc import Callable

import aiohttp
from aiohttp.client_reqrep import ClientRequest, ClientResponse
from aiohttp.connector import Connection


def guarded(guard: Callable[[], None]) -> type[ClientRequest]:
    """The requests of a session: ``guard`` is called before one that changes something is written to its connection."""

    class Guarded(ClientRequest):
        async def send(self, conn: Connection) -> ClientResponse:
            if self.method != aiohttp.hdrs.METH_GET:
                guard()
            return await super().send(conn)

    return Guarded
