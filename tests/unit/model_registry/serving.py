"""Small servers that answer the service as a test says, some of them not in HTTP."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from mlflow_operator.model_registry.connection import Connection
from mlflow_operator.model_registry.rest import Rest

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """The URL of a server that answers everything with the handler."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{path:.*}", handle)
    async with TestServer(app) as running:
        yield str(running.make_url("")).rstrip("/")


@asynccontextmanager
async def talking(raw: Raw) -> AsyncIterator[str]:
    """The URL of a server that does with each connection what the test says."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError):
                await raw(reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(once, "127.0.0.1")
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def asking(handler: Handler, *, timeout: float = 5.0) -> AsyncIterator[Rest]:  # noqa: ASYNC109 - of each call
    """A client of a server that answers everything with the handler."""
    async with serving(handler) as url, Rest(Connection(url), timeout=timeout) as rest:
        yield rest


class Answers:
    """A handler that gives prepared answers in turn, the last one for ever, and remembers what it was asked."""

    def __init__(self, *answers: tuple[int, Any] | tuple[int, Any, dict[str, str]]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[Any] = []

    async def __call__(self, request: web.Request) -> web.Response:
        """The next answer."""
        self.asked.append(f"{request.method} {request.path_qs}")
        self.headers.append(dict(request.headers))
        self.bodies.append(await request.text())
        status, body, *headers = self._answers[0] if len(self._answers) == 1 else self._answers.pop(0)
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(status=status, text=text, headers=headers[0] if headers else None)


def error(code: str, message: str = "why") -> dict[str, str]:
    """MLflow's error body."""
    return {"error_code": code, "message": message}
