"""A webhook over HTTPS, which answers as a test says, keeps what it was sent, and believes only what is signed."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import ssl
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from cluster.host import ports
from cluster.plane.certificates import Authority
from cluster.services.threaded import serving


@dataclass(frozen=True)
class Received:
    """A message."""

    path: str
    id: str
    signature: str
    """As it came; empty: none."""
    is_believed: bool
    """Whether it was signed with the key."""
    content: Mapping[str, Any]


@dataclass
class Receiver:
    """Webhooks by path, on this machine, with a certificate of an authority of its own."""

    folder: Path
    key: bytes = bytes(range(32))
    answers: dict[str, tuple[int, Mapping[str, Any]]] = field(default_factory=dict)
    """By path: status and content; who is not in it says Passed."""
    of_test: str = ""
    """What stands before each path: claims of earlier tests may still call."""
    delay: float = 0.0
    received: list[Received] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.port = ports.free(1)[0]
        self._authority = Authority(self.folder)
        self._authority.create()
        self._authority.issue("receiver", "/CN=receiver", "DNS:localhost,IP:127.0.0.1")

    @property
    def authority(self) -> Path:
        """The certificate of its authority."""
        return self._authority.certificate

    @property
    def secret(self) -> str:
        """The key, as a Secret has it."""
        return f"whsec_{base64.b64encode(self.key).decode()}"

    def url(self, path: str, host: str = "localhost") -> str:
        """Where a webhook is."""
        return f"https://{host}:{self.port}/{self.of_test}/{path}"

    def of(self, path: str) -> list[Received]:
        """What one of them was sent."""
        return [message for message in self.received if message.path == path]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Keep the message, and answer."""
        body, headers = await request.read(), request.headers
        id_, at, signature = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
        of_test, _, path = request.path.strip("/").partition("/")
        if of_test != self.of_test:
            return web.Response(status=503)
        self.received.append(Received(path, id_, signature, self._believes(id_, at, signature, body), json.loads(body)))
        status, content = self.answers.get(path, (200, {"result": "Passed"}))
        await asyncio.sleep(self.delay)
        return web.json_response(content, status=status)

    def _believes(self, id_: str, at: str, signature: str, body: bytes) -> bool:
        digest = hmac.new(self.key, b".".join((id_.encode(), at.encode(), body)), hashlib.sha256).digest()
        return f"v1,{base64.b64encode(digest).decode()}" in signature.split()

    def begin(self) -> None:
        """Another test: say Passed, remember nothing, and answer nobody else."""
        self.answers.clear()
        self.received.clear()
        self.delay, self.of_test = 0.0, uuid.uuid4().hex

    @contextlib.contextmanager
    def running(self) -> Iterator["Receiver"]:
        """The server."""
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(self.folder / "receiver.crt", self.folder / "receiver.key")
        with serving(self.answer, self.port, tls):
            yield self
