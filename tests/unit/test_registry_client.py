"""The registry client against a small HTTP server that answers as MLflow does."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from mlflow_operator.clients.registry import Access, Mlflow, Registry
from mlflow_operator.errors import RegistryNotFound, RegistryRefused, RegistryUnavailable

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


ANSWERS = {
    "missing": (404, error("RESOURCE_DOES_NOT_EXIST"), RegistryNotFound, "ResourceDoesNotExist"),
    "bad request": (400, error("INVALID_PARAMETER_VALUE"), RegistryRefused, "InvalidParameterValue"),
    "plain 403": (403, "Permission denied", RegistryRefused, "AccessDenied"),
    "host refused": (403, "Invalid Host header", RegistryRefused, "AccessDenied"),
    "unauthenticated": (401, "not you", RegistryRefused, "AccessDenied"),
    "database away": (503, error("TEMPORARILY_UNAVAILABLE"), RegistryUnavailable, "RegistryUnavailable"),
    "HTML error page": (500, "<html>oops</html>", RegistryUnavailable, "RegistryUnavailable"),
    "HTML 404": (404, "<html>no such page</html>", RegistryRefused, "Http404"),
    "too many requests": (429, "", RegistryUnavailable, "RegistryUnavailable"),
    "not MLflow": (200, "<html>welcome</html>", RegistryUnavailable, "NotMLflow"),
    "redirect to a login page": (302, "", RegistryRefused, "Http302"),
}


@pytest.mark.parametrize(("status", "text", "kind", "reason"), ANSWERS.values(), ids=ANSWERS)
async def test_answers_become_errors_of_ours(status: int, text: str, kind: type[Exception], reason: str) -> None:
    """Whatever MLflow or something in front of it answers becomes one of three errors, with a reason."""
    async with server(answering(status, text)) as registry:
        with pytest.raises(kind) as caught:
            await registry.ping()
    assert type(caught.value) is kind
    assert getattr(caught.value, "reason", None) == reason


async def test_nobody_at_home() -> None:
    """A refused connection is told from a refusal, with the same words each time, so that no status flaps."""
    async with Mlflow() as mlflow:
        said = set()
        for _ in range(2):
            with pytest.raises(RegistryUnavailable) as caught:
                await mlflow.at(Access("http://127.0.0.1:1")).ping()
            said.add(caught.value.message)
    assert len(said) == 1
    assert "http://127.0.0.1:1 did not answer" in said.pop()


async def test_credentials_go_along_and_are_never_shown() -> None:
    """The header is sent with each request; neither the object nor an error says what is in it."""
    seen = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.Response(status=401, text="no")

    async with server(handler, (("Authorization", "Bearer s3cret"),)) as registry:
        with pytest.raises(RegistryRefused) as caught:
            await registry.ping()
    assert seen == ["Bearer s3cret"]
    assert "s3cret" not in f"{caught.value} {caught.value!r} {Access('http://x', (('a', 's3cret'),))!r}"


@pytest.mark.parametrize(
    ("text", "version"), [("3.17.2\n", "3.17.2"), ("3.18.0rc1", "3.18.0rc1"), ("<html>log in</html>", None)]
)
async def test_a_page_is_no_release(text: str, version: str | None) -> None:
    """Whatever stands in front of MLflow may answer /version with a page of its own."""
    async with server(answering(200, text)) as registry:
        assert await registry.version() == version


async def test_a_connection_is_used_once() -> None:
    """On a connection used before, MLflow with several workers holds each answer back for 40 ms."""
    seen = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers["Connection"])
        return web.Response(text="{}")

    async with server(handler) as registry:
        await registry.ping()
    assert seen == ["close"]


async def test_all_pages_of_a_model_are_read() -> None:
    """A snapshot has every version, whatever the page size, and the aliases that searches leave out."""

    async def handler(request: web.Request) -> web.Response:
        if request.path.endswith("registered-models/get"):
            return web.json_response({"registered_model": {"aliases": [{"alias": "champion", "version": "2"}]}})
        token = request.query.get("page_token", "1")
        more = {"next_page_token": str(int(token) + 1)} if token != "3" else {}
        return web.json_response({"model_versions": [{"version": token, "current_stage": "None"}], **more})

    async with server(handler) as registry:
        snapshot = await registry.snapshot("fraud")
    assert (set(snapshot.versions), snapshot.aliases) == ({"1", "2", "3"}, {"champion": "2"})


async def test_a_model_that_is_not_registered_is_empty() -> None:
    """MLflow answers a search for an unknown model with nothing, and so does the snapshot."""
    async with server(answering(200, "{}")) as registry:
        snapshot = await registry.snapshot("it's new")
    assert (snapshot.versions, snapshot.aliases) == ({}, {})


@pytest.mark.parametrize(
    ("text", "signed"), [("flavors: {}\nsignature:\n  inputs: x\n", True), ("flavors: {}\n", False)]
)
async def test_the_signature_is_read_from_the_model_file(text: str, signed: bool) -> None:
    """A version has a signature if its MLmodel file says so."""
    async with server(answering(200, text)) as registry:
        assert await registry.has_signature("fraud", "7") is signed
