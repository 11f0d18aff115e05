"""A server that accepts questions and never answers keeps nobody but the one who tries it."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from mlflow_operator.clients.registry import Access, Mlflow, Registry
from mlflow_operator.errors import RegistryUnavailable

TIMEOUT, REST = 0.2, 0.4


@dataclass
class Server:
    """A server that can hang."""

    hangs: bool = True
    asked: int = 0
    registry: Registry = field(init=False)

    async def answer(self, _: web.Request) -> web.Response:
        """Nothing, or an empty registry."""
        self.asked += 1
        if self.hangs:
            await asyncio.sleep(3 * TIMEOUT)
        return web.json_response({"registered_model": {}, "model_versions": []})


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """One server, with a client of little patience."""
    made, app = Server(), web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    async with TestServer(app) as running, Mlflow(timeout=TIMEOUT, rest=REST) as mlflow:
        made.registry = mlflow.at(Access(str(running.make_url(""))))
        yield made


async def silence(server: Server) -> tuple[str, float]:
    """What a question ends with, and after how many seconds."""
    before = time.monotonic()
    with pytest.raises(RegistryUnavailable) as caught:
        await server.registry.snapshot("fraud")
    return caught.value.message, time.monotonic() - before


async def test_after_a_timeout_nobody_waits_for_the_next_one(server: Server) -> None:
    """The same words, at once, and without a request."""
    first, slow = await silence(server)
    again, quick = await silence(server)
    assert (first == again, server.asked) == (True, 1)
    assert slow >= TIMEOUT
    assert quick < TIMEOUT / 2


async def test_one_question_at_a_time_finds_out_whether_it_is_back(server: Server) -> None:
    """After a rest, of many who ask only one waits; and when it has an answer, all are let through."""
    await silence(server)
    await asyncio.sleep(REST)
    waits = sorted([seconds for _, seconds in await asyncio.gather(*(silence(server) for _ in range(20)))])
    assert waits[-1] >= TIMEOUT
    assert server.asked == 2
    server.hangs = False
    await asyncio.sleep(REST)
    for _ in range(2):
        assert (await server.registry.snapshot("fraud")).versions == {}
    assert len(await asyncio.gather(*(server.registry.snapshot("fraud") for _ in range(20)))) == 20


async def test_a_server_that_refuses_connections_does_not_hang() -> None:
    """It is asked each time: that costs nobody anything, and it may be back at any moment."""
    async with Mlflow(timeout=TIMEOUT, rest=REST) as mlflow:
        registry = mlflow.at(Access("http://127.0.0.1:1"))
        for _ in range(3):
            with pytest.raises(RegistryUnavailable, match="did not answer"):
                await registry.ping()
            registry.check()
