"""A webhook's side of the line: a small server that answers as a test says and keeps what it was sent."""

import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Call:
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A server on this machine."""

    handler: Handler
    scheme: str = "https"
    port: int = 0
    received: list[Call] = field(default_factory=list)

    def url(self, host: str = "localhost") -> str:
        """Where it is, by one of its names."""
        return f"{self.scheme}://{host}:{self.port}/hook"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Keep what came, and answer as the test says."""
        self.received.append(Call(request.method, request.path, dict(request.headers), await request.read()))
        return await self.handler(request)


async def passed(_: web.Request) -> web.StreamResponse:
    """The shortest answer."""
    return web.json_response({"result": "Passed"})


def certificate(folder: Path) -> Path:
    """A certificate for this machine, which signs itself, and its key; in one file."""
    key, cert, both = folder / "tls.key", folder / "tls.crt", folder / "both.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=receiver", "-addext", "subjectAltName=DNS:localhost,DNS:cab.example.com,IP:127.0.0.1"]
    subprocess.run([*words, *names, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    both.write_bytes(key.read_bytes() + cert.read_bytes())
    return both


@asynccontextmanager
async def receiver(tls: Path | None, handler: Handler = passed) -> AsyncIterator[Receiver]:
    """A server with a certificate, or without TLS."""
    context = None
    if tls is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tls)
    found, app = Receiver(handler, "https" if tls else "http"), web.Application()
    app.router.add_route("*", "/{path:.*}", found.answer)
    running = TestServer(app, scheme=found.scheme)
    await running.start_server(ssl=context)
    found.port = running.port or 0
    try:
        yield found
    finally:
        await running.close()
