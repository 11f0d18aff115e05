"""The service at servers that do not behave: an error of its own within the deadline, and health that is told."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from cluster.host import ports
from mlflow_operator.model_registry import Invalid, ModelRegistry, NotFound, RegistryError, Unavailable
from unit.model_registry.serving import Answers, Handler, error, serving

Call = Callable[[ModelRegistry], Awaitable[Any]]
CALLS: dict[str, Call] = {
    "list": lambda r: r.list_models(),
    "version": lambda r: r.get_version("m", 1),
    "stage": lambda r: r.get_version("m", stage="Production"),
    "alias": lambda r: r.get_version("m", alias="champion"),
    "register": lambda r: r.register_model("run", "m"),
    "promote": lambda r: r.promote_model("m", 1, stage="Production"),
    "compare": lambda r: r.compare_models("m", [1]),
    "history": lambda r: r.metric_history("m", "accuracy", [1]),
    "load": lambda r: r.load_model("m", 1, timeout=1),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)

WRONG_TYPES = {"registered_model": 7, "model_version": [], "run": "x", "model_versions": "y", "registered_models": {}}
TOO_LITTLE = {
    "registered_model": {"name": 7},
    "registered_models": [{}],
    "model_version": {"name": 1},
    "model_versions": [{}],
    "run": {"info": {}},
}


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever cluster the machine knows is none of the service's business."""
    monkeypatch.setenv("KUBECONFIG", "/nonexistent")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)


async def slow(_: web.Request) -> web.Response:
    """An answer that comes too late."""
    await asyncio.sleep(3)
    return web.Response()


async def cut(request: web.Request) -> web.Response:
    """No answer at all."""
    assert request.transport
    request.transport.close()
    return web.Response()


@each_call
@pytest.mark.parametrize(
    "handler",
    [
        slow,
        cut,
        Answers((500, "<html>oops</html>")),
        Answers((401, "You are not authenticated")),
        Answers((200, "<html>log in</html>")),
        Answers((200, WRONG_TYPES)),
        Answers((200, TOO_LITTLE)),
    ],
    ids=["slow", "cut", "500", "401", "HTML", "other types", "less than MLflow says"],
)
async def test_each_call_ends_in_an_error_of_this_library(call: Call, handler: Handler) -> None:
    """Within its deadline; of a server that says nothing of MLflow's, nothing is believed."""
    async with serving(handler) as url, ModelRegistry(url, timeout=1) as registry:
        began = time.monotonic()
        with pytest.raises(RegistryError):
            await call(registry)
        assert time.monotonic() - began < 2.5


@each_call
async def test_a_server_that_is_down_is_unavailable(call: Call) -> None:
    """Each call says so, and where it should be."""
    url = f"http://127.0.0.1:{ports.free(1)[0]}"
    async with ModelRegistry(url) as registry:
        with pytest.raises(Unavailable, match=url):
            await call(registry)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (None, "Invalid"),
        ("sqlite:///mlflow.db", "Invalid"),
        ("http://mlflow.invalid:5000", "Unavailable"),
        ("http://a..b:5000", "Unavailable"),
        (f"http://{'a' * 70}.example:5000", "Unavailable"),
        ("http://127.0.0.1:1", "Unavailable"),
    ],
)
async def test_health_is_told_whatever_the_address(
    url: str | None, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A probe has no use for an exception."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    async with ModelRegistry(url, timeout=3) as registry:
        health = await registry.health_check()
    assert (health["status"], health["reason"]) == ("unhealthy", reason)


@pytest.mark.parametrize("handler", [slow, cut, Answers((500, "")), Answers((200, "<html>")), Answers((403, "no"))])
async def test_health_is_told_whatever_the_answer(handler: Handler) -> None:
    """With what is wrong, in words."""
    async with serving(handler) as url, ModelRegistry(url, timeout=0.5) as registry:
        health = await registry.health_check()
    assert (health["status"], health["server"]) == ("unhealthy", url)
    assert health["error"].startswith(url)


@pytest.mark.parametrize("version", [0, -1, "v7", "", "7.0", True, "\u0667"])
async def test_what_is_no_version_is_refused(version: Any) -> None:
    """Before anybody is asked."""
    async with ModelRegistry("http://127.0.0.1:1") as registry:
        with pytest.raises(Invalid, match="is no version"):
            await registry.promote_model("m", version, alias="champion")


async def test_a_missing_model_is_not_found_by_alias_and_by_stage() -> None:
    """MLflow's two answers for it are one error."""
    async with serving(Answers((404, error("RESOURCE_DOES_NOT_EXIST")))) as url, ModelRegistry(url) as registry:
        with pytest.raises(NotFound):
            await registry.get_version("m", stage="Production")
        with pytest.raises(NotFound):
            await registry.get_version("m", alias="champion")
