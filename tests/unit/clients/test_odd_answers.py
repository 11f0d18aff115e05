"""Whatever a proxy, a wrong URL or a broken server answers is an error of ours, and never an empty registry."""

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from mlflow_operator.clients.mlflow.registry import Access, Mlflow, Registry
from mlflow_operator.errors import OperatorError, RegistryRefused, RegistryUnavailable

ODD: dict[str, tuple[int, bytes, type[OperatorError], str]] = {
    "not text": (200, b"\xff\xfe{}", RegistryUnavailable, "NotMLflow"),
    "not text, and an error": (502, b"\xff\xfe", RegistryUnavailable, "RegistryUnavailable"),
    "a list": (200, b"[]", RegistryUnavailable, "NotMLflow"),
    "nothing": (200, b"null", RegistryUnavailable, "NotMLflow"),
    "JSON of something else": (200, b'{"message": "welcome"}', RegistryUnavailable, "NotMLflow"),
    "versions without a number": (200, b'{"model_versions": [{}]}', RegistryUnavailable, "NotMLflow"),
    "a version below the first": (200, b'{"model_versions": [{"version": "0"}]}', RegistryUnavailable, "NotMLflow"),
    "a version below zero": (200, b'{"model_versions": [{"version": "-7"}]}', RegistryUnavailable, "NotMLflow"),
    "a model without a name": (200, b'{"registered_models": [{"aliases": []}]}', RegistryUnavailable, "NotMLflow"),
    "a timeout of something in front": (408, b"", RegistryUnavailable, "RegistryUnavailable"),
    "a code that is a number": (400, b'{"error_code": 5, "message": "x"}', RegistryRefused, "5"),
    "no message": (400, b'{"error_code": "BAD_REQUEST", "message": null}', RegistryRefused, "BadRequest"),
    "a code of several words": (400, b'{"error_code": "bad-request, really"}', RegistryRefused, "BadRequestReally"),
    "an empty code": (400, b'{"error_code": ""}', RegistryRefused, "Http400"),
}


QUESTIONS: dict[str, Callable[[Registry], Awaitable[object]]] = {
    "a model with its aliases": lambda registry: registry.snapshot("fraud"),
    "a model": lambda registry: registry.snapshot("fraud", aliases=False),
    "all models": lambda registry: registry.survey(),
}


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize(("status", "body", "kind", "reason"), ODD.values(), ids=ODD)
async def test_an_odd_answer_is_an_error_of_ours(
    status: int, body: bytes, kind: type[OperatorError], reason: str, ask: Callable[[Registry], Awaitable[object]]
) -> None:
    """It has a reason that a condition can carry, and no claim takes it for a model without versions."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server, Mlflow() as mlflow:
        with pytest.raises(kind) as caught:
            await ask(mlflow.at(Access(str(server.make_url("")))))
    assert caught.value.reason == reason
