"""A tracking server that a tenant may point the operator to: one that is slow, or one that means harm."""

import asyncio
import contextlib
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field

from aiohttp import web

from cluster.host import ports
from cluster.services.threaded import serving

CHUNK = b'{"model_versions": [' + b" " * 2**20
PAGES = 10_000


@dataclass
class TenantServer:
    """Answers the registry's REST API for any model with two versions, as late or as oddly as it is told."""

    delay: float = 0.0
    """Seconds until an answer."""
    harm: str = ""
    """``stream``: bodies without end; ``bomb``: a gigabyte in a megabyte; ``pages``: lists that go on and on."""
    asked: int = 0
    stages: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = ports.free(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Whatever MLflow would say."""
        self.asked += 1
        await asyncio.sleep(self.delay)
        if request.path.endswith("model-versions/search") and self.harm:
            return await self._harm(request)
        if request.path.endswith("model-versions/search"):
            model = request.query["filter"].split("=", 1)[1].strip().strip("'\"")
            return web.json_response({"model_versions": [self._version(model, number) for number in ("1", "2")]})
        if request.path.endswith("registered-models/get"):
            name = request.query["name"]
            return web.json_response({"registered_model": {"name": name, "last_updated_timestamp": 1}})
        if request.path.endswith("registered-models/search"):
            names = sorted({name for name, _ in self.stages})
            models = [{"name": name, "last_updated_timestamp": 1} for name in names]
            return web.json_response({"registered_models": models})
        if request.path.endswith("transition-stage"):
            body = await request.json()
            self.stages[body["name"], body["version"]] = body["stage"]
            return web.json_response({"model_version": self._version(body["name"], body["version"])})
        return web.json_response({})

    def _version(self, model: str, version: str) -> dict[str, str | int]:
        stage = self.stages.get((model, version), "None")
        known = {"name": model, "version": version, "current_stage": stage, "status": "READY"}
        return {**known, "creation_timestamp": 1, "last_updated_timestamp": 1}

    async def _harm(self, request: web.Request) -> web.StreamResponse:
        if self.harm == "bomb":
            headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
            return web.Response(body=gzip.compress(b" " * 2**30, 9), headers=headers)
        if self.harm == "pages":
            number = int(request.query.get("page_token", "0"))
            token = {"next_page_token": str(number + 1)} if number < PAGES else {}
            return web.json_response({"model_versions": [self._version("fraud", str(number + 1))], **token})
        stream = web.StreamResponse(headers={"Content-Type": "application/json"})
        await stream.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await stream.write(CHUNK)
        return stream

    @contextlib.contextmanager
    def running(self) -> Iterator["TenantServer"]:
        """The server, in a thread of its own."""
        with serving(self.answer, self.port):
            yield self


def claim(model: str, server: str = "mlflow", version: int = 1) -> dict[str, object]:
    """The spec of a claim on Production."""
    return {"serverRef": {"name": server}, "model": model, "version": version, "target": {"stage": "Production"}}
