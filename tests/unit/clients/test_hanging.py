"""A server that accepts questions and never answers keeps nobody but the one who tries it."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from mlflow_operator.clients.line import Line
from mlflow_operator.clients.mlflow.registry import Access, Mlflow, Registry
from mlflow_operator.errors import RegistryUnavailable

TIMEOUT, REST = 0.5, 0.8


@dataclass
class Server:
    """A server that can hang."""

    hangs: bool = True
    slow: str = ""
    """A model whose list takes too long."""
    asked: int = 0
    lists: int = 0
    """Lists of the slow model."""
    registry: Registry = field(init=False)

    async def answer(self, request: web.Request) -> web.Response:
        """Nothing, or an empty registry."""
        self.asked += 1
        listed = request.path.endswith("model-versions/search")
        slow = listed and bool(self.slow) and self.slow in request.query["filter"]
        self.lists += slow
        if self.hangs or slow:
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


async def test_a_giant_model_is_silent_by_itself(server: Server) -> None:
    """A list that takes too long says nothing about the other models of a server that answers."""
    server.hangs, server.slow = False, "giant"
    for _ in range(3):
        with pytest.raises(RegistryUnavailable):
            await server.registry.snapshot("giant")
        assert (await server.registry.snapshot("fraud")).versions == {}
        server.registry.check()
    with pytest.raises(RegistryUnavailable):
        server.registry.check("giant")
    assert server.lists == 1, "while it rests nobody waits for the giant's list"


async def test_two_giants_among_models_that_are_answered_are_no_silent_server(server: Server) -> None:
    """What was answered in between counts."""
    server.hangs, server.slow = False, "giant"
    for model in ("giant-1", "giant-2"):
        with pytest.raises(RegistryUnavailable):
            await server.registry.snapshot(model, aliases=False)
        await server.registry.snapshot("fraud", aliases=False)
    server.registry.check()


async def test_two_operations_without_an_answer_in_between_are_a_silent_server(server: Server) -> None:
    """A third model is not tried then, until it has rested; an answer to anything lets all of them through."""
    for model in ("a", "b"):
        with pytest.raises(RegistryUnavailable):
            await server.registry.snapshot(model)
    with pytest.raises(RegistryUnavailable):
        server.registry.check()
    with pytest.raises(RegistryUnavailable):
        await server.registry.snapshot("c")
    assert server.asked == 2
    server.hangs = False
    await asyncio.sleep(REST)
    await server.registry.snapshot("c")
    server.registry.check()
    server.registry.check("a")


async def test_what_is_known_of_a_line_goes_when_nobody_asks_any_more() -> None:
    """Servers and models come and go, and the process stays."""
    line = Line(0.0005)
    for number in range(3):
        with pytest.raises(RegistryUnavailable), line.ask(str(number)):
            raise RegistryUnavailable("RegistryUnavailable", "") from TimeoutError()
        await asyncio.sleep(0.001)
    assert not line.is_quiet()
    await asyncio.sleep(0.05)
    assert line.is_quiet()
    async with Mlflow() as mlflow:
        for number in range(2000):
            mlflow.at(Access(f"http://{number}"))
        assert len(mlflow._lines) < 300
