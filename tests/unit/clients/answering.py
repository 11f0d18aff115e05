"""A small HTTP server that answers as a test says, and a registry client for it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from mlflow_operator.clients.mlflow.registry import Access, Mlflow, Registry

Handler = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def server(handler: Handler, headers: tuple[tuple[str, str], ...] = ()) -> AsyncIterator[Registry]:
    """A registry client whose server answers everything with the handler."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as running, Mlflow() as mlflow:
        yield mlflow.at(Access(str(running.make_url("")), headers))


def answering(status: int, text: str) -> Handler:
    """A server that always says the same."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    return handler


def error(code: str, message: str = "why") -> str:
    """MLflow's error body."""
    return json.dumps({"error_code": code, "message": message})
