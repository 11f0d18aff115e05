"""A Secret goes where it was offered to and nowhere else, and is read again when it may have changed."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.clients.cluster import Cluster
from mlflow_operator.clients.mlflow.registry import Mlflow
from mlflow_operator.config import Settings
from mlflow_operator.desired.external.login import SEND_TO
from mlflow_operator.engine.queue import WorkQueue
from mlflow_operator.errors import OperatorError, RegistryRefused, Terminal, Waiting
from mlflow_operator.reconcile.access import access
from mlflow_operator.reconcile.events import seen
from mlflow_operator.reconcile.logins import Logins
from mlflow_operator.reconcile.world import World

URL = "https://mlflow.example.com"


@dataclass
class Secrets:
    """A cluster that holds one Secret, and counts how often it is read."""

    data: dict[str, bytes] = field(default_factory=lambda: {"token": b"s3cret"})
    offered: str | None = "mlflow.example.com"
    name: str = "login"
    reads: int = 0
    meanwhile: Callable[[], None] = lambda: None
    """What happens while the Secret is read."""

    def secret(self) -> dict[str, Any]:
        """The Secret."""
        annotations = {} if self.offered is None else {SEND_TO: self.offered}
        meta = {"name": self.name, "namespace": "team", "uid": "u", "annotations": annotations}
        data = {key: base64.b64encode(value).decode() for key, value in self.data.items()}
        return {"kind": "Secret", "metadata": meta, "data": data}

    async def get(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        """As Cluster.get."""
        self.reads += 1
        found = self.secret() if (kind, namespace, name) == ("Secret", "team", self.name) else None
        self.meanwhile()
        return found


@dataclass
class Clock:
    """Time that goes by when it is told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def world(secrets: Secrets, mlflow: Mlflow | None = None, **settings: Any) -> World:
    """A world that has nothing but that Secret."""
    return World(
        settings=Settings(**settings),
        cluster=cast("Cluster", secrets),
        mlflow=mlflow or Mlflow(),
        queue=cast("WorkQueue", None),
        clock=lambda: datetime.now(UTC),
        instance="test",
        logins=Logins(Clock()),
    )


def server(url: str = URL, name: str = "login") -> MLflowServer:
    """An external server with credentials."""
    external = {"url": url, "credentialsSecretRef": {"name": name}}
    return MLflowServer.parse({"metadata": {"name": "m", "namespace": "team"}, "spec": {"external": external}})


async def refusal(secrets: Secrets, url: str = URL, **settings: Any) -> OperatorError:
    """What is raised instead of access; nothing of the Secret is in it."""
    with pytest.raises(OperatorError) as caught:
        await access(world(secrets, **settings), server(url))
    assert "s3cret" not in f"{caught.value}{caught.value!r}"
    return caught.value


OFFERS = {
    "the host": ("mlflow.example.com", URL, True),
    "the host, of any port": ("mlflow.example.com", URL + ":8443", True),
    "host and port": ("mlflow.example.com:443", URL, True),
    "another port": ("mlflow.example.com:443", URL + ":8443", False),
    "one of several": ("a.example.com, mlflow.example.com", URL, True),
    "a glob": ("*.example.com", "https://a.b.EXAMPLE.com", True),
    "a glob of other names": ("*.example.com", "https://example.com.evil.org", False),
    "upper case": ("MLflow.Example.com", URL, True),
    "a path that looks like it": ("mlflow.example.com", "https://evil.org/mlflow.example.com", False),
    "an address": ("[::1]:5000", "http://[::1]:5000", True),
    "another host": ("mlflow.example.org", URL, False),
    "nothing": ("", URL, False),
    "commas": (" , ,", URL, False),
    "no annotation": (None, URL, False),
}


@pytest.mark.parametrize(("offered", "url", "sent"), OFFERS.values(), ids=OFFERS)
async def test_a_secret_is_sent_where_it_is_offered_to(offered: str | None, url: str, sent: bool) -> None:
    """Whoever writes the URL cannot have it sent elsewhere."""
    secrets = Secrets(offered=offered)
    if sent:
        found = await access(world(secrets), server(url))
        assert found.headers == (("Authorization", "Bearer s3cret"),)
    else:
        assert (await refusal(secrets, url)).reason == "SecretNotOffered"


@pytest.mark.parametrize("basic", [True, False], ids=["with logins", "without"])
async def test_a_server_of_ours_is_asked_with_the_login_that_was_made_for_it(basic: bool) -> None:
    """Nobody has to offer it: its own Service is the only place that it goes to."""
    secrets = Secrets({"username": b"mlflow-operator", "password": b"drawn"}, offered=None, name="mlflow-auth")
    spec: dict[str, Any] = {"backendStore": {"managed": {}}, "artifactStore": {"managed": {}}}
    metadata = {"name": "mlflow", "namespace": "team", "uid": "u"}
    auth: dict[str, Any] = {"auth": {"basic": {}}} if basic else {}
    found = await access(world(secrets), MLflowServer.parse({"metadata": metadata, "spec": spec | auth}))
    sent = "Basic " + base64.b64encode(b"mlflow-operator:drawn").decode()
    assert found.headers == ((("Authorization", sent),) if basic else ())
    assert found.url.startswith("http://mlflow.team.svc.")


async def test_the_message_has_the_command_that_offers_it() -> None:
    """As a line to run as it stands; what was offered before stays offered, and is quoted."""
    line = f"kubectl -n team annotate --overwrite secret login {SEND_TO}="
    assert line + "mlflow.example.com:443" in (await refusal(Secrets(offered=None))).message
    found = await refusal(Secrets(offered="a; rm -rf /"))
    assert line + "'a; rm -rf /,mlflow.example.com:443'" in found.message


UNUSABLE: dict[str, dict[str, bytes]] = {
    "a binary token": {"token": b"\xff\xfes3cret"},
    "a token of two lines": {"token": b"s3cret\r\nX-Evil: 1"},
    "a token with a null": {"token": b"s3cret\x00"},
    "a token of two words": {"token": b"Bearer s3cret"},
    "a token of other letters": {"token": "s3cret-ü".encode()},
    "no token": {"token": b"\n"},
    "a password of two lines": {"username": b"me", "password": b"s3cret\nx"},
    "a binary password": {"username": b"me", "password": b"s3cret\xff"},
    "a user name with a colon": {"username": b"s3cret:x", "password": b"p"},
}


@pytest.mark.parametrize("data", UNUSABLE.values(), ids=UNUSABLE)
async def test_a_secret_that_cannot_be_sent_says_which_key(data: dict[str, bytes]) -> None:
    """It has a reason of its own, and nothing of it is shown."""
    found = await refusal(Secrets(data=data))
    assert (type(found), found.reason) == (Terminal, "SecretNotUsable")
    assert any(f"key {key} of Secret login" in found.message for key in data)


@pytest.mark.parametrize(
    ("data", "sent"),
    [
        ({"token": b" s3cret\n"}, "Bearer s3cret"),
        ({"username": b"me\n", "password": b" p:w \r\n"}, "Basic " + base64.b64encode(b"me: p:w ").decode()),
        ({"username": "mé".encode(), "password": b""}, "Basic " + base64.b64encode("mé:".encode()).decode()),
    ],
)
async def test_line_ends_of_files_are_not_sent(data: dict[str, bytes], sent: str) -> None:
    """``echo`` and editors leave one behind."""
    assert (await access(world(Secrets(data=data)), server())).headers == (("Authorization", sent),)


async def test_a_missing_key_or_secret_is_waited_for() -> None:
    """It may still come."""
    assert (await refusal(Secrets(data={"username": b"x"}))).reason == "SecretKeyNotFound"
    with pytest.raises(Waiting, match="does not exist in namespace team"):
        await access(world(Secrets()), server(name="other"))


HOSTS = {
    "any": (URL, [], None),
    "one of them": (URL, ["*.example.org", "mlflow.example.com"], None),
    "none of them": (URL, ["*.example.org"], "HostNotAllowed"),
    "no URL of a server": (URL + "/latest#", [], "InvalidUrl"),
    "a metadata service": ("http://169.254.169.254/latest", [], "AddressNotAllowed"),
    "a metadata service, in another way": ("http://[::ffff:a9fe:a9fe]", [], "AddressNotAllowed"),
    "a metadata service, of AWS": ("http://[fd00:ec2::254]", [], "AddressNotAllowed"),
    "link-local": ("http://[fe80::1]:5000", [], "AddressNotAllowed"),
    "link-local, by everything": ("http://169.254.1.1", ["*"], "AddressNotAllowed"),
    "link-local, by name": ("http://169.254.1.1", ["169.254.1.*"], None),
}


@pytest.mark.parametrize(("url", "hosts", "reason"), HOSTS.values(), ids=HOSTS)
async def test_only_allowed_hosts_are_asked(url: str, hosts: list[str], reason: str | None) -> None:
    """Before any Secret is read, let alone sent."""
    secrets = Secrets(offered="*")
    if reason is None:
        await access(world(secrets, external_hosts=hosts), server(url))
    else:
        assert (await refusal(secrets, url, external_hosts=hosts)).reason == reason
        assert secrets.reads == 0


async def test_a_secret_is_read_once_until_it_may_have_changed() -> None:
    """A watch brings the change; without one it is read again after ten minutes."""
    secrets = Secrets()
    here = world(secrets)
    for _ in range(3):
        await access(here, server())
    assert secrets.reads == 1
    seen(here, "Secret", secrets.secret(), deleted=False)
    await access(here, server())
    assert secrets.reads == 2
    cast("Clock", here.logins.clock).now += 601
    await access(here, server())
    assert secrets.reads == 3


async def test_a_secret_that_changes_while_it_is_read_is_read_again() -> None:
    """What was read may be the one of before."""
    secrets = Secrets()
    here = world(secrets)
    secrets.meanwhile = lambda: here.logins.forget("team", "login")
    await access(here, server())
    secrets.meanwhile = lambda: None
    await access(here, server())
    await access(here, server())
    assert secrets.reads == 2


async def test_another_url_of_the_server_needs_an_offer_of_its_own() -> None:
    """What is remembered is the Secret, not where it may go."""
    here = world(Secrets())
    await access(here, server())
    with pytest.raises(Terminal, match="not offered"):
        await access(here, server("https://evil.org"))


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_login_is_read_again(status: int) -> None:
    """The token may have been rotated by somebody whose change the watch has not brought yet."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    secrets = Secrets(offered="127.0.0.1")
    async with TestServer(app) as running, Mlflow() as mlflow:
        here, url = world(secrets, mlflow), str(running.make_url(""))
        for _ in range(2):
            with pytest.raises(RegistryRefused):
                await mlflow.at(await access(here, server(url))).ping()
    assert secrets.reads == 2
