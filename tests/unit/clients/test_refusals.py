"""What MLflow, something in front of it or the way to it says no with, as errors that users can act on."""

import asyncio
import json
import ssl
import subprocess
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from mlflow_operator.clients.mlflow.registry import Access, Mlflow
from mlflow_operator.errors import (
    OperatorError,
    RegistryNotFound,
    RegistryRefused,
    RegistryUnavailable,
    Terminal,
)

from .answering import answering, error, server

ANSWERS: dict[str, tuple[int, str, type[OperatorError], str]] = {
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


@pytest.mark.parametrize("url", ["http://0xa9fea9fe", "http://169.254.169.254"])
async def test_no_name_leads_to_a_metadata_service(url: str) -> None:
    """What counts is the address that a connection would be made to, whatever the URL calls it."""
    async with Mlflow() as mlflow:
        with pytest.raises(Terminal) as caught:
            await mlflow.at(Access(url)).ping()
    assert caught.value.reason == "AddressNotAllowed"
    assert "169.254.169.254" in caught.value.message


async def test_a_redirect_is_told_and_not_followed() -> None:
    """The message has where it leads to, without a token in the query; what is there is never asked."""
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        location = "https://me:s3cret@login.example.com/oauth2/start?state=s3cret#s3cret"
        return web.Response(status=302, headers={"Location": location})

    async with server(handler, (("Authorization", "Bearer s3cret"),)) as registry:
        with pytest.raises(RegistryRefused) as caught:
            await registry.ping()
    assert len(asked) == 1
    assert caught.value.reason == "Http302"
    assert "to https://login.example.com/oauth2/start; " in caught.value.message
    assert "login page" in caught.value.message
    assert "s3cret" not in caught.value.message


async def test_a_body_that_claims_to_be_compressed_hides_no_status() -> None:
    """Nothing is unpacked, so what cannot be unpacked is no failure of its own: the credentials were refused."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=401, body=b"not gzip at all", headers={"Content-Encoding": "gzip"})

    async with server(handler) as registry:
        with pytest.raises(RegistryRefused) as caught:
            await registry.ping()
    assert caught.value.reason == "AccessDenied"


async def test_a_refusal_is_as_long_as_somebody_reads_it() -> None:
    """MLflow's messages may quote whole requests; of code and message the first 300 letters are told."""
    text = json.dumps({"error_code": "INVALID_PARAMETER_VALUE", "message": "no! " * 10_000})
    async with server(answering(400, text)) as registry:
        with pytest.raises(RegistryRefused) as caught:
            await registry.ping()
    assert "no! no!" in caught.value.message
    assert len(caught.value.message) < 400


PASSING = {
    "unauthenticated": (401, "", True),
    "forbidden": (403, "", True),
    "a proxy's 404": (404, "<html>nginx</html>", True),
    "a proxy's 400": (400, "", True),
    "a login page": (302, "", True),
    "MLflow's word": (400, error("INVALID_PARAMETER_VALUE"), False),
}


@pytest.mark.parametrize(("status", "text", "passing"), PASSING.values(), ids=PASSING)
async def test_what_may_pass_by_itself_says_so(status: int, text: str, passing: bool) -> None:
    """A token that is being rotated, or a proxy that is being set up, is no reason to give up at once."""
    async with server(answering(status, text)) as registry:
        with pytest.raises(RegistryRefused) as caught:
            await registry.ping()
    assert caught.value.maybe_passing is passing


@pytest.mark.parametrize(
    ("said", "after"), [("30", 30), ("31536000", 600), ("soon", 0), ("-1", 0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0)]
)
async def test_a_server_can_ask_to_be_left_alone(said: str, after: float) -> None:
    """For ten minutes at most."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": said})

    async with server(handler) as registry:
        with pytest.raises(RegistryUnavailable) as caught:
            await registry.ping()
    assert caught.value.after == after


@pytest.fixture
def certificate(tmp_path: Path) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate that nobody has signed."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*words, "-subj", "/CN=localhost"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


async def cause(url: str, patience: float = 5.0) -> str:
    """Why there is no answer from a URL; the same words twice."""
    said = []
    async with Mlflow(timeout=patience, rest=0) as mlflow:
        for _ in range(2):
            with pytest.raises(RegistryUnavailable) as caught:
                await mlflow.at(Access(url)).ping()
            said.append(caught.value.message)
    assert said[0] == said[1]
    return said[0].replace(url, "")


async def test_each_cause_has_its_own_words(certificate: ssl.SSLContext) -> None:
    """A closed port, a wrong name, a certificate, a mixed-up scheme and a silence have different remedies."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answering(200, "{}"))
    assert "connection refused" in await cause("http://127.0.0.1:1")
    assert "the host name mlflow.invalid is not known" in await cause("http://mlflow.invalid")
    secure = TestServer(app, scheme="https")
    await secure.start_server(ssl=certificate)
    said = await cause(str(secure.make_url("")).rstrip("/"))
    assert "self-signed certificate" in said
    assert "name the authority that signed it in spec.external.caBundle" in said
    await secure.close()
    async with TestServer(app) as server:
        assert "no TLS" in await cause(str(server.make_url("")).replace("http:", "https:").rstrip("/"))

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    for behaviour, words in ((silent, "gave no whole answer in time"), (rude, "it closed the connection")):
        async with await asyncio.start_server(behaviour, "127.0.0.1") as listener:
            port = listener.sockets[0].getsockname()[1]
            assert words in await cause(f"http://127.0.0.1:{port}", patience=0.3)
