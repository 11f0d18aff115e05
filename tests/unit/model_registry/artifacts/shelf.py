"""A server that knows of MLflow's API what logging and loading needs, and can go wrong as a test says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from mlflow_operator.model_registry.artifacts import ModelLocation
from mlflow_operator.model_registry.artifacts.store import Artifacts
from mlflow_operator.model_registry.connection import Connection

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
SOURCE = "mlflow-artifacts:/1/r1/artifacts/model"
ROOT = "1/r1/artifacts/model"


@dataclass
class Shelf:
    """Artifacts by path, and what was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    """Where the list says another size than there is."""
    calls: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    """Of what is not an artifact."""
    cut: str = ""
    """A file whose connection is cut in the middle."""
    hangs: str = ""
    """A part of a path that is never answered."""
    refuses: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By a part of the path: status and text."""
    url: str = ""
    over: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    """That the test is over: what hangs need not hang any longer."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Whatever was prepared."""
        self.calls.append(f"{request.method} {request.path}")
        if self.hangs and self.hangs in request.path:
            await self.over.wait()
        for part, (status, text) in self.refuses.items():
            if part in request.path:
                return web.Response(status=status, text=text)
        if request.path == ARTIFACTS:
            return self._list(request.query.get("path", ""))
        if request.path.startswith(ARTIFACTS):
            return await self._file(request, request.path.removeprefix(f"{ARTIFACTS}/"))
        if request.method != "GET":
            self.bodies.append(await request.json())
        return web.json_response(_ANSWERS.get(request.path.removeprefix("/api/2.0/mlflow/"), {}))

    def model(self, where: Path) -> None:
        """Have the files of a folder as the model."""
        for file in where.rglob("*"):
            if file.is_file():
                self.files[f"{ROOT}/{file.relative_to(where).as_posix()}"] = file.read_bytes()

    def statuses(self) -> list[str]:
        """What the run was said to be, in turn."""
        return [body["status"] for body in self.bodies if "status" in body]

    def artifacts(self, disk: Path | None = None, *, room: int = 2**30, authorization: str = "") -> Artifacts:
        """What is to be tested, for this server."""
        to = Connection(self.url, authorization)
        return Artifacts(to, memory_bytes=room, disk=disk, disk_bytes=room)

    def _list(self, folder: str) -> web.Response:
        found: dict[str, dict[str, Any]] = {}
        for path, content in self.files.items():
            if path.startswith(f"{folder}/"):
                name, _, below = path.removeprefix(f"{folder}/").partition("/")
                size = self.sizes.get(path, len(content))
                found[name] = {"path": name, "is_dir": True} if below else {"path": name, "file_size": size}
        return web.json_response({"files": list(found.values())})

    async def _file(self, request: web.Request, path: str) -> web.StreamResponse:
        if request.method == "PUT":
            self.files[path] = await request.read()
            return web.json_response({})
        if path != self.cut:
            return web.Response(body=self.files[path])
        answer = web.StreamResponse(headers={"Content-Length": str(len(self.files[path]))})
        await answer.prepare(request)
        await answer.write(self.files[path][: len(self.files[path]) // 2])
        assert request.transport is not None
        request.transport.abort()
        return answer


_ANSWERS: dict[str, dict[str, Any]] = {
    "experiments/get-by-name": {"experiment": {"experiment_id": "1", "lifecycle_stage": "active"}},
    "runs/create": {"run": {"info": {"run_id": "r1", "artifact_uri": "mlflow-artifacts:/1/r1/artifacts"}}},
    "runs/get": {"run": {"info": {"run_id": "r1", "artifact_uri": "mlflow-artifacts:/1/r1/artifacts"}}},
    "logged-models/m-1": {"model": {"info": {"artifact_uri": SOURCE}}},
    "model-versions/get-download-uri": {"artifact_uri": "models:/m-1"},
}


def version(number: int = 1, source: str = SOURCE) -> ModelLocation:
    """A version of a model on the shelf."""
    return ModelLocation("fraud", number, "r1", source, 1700000000000)


@asynccontextmanager
async def shelf() -> AsyncIterator[Shelf]:
    """An empty one, that answers."""
    made, app = Shelf(), web.Application(client_max_size=2**28)
    app.router.add_route("*", "/{path:.*}", made.answer)
    async with TestServer(app) as running:
        made.url = str(running.make_url("")).rstrip("/")
        try:
            yield made
        finally:
            made.over.set()
