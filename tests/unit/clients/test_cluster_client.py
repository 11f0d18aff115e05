"""What goes to the Kubernetes API arrives as it was meant."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio import client

from mlflow_operator.clients import cluster
from mlflow_operator.clients.cluster import Cluster
from mlflow_operator.clients.mlflow.registry import Access, Mlflow
from mlflow_operator.errors import Conflict, OperatorError, RegistryUnavailable

TEXTS = {
    "a pictogram": "🚀 go",
    "a family": "👩\u200d👩\u200d👧",
    "letters": "Prüfung 模型",
    "an escape that is text": "\\ud83d\\ude80",
    "line ends of other worlds": "a\u0085b\u2028c\u2029d",
    "control characters": "a\x00\x1b\x7f\x9f\t\n",
    "a byte order mark": "\ufeffx",
    "what is no character": "\ufffe\uffff",
    "quotes": 'it\'s the "best": {a}',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_applied_is_json_and_yaml(text: str) -> None:
    """Keys and values come out of a reader of either as they went in."""
    raw = cluster.yaml({text: [text]})
    assert json.loads(raw) == yaml.safe_load(raw) == {text: [text]}


def test_half_a_pictogram_is_replaced() -> None:
    """JSON that MLflow has passed on can hold one, and UTF-8 cannot."""
    assert json.loads(cluster.yaml({"a": "x\ud83d"})) == {"a": "x\ufffd"}


@pytest.fixture
async def sent() -> AsyncIterator[tuple[Cluster, list[tuple[str, str, bytes]]]]:
    """A cluster whose API server takes everything, and what it was sent: method, content type and body."""
    requests = []

    async def handler(request: web.Request) -> web.Response:
        raw = await request.read()
        requests.append((request.method, request.headers["Content-Type"], raw))
        stale = request.method == "PUT" and json.loads(raw)["metadata"].get("resourceVersion") == "1"
        return web.Response(text='{"metadata": {}}', status=409 if stale else 200)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server:
        made = Cluster(client.ApiClient(client.Configuration(host=str(server.make_url("")).rstrip("/"))))
        yield made, requests
        await made.close()


async def test_pictograms_are_applied_as_they_are(sent: tuple[Cluster, list[tuple[str, str, bytes]]]) -> None:
    """Readers of YAML refuse the pair of escapes that JSON in ASCII makes of one."""
    made, requests = sent
    await made.apply({"kind": "Service", "metadata": {"namespace": "a", "name": "b", "annotations": {"x": "🚀"}}})
    ((method, content_type, raw),) = requests
    assert method == "PATCH"
    assert content_type.startswith("application/apply-patch+yaml")
    assert "🚀".encode() in raw


async def test_replacing_what_has_changed_is_a_conflict(sent: tuple[Cluster, list[tuple[str, str, bytes]]]) -> None:
    """The resourceVersion goes along, so that only one of two writers wins."""
    made, requests = sent
    service = {"kind": "Service", "metadata": {"namespace": "a", "name": "b", "resourceVersion": "2"}}
    await made.replace(service)
    assert json.loads(requests[0][2]) == service
    with pytest.raises(Conflict):
        await made.replace({"kind": "Service", "metadata": {"namespace": "a", "name": "b", "resourceVersion": "1"}})


async def test_a_long_list_is_in_memory_page_by_page() -> None:
    """Five thousand objects at once would be more than all that is kept of them: the next page is asked for in time."""
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.query.get("continue", ""))
        page = len(asked)
        items = [{"metadata": {"name": f"{page}-{number}", "managedFields": []}} for number in "ab"]
        return web.json_response({"items": items, "metadata": {"continue": "more"} if page < 3 else {}})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server:
        made = Cluster(client.ApiClient(client.Configuration(host=str(server.make_url("")).rstrip("/"))))
        seen = [(obj["metadata"], len(asked)) async for obj in made.each("Service")]
        await made.close()
    assert seen == [({"name": f"{page}-{number}"}, page) for page in (1, 2, 3) for number in "ab"]
    assert asked == ["", "more", "more"]


async def test_the_api_server_is_never_asked_by_a_proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever variables are injected into the pod; what leads out of the cluster honours them."""
    kubeconfig = {
        "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "users": [{"name": "a", "user": {"token": "t"}}],
    }

    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"items": [], "metadata": {}})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server:
        url = str(server.make_url(""))
        file = tmp_path / "config"
        file.write_text(json.dumps({**kubeconfig, "clusters": [{"name": "a", "cluster": {"server": url}}]}))
        monkeypatch.setenv("KUBECONFIG", str(file))
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr("kubernetes.aio.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(file))
        made = await Cluster.connect()
        assert await made.list("Service") == []
        await made.close()
        async with Mlflow() as mlflow:
            with pytest.raises(RegistryUnavailable, match="by the proxy of the operator's environment"):
                await mlflow.at(Access(url)).ping()


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (
            500,
            "failed to create typed patch object (team/mlflow; apps/v1, Kind=Deployment): .spec.x: not in schema",
            "Invalid",
        ),
        (500, "etcdserver: request timed out", "ClusterUnavailable"),
        (422, "spec.replicas: Invalid value", "Invalid"),
    ],
    ids=["a misspelt field", "a broken server", "a bad value"],
)
async def test_a_misspelt_field_is_no_outage(status: int, message: str, expected: str) -> None:
    """The API server refuses it under 500, as if it were broken."""

    async def handler(_: web.Request) -> web.Response:
        body = {"kind": "Status", "reason": "Invalid" if status == 422 else "", "message": message}
        return web.json_response(body, status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server:
        made = Cluster(client.ApiClient(client.Configuration(host=str(server.make_url("")).rstrip("/"))))
        with pytest.raises(OperatorError, match=re.escape(message)) as refused:
            await made.apply({"kind": "Deployment", "metadata": {"namespace": "team", "name": "mlflow"}})
        assert refused.value.reason == expected
        await made.close()
