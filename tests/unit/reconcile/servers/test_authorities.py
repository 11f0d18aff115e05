"""Whose certificates are trusted for an external server, and which of its workspaces is meant."""

import base64
import ssl
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.clients.cluster import Cluster
from mlflow_operator.clients.mlflow.registry import Mlflow
from mlflow_operator.config import Settings
from mlflow_operator.engine.queue import WorkQueue
from mlflow_operator.errors import OperatorError, RegistryUnavailable, Terminal, Waiting
from mlflow_operator.promotion.evidence import ModelFile
from mlflow_operator.promotion.snapshot import Snapshot
from mlflow_operator.reconcile.access import access
from mlflow_operator.reconcile.events import seen
from mlflow_operator.reconcile.kept import Kept
from mlflow_operator.reconcile.logins import Logins
from mlflow_operator.reconcile.promotions.models import ModelWatch, RegistryWatch
from mlflow_operator.reconcile.world import World

CONFIG_MAP = {"configMapKeyRef": {"name": "corporate", "key": "ca.crt"}}
SECRET = {"secretKeyRef": {"name": "corporate", "key": "ca.crt"}}


@dataclass
class Objects:
    """A cluster that holds one ConfigMap and one Secret with the same bundle."""

    text: str
    reads: list[str] = field(default_factory=list)

    def one(self, kind: str) -> dict[str, Any]:
        """What is there of a kind."""
        value = self.text if kind == "ConfigMap" else base64.b64encode(self.text.encode()).decode()
        return {"kind": kind, "metadata": {"name": "corporate", "namespace": "team"}, "data": {"ca.crt": value}}

    async def get(self, kind: str, _: str, name: str) -> dict[str, Any] | None:
        """As Cluster.get."""
        self.reads.append(kind)
        return self.one(kind) if name == "corporate" else None


def world(objects: Objects, mlflow: Mlflow | None = None) -> World:
    """A world that has nothing but these."""
    return World(
        settings=Settings(),
        cluster=cast("Cluster", objects),
        mlflow=mlflow or Mlflow(),
        queue=WorkQueue(),
        clock=lambda: datetime.now(UTC),
        instance="test",
        logins=Logins(),
    )


def server(url: str = "https://mlflow.example.com", **external: Any) -> MLflowServer:
    """An external server."""
    spec = {"external": {"url": url, **external}}
    return MLflowServer.parse({"metadata": {"name": "m", "namespace": "team"}, "spec": spec})


@dataclass
class Signed:
    """A certificate for localhost, which signs itself, and the server's side of it."""

    pem: str
    context: ssl.SSLContext


def sign(folder: Path, name: str) -> Signed:
    """Make one."""
    key, cert = folder / f"{name}.key", folder / f"{name}.crt"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*words, *names, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return Signed(cert.read_text(), context)


@pytest.fixture
def signed(tmp_path: Path) -> Signed:
    """A certificate of nobody's authority."""
    return sign(tmp_path, "one")


@pytest.mark.parametrize("bundle", [CONFIG_MAP, SECRET], ids=["ConfigMap", "Secret"])
async def test_a_server_of_a_private_authority_is_asked_once_it_is_named(signed: Signed, bundle: Any) -> None:
    """Over a real socket; without the bundle, or with another authority, it is not."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(text="{}")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    running = TestServer(app, scheme="https")
    await running.start_server(ssl=signed.context)
    url = f"https://localhost:{running.port}"
    async with Mlflow() as mlflow:
        here = world(Objects("# our Autorität\n" + signed.pem), mlflow)
        await mlflow.at(await access(here, server(url, caBundle=bundle))).ping()
        with pytest.raises(RegistryUnavailable, match=r"not trusted .*spec\.external\.caBundle"):
            await mlflow.at(await access(here, server(url))).ping()
    await running.close()


async def test_a_changed_bundle_is_trusted_from_then_on(tmp_path: Path, signed: Signed) -> None:
    """Its ConfigMap is watched; as long as it stays, connections are kept."""
    objects = Objects(signed.pem)
    here, wanted = world(objects), server(caBundle=CONFIG_MAP)
    assert desired.references(wanted) == {desired.Reference("ConfigMap", "corporate", frozenset({"ca.crt"}))}
    first, again = (await access(here, wanted)).tls, (await access(here, wanted)).tls
    assert first is again is not None
    assert objects.reads == ["ConfigMap"]
    objects.text = sign(tmp_path, "other").pem
    seen(here, "ConfigMap", objects.one("ConfigMap"), deleted=False)
    assert (await access(here, wanted)).tls is not first


async def test_the_public_authorities_are_trusted_beside_the_bundle(signed: Signed) -> None:
    """A server that moves to a public certificate goes on without a change of its spec."""
    found = (await access(world(Objects(signed.pem)), server(caBundle=CONFIG_MAP))).tls
    assert found is not None
    known = ssl.create_default_context().cert_store_stats()["x509_ca"]
    assert found.cert_store_stats()["x509_ca"] == known + 1


async def test_a_key_beside_the_certificate_goes_nowhere(signed: Signed) -> None:
    """A bundle that holds more than certificates is one all the same, and what is refused is not shown."""
    key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
    assert (await access(world(Objects(key + signed.pem)), server(caBundle=SECRET))).tls
    with pytest.raises(Terminal) as caught:
        await access(world(Objects(key)), server(caBundle=SECRET))
    assert "c2VjcmV0" not in str(caught.value)


_BROKEN = "-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("text", "bundle", "kind", "said"),
    [
        ("", CONFIG_MAP, Terminal, "CaBundleInvalid: key ca.crt of ConfigMap corporate holds no certificate"),
        ("nonsense", SECRET, Terminal, "CaBundleInvalid: key ca.crt of Secret corporate holds no certificate"),
        (_BROKEN, CONFIG_MAP, Terminal, "CaBundleInvalid: key ca.crt .* has a certificate that cannot be read"),
        (_BROKEN, {"configMapKeyRef": {"name": "corporate", "key": "x"}}, Waiting, "ConfigMapKeyNotFound: .* no key x"),
        (_BROKEN, {"secretKeyRef": {"name": "corporate", "key": "x"}}, Waiting, "SecretKeyNotFound"),
        (_BROKEN, {"configMapKeyRef": {"name": "no", "key": "x"}}, Waiting, "ConfigMapNotFound: ConfigMap no does not"),
        (_BROKEN, {"secretKeyRef": {"name": "no", "key": "x"}}, Waiting, "SecretNotFound: Secret no does not exist"),
    ],
)
async def test_a_bundle_that_is_none_is_named(text: str, bundle: Any, kind: type[OperatorError], said: str) -> None:
    """With its kind, its name and its key; one that is missing may still come."""
    with pytest.raises(kind, match=said):
        await access(world(Objects(text)), server(caBundle=bundle))


async def test_each_question_names_the_workspace() -> None:
    """One MLflow has a registry for each; without one it is the server's default."""
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.headers.get("X-MLFLOW-WORKSPACE"))
        return web.Response(text="{}")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as running, Mlflow() as mlflow:
        here, url = world(Objects(""), mlflow), str(running.make_url("")).rstrip("/")
        for workspace in ({"workspace": "team-a"}, {}):
            way = await access(here, server(url, **workspace))
            await mlflow.at(way).ping()
            await mlflow.at(way).version()
    assert asked == ["team-a", "team-a", None, None]


def test_what_was_known_of_another_registry_is_forgotten() -> None:
    """A server that is pointed to another URL or workspace has other models of the same names, which is news."""
    server = RegistryWatch(registered=3)
    files = {("1", 0): ModelFile(signature=True)}
    model = server.models.setdefault("fraud", ModelWatch(Kept(), Snapshot("fraud", {}), files=files))
    for same in (("https://a", "one"), ("https://a", "one")):
        server.be(same)
        assert (model.snapshot, model.news, server.registered) == (Snapshot("fraud", {}), False, 3)
    server.be(("https://a", "two"))
    assert (model.snapshot, model.news, model.files, server.registered) == (None, True, {}, None)
