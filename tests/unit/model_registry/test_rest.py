"""The service asks MLflow within a deadline, again where that is safe, and every failure is one of its own errors."""

import asyncio
import time
from typing import Any

import pytest
from aiohttp import web

from cluster.host import ports
from mlflow_operator.model_registry.connection import Connection
from mlflow_operator.model_registry.deadline import Deadline
from mlflow_operator.model_registry.errors import (
    Conflict,
    Invalid,
    NotFound,
    PermissionDenied,
    RegistryError,
    Unavailable,
)
from mlflow_operator.model_registry.rest import Rest
from unit.model_registry.serving import Answers, asking, error, serving, talking

HTML = "<!doctype html><title>503</title>"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, error("RESOURCE_DOES_NOT_EXIST"), NotFound),
        (400, error("RESOURCE_ALREADY_EXISTS"), Conflict),
        (400, error("INVALID_PARAMETER_VALUE"), Invalid),
        (401, "You are not authenticated.", PermissionDenied),
        (403, "Permission denied", PermissionDenied),
        (403, error("PERMISSION_DENIED"), PermissionDenied),
        (404, HTML, Unavailable),
        (302, "", Unavailable),
        (500, HTML, Unavailable),
        (500, error("INTERNAL_ERROR"), Unavailable),
        (200, HTML, Unavailable),
        (200, "[]", Unavailable),
        (200, "[" * 100_000, Unavailable),
        (200, '{"runs": [' + "[]," * 300_000 + "[]]}", Unavailable),
    ],
)
async def test_every_answer_that_is_none_is_an_error_of_this_library(
    status: int, body: Any, kind: type[RegistryError]
) -> None:
    """MLflow's codes, plain refusals of its login, pages of what stands in front of it, JSON that would fill memory."""
    async with asking(Answers((status, body))) as rest:
        with pytest.raises(kind) as raised:
            await rest.get("experiments/search")
    assert type(raised.value) is kind
    assert str(status) in str(raised.value) or "JSON" in str(raised.value) or "values" in str(raised.value)


async def test_a_server_that_comes_back_is_asked_again() -> None:
    """Questions are, lists by POST too; the third try has the answer."""
    answers = Answers((503, HTML), (502, HTML), (200, {"a": 1}), (504, ""), (200, {"a": 2}))
    async with asking(answers) as rest:
        assert await rest.get("runs/get") == {"a": 1}
        assert await rest.search("runs/search", {}) == {"a": 2}


async def test_a_change_is_never_sent_twice() -> None:
    """After a 503 nobody knows whether it was made."""
    answers = Answers((503, HTML), (200, {}))
    async with asking(answers) as rest:
        with pytest.raises(Unavailable):
            await rest.write("POST", "registered-models/create", {"name": "m"})
    assert len(answers.asked) == 1


async def test_a_change_that_was_never_sent_is_sent_again() -> None:
    """A server that starts while it is asked has not seen the first tries."""
    port = ports.free(1)[0]

    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"done": True})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    async with Rest(Connection(f"http://127.0.0.1:{port}")) as rest:
        call = asyncio.create_task(rest.write("POST", "registered-models/create", {}))
        await asyncio.sleep(0.05)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        assert await call == {"done": True}
    await runner.cleanup()


async def test_retry_after_is_heeded() -> None:
    """A server that asks for a second gets it."""
    answers = Answers((429, error("REQUEST_LIMIT_EXCEEDED"), {"Retry-After": "1"}), (200, {}))
    async with asking(answers) as rest:
        began = time.monotonic()
        await rest.get("runs/get")
    assert time.monotonic() - began >= 1


async def test_a_wait_beyond_the_deadline_is_not_waited() -> None:
    """The refusal is told at once."""
    async with asking(Answers((429, error("REQUEST_LIMIT_EXCEEDED"), {"Retry-After": "60"})), timeout=5) as rest:
        began = time.monotonic()
        with pytest.raises(Unavailable, match="REQUEST_LIMIT_EXCEEDED"):
            await rest.get("runs/get")
    assert time.monotonic() - began < 2


async def test_a_server_that_is_down_is_said_so_soon() -> None:
    """Within the tries, far before the deadline."""
    async with Rest(Connection(f"http://127.0.0.1:{ports.free(1)[0]}")) as rest:
        began = time.monotonic()
        with pytest.raises(Unavailable, match="connection refused"):
            await rest.get("runs/get")
    assert time.monotonic() - began < 5


async def test_a_slow_server_is_given_up_at_the_deadline() -> None:
    """Of the client, or of the call."""

    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(3)
        return web.Response()

    async with asking(slow, timeout=0.3) as rest:
        for deadline in (None, Deadline(0.3)):
            began = time.monotonic()
            with pytest.raises(Unavailable, match=r"within 0\.3 s"):
                await rest.get("runs/get", deadline=deadline)
            assert time.monotonic() - began < 1.5


async def test_a_server_that_drips_is_given_up_at_the_deadline() -> None:
    """A byte now and then is no answer."""

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _number in range(60):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with talking(drip) as url, Rest(Connection(url), timeout=0.4) as rest:
        began = time.monotonic()
        with pytest.raises(Unavailable, match="within"):
            await rest.get("runs/get")
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("said", [b"", b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"a"', b"SSH-2.0-OpenSSH\r\n"])
async def test_a_cut_connection_is_no_answer(said: bytes) -> None:
    """Nor is half an answer, nor another protocol."""

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()

    async with talking(cut) as url, Rest(Connection(url), timeout=5) as rest:
        with pytest.raises(Unavailable, match="did not answer"):
            await rest.get("runs/get")


async def test_an_endless_body_is_not_read() -> None:
    """Memory is bounded whatever a server sends."""
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse()
        await answer.prepare(request)
        while sent < 64 * 2**20:
            await answer.write(b" " * 2**16)
            sent += 2**16
        return answer

    async with asking(endless) as rest:
        with pytest.raises(Unavailable, match="more than 8 MiB"):
            await rest.get("runs/get")
    assert sent < 32 * 2**20


async def test_a_redirect_gets_no_credential() -> None:
    """Where it leads is told without what its query holds; nothing is sent there."""
    elsewhere = Answers((200, {}))
    async with serving(elsewhere) as other:
        location = {"Location": f"{other}/login?token=abc"}
        async with asking(Answers((302, "", location))) as rest:
            with pytest.raises(Unavailable, match="login page") as raised:
                await rest.get("runs/get")
    assert "abc" not in str(raised.value)
    assert elsewhere.asked == []


async def test_the_text_of_a_server_forges_no_line_of_a_log() -> None:
    """What it says is shown in one line of bounded length."""
    async with asking(
        Answers((400, error("INVALID_PARAMETER_VALUE", "a\r\nERROR forged \x1b[2J" + "x" * 9999)))
    ) as rest:
        with pytest.raises(Invalid) as raised:
            await rest.get("runs/get")
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 500


async def test_login_and_workspace_are_sent() -> None:
    """With every call, and nothing is asked to be compressed."""
    answers = Answers((200, {}))
    async with serving(answers) as url, Rest(Connection(url, "Bearer t0ken", "team-a")) as rest:
        await rest.get("runs/get", {"run_id": "1"})
    assert answers.asked == ["GET /api/2.0/mlflow/runs/get?run_id=1"]
    wanted = {"Authorization": "Bearer t0ken", "X-MLFLOW-WORKSPACE": "team-a", "Accept-Encoding": "identity"}
    assert wanted.items() <= answers.headers[0].items()


async def test_pages_are_one_list() -> None:
    """Until there is no token; a server whose pages never end is left."""
    answers = Answers(
        (200, {"runs": [{"n": 1}], "next_page_token": "a"}),
        (200, {"runs": [{"n": 2}], "next_page_token": "b"}),
        (200, {}),
        (200, {"runs": [{"n": 1}], "next_page_token": "a"}),
    )
    async with asking(answers) as rest:
        assert [item["n"] async for item in rest.pages("runs", "runs", {})] == [1, 2]
        with pytest.raises(Unavailable, match="without an end"):
            _ = [item async for item in rest.pages("runs", "runs", {})]


async def test_a_call_that_is_given_up_by_its_caller_ends() -> None:
    """Cancelled is cancelled, and no error of ours."""
    began = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        began.set()
        await asyncio.sleep(3)
        return web.Response()

    async with asking(slow) as rest:
        call = asyncio.create_task(rest.get("runs/get"))
        await began.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call


def test_one_client_serves_one_event_loop_after_the_other() -> None:
    """As in a notebook or a script with asyncio.run; nothing warns of what was left open."""

    async def both(rest: list[Rest]) -> None:
        async with serving(Answers((200, {"a": 1}))) as url:
            rest[:] = rest or [Rest(Connection(url))]
            rest[0].connection = Connection(url)
            assert await rest[0].get("runs/get") == {"a": 1}

    rest: list[Rest] = []
    for _ in range(3):
        asyncio.run(both(rest))
