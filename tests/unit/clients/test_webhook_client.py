"""Calls to webhooks, on a real HTTPS server: where they go, where they never go, and what comes back."""

import asyncio
import gzip
import socket
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from mlflow_operator.clients.webhooks.addresses import is_public
from mlflow_operator.clients.webhooks.calls import Webhooks, names
from mlflow_operator.desired.external.urls import Address
from mlflow_operator.errors import LeadershipLost
from mlflow_operator.promotion.webhooks.answers import Answer, Unanswered
from unit.clients.receiving import Handler, certificate, receiver

BODY, HEADERS = b'{"format":"v1"}', {"webhook-id": "msg_1", "webhook-timestamp": "1"}
NOT_PUBLIC = "it leads to a private, loopback, link-local or metadata address"


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of nobody's authority."""
    return certificate(tmp_path_factory.mktemp("receiver"))


async def call(
    url: str, tls: Path, *hosts: str, seconds: float = 5, resolve: dict[str, list[str]] | None = None
) -> Answer | Unanswered:
    """One call by an operator that trusts the certificate, and whose settings name the hosts."""
    loop = asyncio.get_running_loop()

    async def lookup(host: str, port: int, **_: Any) -> list[Any]:
        found = (resolve or {}).get(host, ["127.0.0.1"])
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    loop.getaddrinfo = lookup  # type: ignore[assignment, method-assign]
    async with Webhooks(hosts=hosts, tls=ssl.create_default_context(cafile=str(tls))) as webhooks:
        return await webhooks.post(url, BODY, HEADERS, seconds=seconds)


def refused(answer: Answer | Unanswered) -> str:
    """Why nobody was called."""
    assert isinstance(answer, Unanswered)
    assert not answer.is_allowed
    return answer.why


async def test_a_message_arrives_as_it_is(tls: Path) -> None:
    """The bytes that were signed, with their headers and nothing that logs anybody in; the answer comes back."""
    async with receiver(tls) as there:
        answer = await call(there.url(), tls, "localhost")
    assert answer == Answer(200, b'{"result": "Passed"}')
    (got,) = there.received
    assert (got.method, got.path, got.body) == ("POST", "/hook", BODY)
    assert {name.lower(): value for name, value in got.headers.items()}.items() >= {
        **HEADERS,
        "content-type": "application/json",
        "user-agent": "mlflow-operator",
    }.items()
    assert not {"authorization", "cookie"} & {name.lower() for name in got.headers}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "cab.example.com"])
async def test_what_no_setting_names_is_at_a_public_address(tls: Path, host: str) -> None:
    """Whatever name leads to this machine: nothing arrives, and the message says what to do."""
    async with receiver(tls) as there:
        why = refused(await call(there.url(host), tls))
        assert f"{host}:{there.port} is not called: {NOT_PUBLIC}" in why
        assert "settings.externalHosts" in why
        assert there.received == []
        assert await call(there.url(host), tls, host) == Answer(200, b'{"result": "Passed"}')


async def test_a_name_that_changes_its_address_gets_nowhere(tls: Path) -> None:
    """The address is looked at that is connected to: a lookup that was right a moment ago is no help."""
    async with receiver(tls) as there:
        for addresses in (["127.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["169.254.169.254"]):
            why = refused(await call(there.url("cab.example.com"), tls, resolve={"cab.example.com": addresses}))
            assert NOT_PUBLIC in why
    assert there.received == []


async def test_metadata_is_out_of_reach_even_of_a_host_that_is_named(tls: Path) -> None:
    """By name and by number."""
    lookup = {"cab.example.com": ["169.254.169.254"]}
    why = refused(await call("https://cab.example.com/", tls, "*.example.com", resolve=lookup))
    assert "169.254.169.254" in why
    assert "metadata" in refused(await call("https://169.254.169.254/latest", tls, "*"))


NAMED = {
    "by name": (["cab.example.com"], True),
    "with its port": (["cab.example.com:8443"], True),
    "another port": (["cab.example.com:443"], False),
    "its domain": (["*.example.com"], True),
    "everything": (["*"], False),
    "everything at a port": (["*:8443"], False),
    "nothing but wildcards": (["*.*.*"], False),
    "among others": (["other.example.com", "CAB.example.com"], True),
    "nobody": ([], False),
}


@pytest.mark.parametrize(("globs", "is_named"), NAMED.values(), ids=NAMED)
def test_a_host_is_named_by_more_than_wildcards(globs: list[str], is_named: bool) -> None:
    """Who lets external servers be anywhere has not let webhooks into the private network."""
    assert names(globs, Address("cab.example.com", 8443)) == is_named


def test_an_address_is_named_as_such() -> None:
    """Of version 6 too."""
    assert names(["::1"], Address("::1", 443))
    assert names(["10.0.*"], Address("10.0.0.1", 443))
    assert not names(["10.0.*"], Address("10.1.0.1", 443))


async def test_a_setting_that_names_hosts_names_all_of_them(tls: Path) -> None:
    """As for external servers."""
    why = refused(await call("https://elsewhere.example.com/x", tls, "localhost"))
    assert "this operator does not talk to elsewhere.example.com:443" in why


async def test_http_is_for_hosts_that_are_named(tls: Path) -> None:
    """What is not encrypted could be read and changed by anybody on the way."""
    async with receiver(None) as there:
        assert "http is not private; write https://" in refused(await call(there.url(), tls))
        assert "http is not private" in refused(await call(there.url(), tls, "*"))
        assert there.received == []
        assert await call(there.url(), tls, "localhost") == Answer(200, b'{"result": "Passed"}')


@pytest.mark.parametrize(
    "url", ["ftp://cab.example.com", "https://u:p@cab.example.com/", "https://cab/?a=b", "https://"]
)
async def test_what_is_no_url_is_not_called(tls: Path, url: str) -> None:
    """The API server refuses it already."""
    assert "in its URL" in refused(await call(url, tls))


def in_a_proxy(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """The environment has a proxy for everything but one host."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", url)
    monkeypatch.setenv("no_proxy", "direct.example.com")


async def test_the_proxy_of_the_environment_is_used(tls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is at a private address itself, and decides what it connects to; hosts without it are as before."""
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as proxy:
        in_a_proxy(monkeypatch, f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
        answer = await call("https://cab.example.com/", tls)
        assert isinstance(answer, Unanswered)
        assert "proxy" in answer.why
        assert asked == [b"CONNECT cab.example.com:443 HTTP/1.1\r\n"]
        for host in ("127.0.0.1", "localhost", "10.0.0.1", "[::1]"):
            assert NOT_PUBLIC in refused(await call(f"https://{host}/", tls)), host
        assert NOT_PUBLIC in refused(await call("https://direct.example.com/", tls))
        assert len(asked) == 1


@pytest.mark.parametrize("scheme", ["https", "socks5", "nonsense"])
async def test_a_proxy_that_is_not_understood_is_no_way_around_it(
    tls: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """Nothing is connected to without it."""
    async with receiver(tls) as there:
        in_a_proxy(monkeypatch, f"{scheme}://127.0.0.1:9")
        answer = await call(there.url("cab.example.com"), tls)
    assert isinstance(answer, Unanswered)
    assert there.received == []


async def slow(_: web.Request) -> web.StreamResponse:
    """An answer that comes too late."""
    await asyncio.sleep(5)
    return web.Response()


async def trickle(request: web.Request) -> web.StreamResponse:
    """An answer that never ends."""
    stream = web.StreamResponse()
    await stream.prepare(request)
    while True:
        await stream.write(b" ")
        await asyncio.sleep(0.05)


async def huge(_: web.Request) -> web.StreamResponse:
    """More than anybody has to say."""
    return web.Response(body=b" " * 2**20)


async def bomb(_: web.Request) -> web.StreamResponse:
    """A lot in a little."""
    return web.Response(body=gzip.compress(b" " * 2**20), headers={"Content-Encoding": "gzip"})


async def broken_off(request: web.Request) -> web.StreamResponse:
    """A connection that ends in the middle."""
    stream = web.StreamResponse(headers={"Content-Length": "100"})
    await stream.prepare(request)
    await stream.write(b"{")
    if request.transport:
        request.transport.abort()
    return stream


NO_ANSWERS: dict[str, tuple[Handler, str]] = {
    "slow": (slow, "gave no whole answer in time"),
    "without an end": (trickle, "gave no whole answer in time"),
    "huge": (huge, "its answer is longer than 16 KiB"),
    "compressed": (bomb, "its answer is compressed"),
    "broken off": (broken_off, "localhost:"),
}


@pytest.mark.parametrize(("handler", "words"), NO_ANSWERS.values(), ids=NO_ANSWERS)
async def test_what_is_no_answer_is_said_in_the_same_words(tls: Path, handler: Handler, words: str) -> None:
    """Within the time that is given, and the second time as the first."""
    async with receiver(tls, handler) as there:
        before = time.monotonic()
        found = [await call(there.url(), tls, "localhost", seconds=0.5) for _ in range(2)]
        assert time.monotonic() - before < 4
    assert found[0] == found[1]
    assert isinstance(found[0], Unanswered)
    assert (words in found[0].why, found[0].is_allowed) == (True, True), found[0]


async def test_a_redirect_is_an_answer_that_is_not_followed(tls: Path) -> None:
    """Neither to somewhere inside nor anywhere else."""
    async with receiver(tls) as inside:

        async def elsewhere(_: web.Request) -> web.StreamResponse:
            return web.Response(status=307, headers={"Location": inside.url()})

        async with receiver(tls, elsewhere) as there:
            assert await call(there.url(), tls, "localhost") == Answer(307)
    assert inside.received == []


async def test_how_long_it_wants_to_be_left_alone_is_heard(tls: Path) -> None:
    """And no body of an answer that says no."""

    async def busy(_: web.Request) -> web.StreamResponse:
        return web.Response(status=429, headers={"Retry-After": "120"}, text="s3cret")

    async with receiver(tls, busy) as there:
        assert await call(there.url(), tls, "localhost") == Answer(429, b"", 120.0)


async def test_a_certificate_of_nobody_is_not_trusted(tls: Path) -> None:
    """Nothing is sent to who only says who he is."""
    async with receiver(tls) as there, Webhooks(hosts=["localhost"]) as webhooks:
        answer = await webhooks.post(there.url(), BODY, HEADERS, seconds=5)
    assert answer == Unanswered("its certificate is not trusted; have its authority added to the chart's caBundle")
    assert there.received == []


async def test_nobody_there(tls: Path) -> None:
    """A port at which nobody listens."""
    async with receiver(tls) as there:
        url = there.url()
    answer = await call(url, tls, "localhost")
    assert isinstance(answer, Unanswered)
    assert "did not answer: connection refused" in answer.why


async def test_a_process_that_does_not_lead_calls_nobody(tls: Path) -> None:
    """Somebody else may be calling already."""

    def guard() -> None:
        raise LeadershipLost("LeadershipLost", "no")

    async with receiver(tls) as there, Webhooks(hosts=["localhost"], guard=guard) as webhooks:
        with pytest.raises(LeadershipLost):
            await webhooks.post(there.url(), BODY, HEADERS, seconds=5)
    assert there.received == []


PRIVATE = (
    *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0.0.0.1"),
    *("192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b::7f00:1", "2002:a00:1::", "2002:7f00:1::1"),
    *("localhost", "", "1", "0x7f.1"),
)
PUBLIC = ("8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")


def test_which_addresses_are_public() -> None:
    """Those of the internet; not those that have a private one in them, and not what is no address."""
    assert [address for address in PRIVATE if is_public(address)] == []
    assert [address for address in PUBLIC if not is_public(address)] == []
