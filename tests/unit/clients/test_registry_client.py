"""The registry client against a small HTTP server that answers as MLflow does."""

import json

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from mlflow_operator.clients.mlflow.registry import Access, Mlflow
from mlflow_operator.errors import (
    RegistryRefused,
    RegistryUnavailable,
    Waiting,
)
from mlflow_operator.promotion.snapshot import Mark, ModelVersion

from .answering import Handler, answering, server


async def test_no_cookie_is_sent_back() -> None:
    """Each question stands for itself: a session of some proxy would outlive the credentials that began it."""
    sent = []

    async def handler(request: web.Request) -> web.Response:
        sent.append(request.headers.get("Cookie"))
        return web.json_response({}, headers={"Set-Cookie": "session=1; Path=/"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app, host="localhost") as running, Mlflow() as mlflow:  # addresses have no cookies anyway
        registry = mlflow.at(Access(str(running.make_url(""))))
        await registry.ping()
        await registry.ping()
    assert sent == [None, None]


FILTERS = {
    "fraud": "name = 'fraud'",
    "it's": 'name = "it\'s"',
    'the "best"': "name = 'the \"best\"'",
    "back\\slash": "name = 'back\\slash'",
    """it's "a\\b\"""": """name LIKE 'it_s "a_b"'""",
}


@pytest.mark.parametrize(("model", "wanted"), FILTERS.items(), ids=FILTERS)
async def test_a_name_is_a_literal_that_it_cannot_leave(model: str, wanted: str) -> None:
    """Where it has both quotes, others that fit the pattern are left out."""
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.query.get("filter"))
        listed = [{"name": model, "version": "1"}, {"name": "itXs", "version": "2"}]
        return web.json_response({"model_versions": listed})

    async with server(handler) as registry:
        assert list((await registry.snapshot(model, aliases=False)).versions) == ["1"]
    assert asked == [wanted]


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


Route = tuple[int, dict[str, object]]
MISSING: Route = (404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no"})
DENIED: Route = (403, {})
NOTHING: Route = (200, {})


def routing(**routes: Route) -> Handler:
    """A server with an answer for each last word of a path: ``get`` of a model, ``search`` of its versions."""

    async def handler(request: web.Request) -> web.Response:
        status, body = routes[request.path.rpartition("/")[2]]
        return web.json_response(body, status=status)

    return handler


@pytest.mark.parametrize("aliases", [True, False])
async def test_a_model_that_is_not_registered_is_empty(aliases: bool) -> None:
    """MLflow answers a search for an unknown model with nothing, and so does the snapshot; also of a renamed one."""
    async with server(routing(get=MISSING, search=NOTHING)) as registry:
        snapshot = await registry.snapshot("it's new", aliases=aliases)
        assert await registry.mark("it's new") is None
    assert (snapshot.versions, snapshot.aliases) == ({}, {})


@pytest.mark.parametrize("aliases", [True, False])
async def test_a_model_that_is_hidden_is_not_taken_for_deleted(aliases: bool) -> None:
    """A server with permissions leaves what may not be read out of searches: an empty list proves nothing."""
    async with server(routing(get=DENIED, search=NOTHING)) as registry:
        with pytest.raises(RegistryRefused, match="403"):
            await registry.snapshot("fraud", aliases=aliases)


async def test_a_survey_tells_of_all_models() -> None:
    """Names, when they changed, and their aliases, from all pages."""

    async def handler(request: web.Request) -> web.Response:
        number = int(request.query.get("page_token", "1"))
        aliases = [{"alias": "champion", "version": "7"}] if number == 2 else []
        model = {"name": f"m{number}", "last_updated_timestamp": number, "aliases": aliases}
        more = {"next_page_token": str(number + 1)} if number < 3 else {}
        return web.json_response({"registered_models": [model], **more})

    async with server(handler) as registry:
        found = await registry.survey()
    assert found == {"m1": Mark(1), "m2": Mark(2, {"champion": "7"}), "m3": Mark(3)}


async def test_a_move_answers_with_the_version_as_it_is_then() -> None:
    """Stage and time are MLflow's, not what was asked for."""
    moved = {"version": "7", "current_stage": "Production", "last_updated_timestamp": "5", "tags": [{"key": "a"}]}
    async with server(answering(200, json.dumps({"model_version": moved}))) as registry:
        found = await registry.move("fraud", "7", "Production", archive_existing=True)
    assert found == ModelVersion("7", "Production", "READY", tags={"a": ""}, updated=5)


async def test_who_may_not_write_sends_nothing() -> None:
    """The guard is asked before each write, and its error is what comes of it; reading goes on."""
    seen = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.method)
        return web.json_response({})

    def guard() -> None:
        raise Waiting("NotLeader", "another process leads")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as running, Mlflow(guard=guard) as mlflow:
        registry = mlflow.at(Access(str(running.make_url(""))))
        await registry.ping()
        for write in (
            registry.move("fraud", "7", "Production", archive_existing=True),
            registry.set_alias("fraud", "champion", "7"),
            registry.set_version_tag("fraud", "7", "a", "b"),
            registry.put_artifact("a", b""),
            registry.delete_artifact("a"),
        ):
            with pytest.raises(Waiting, match="another process"):
                await write
    assert seen == ["GET"]


async def test_who_is_frozen_while_it_connects_sends_nothing() -> None:
    """It may write when it begins, and no more when the connection is there."""
    seen, asked = [], []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.method)
        return web.json_response({})

    def guard() -> None:
        asked.append(1)
        if len(asked) > 1:
            raise Waiting("NotLeader", "another process leads")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as running, Mlflow(guard=guard) as mlflow:
        with pytest.raises(Waiting, match="another process"):
            await mlflow.at(Access(str(running.make_url("")))).set_alias("fraud", "champion", "7")
    assert (len(asked), seen) == (2, [])


async def test_a_folder_of_artifacts_is_listed_by_name() -> None:
    """What is in it, and nothing where there is no such folder."""
    seen = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.method, request.path_qs))
        files = [{"path": "a", "is_dir": False, "file_size": 1}, {"path": "b", "is_dir": True}]
        return web.json_response({"files": files} if "full" in request.path_qs else {})

    async with server(handler) as registry:
        assert await registry.list_artifacts("full") == {"a", "b"}
        assert await registry.list_artifacts("none") == set()
    assert seen[0] == ("GET", "/api/2.0/mlflow-artifacts/artifacts?path=full")


async def test_a_model_that_changes_while_it_is_listed_is_listed_again() -> None:
    """Pages come from several moments: a version that somebody deletes between them could be missed, and another."""
    times = iter([1, 2, 2])
    lists = []

    async def handler(request: web.Request) -> web.Response:
        if request.path.endswith("registered-models/get"):
            return web.json_response({"registered_model": {"last_updated_timestamp": next(times)}})
        second = "page_token" in request.query
        lists.append(second)
        numbers = range(1001, 1003) if second else range(1, 1001)
        more = {} if second else {"next_page_token": "2"}
        return web.json_response({"model_versions": [{"version": str(n)} for n in numbers], **more})

    async with server(handler) as registry:
        assert len((await registry.snapshot("fraud")).versions) == 1002
    assert lists == [False, True, False, True]


@pytest.mark.parametrize(
    ("text", "signed"),
    [
        ("flavors: {}\nsignature:\n  inputs: x\n", True),
        ("flavors: {}\r\nsignature: {inputs: x}\r\n", True),
        ("flavors: {}\nsignature: null\n", False),
        ("flavors: {}\nmetadata:\n  signature: x\n", False),
    ],
)
async def test_the_signature_is_read_from_the_model_file(text: str, signed: bool) -> None:
    """A version has a signature if its MLmodel file says so."""
    async with server(answering(200, text)) as registry:
        assert (await registry.model_file("fraud", "7")).signature is signed


@pytest.mark.parametrize("page", ["<html><body>back soon</body></html>", "", "signature: yes\n", "{}"])
async def test_a_maintenance_page_is_no_model_without_a_signature(page: str) -> None:
    """What does not look like an MLmodel file says nothing about the model: it is asked for again."""
    async with server(answering(200, page)) as registry:
        with pytest.raises(RegistryUnavailable) as caught:
            await registry.model_file("fraud", "7")
    assert caught.value.reason == "NotMLflow"
