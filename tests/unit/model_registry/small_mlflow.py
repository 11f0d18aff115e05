"""A registry of one model, as small as promotions need it, in which somebody else can move between two requests."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from unit.model_registry.serving import error

API = "/api/2.0/mlflow/"
MODEL = "fraud"


class SmallMlflow:
    """The registry; a handler for ``serving``. MLflow's archiving is in it as it is: what is there is archived."""

    def __init__(self, versions: int = 5) -> None:
        self.stages = dict.fromkeys(range(1, versions + 1), "None")
        self.aliases: dict[str, int] = {}
        self.tags: dict[int, dict[str, str]] = {}
        self.status = "READY"
        self.writes: list[str] = []
        self.between: Callable[[], None] = lambda: None
        """What somebody else does after each write."""

    async def __call__(self, request: web.Request) -> web.Response:
        """The answer to one request."""
        path = request.path.removeprefix(API)
        if path == "registered-models/get":
            return web.json_response({"registered_model": self._model()})
        if path == "model-versions/get":
            number = int(request.query["version"])
            if number not in self.stages:
                return web.json_response(error("RESOURCE_DOES_NOT_EXIST"), status=404)
            return web.json_response({"model_version": self._version(number)})
        if path == "model-versions/search":
            return web.json_response({"model_versions": [self._version(number) for number in self.stages]})
        body = await request.json()
        self.writes.append(path)
        if path == "registered-models/alias":
            self.aliases[body["alias"]] = int(body["version"])
        elif path == "model-versions/transition-stage":
            self.move(int(body["version"]), body["stage"], archive=body["archive_existing_versions"])
        self.between()
        return web.json_response({"model_version": {}})

    def move(self, version: int, stage: str, *, archive: bool = False) -> None:
        """Move a version to a stage."""
        for other in [known for known, of in self.stages.items() if archive and of == stage and known != version]:
            self.stages[other] = "Archived"
        self.stages[version] = stage

    def holders(self, stage: str) -> list[int]:
        """The versions in a stage."""
        return [number for number, of in self.stages.items() if of == stage]

    def sign(self, version: int, claim: str, slot: str) -> None:
        """Tag a version as the operator does that has moved it."""
        group = "mlflow.talentflow.ai"
        self.tags[version] = {f"{group}/promotion": claim, f"{group}/slot": slot}

    def _model(self) -> dict[str, Any]:
        aliases = [{"alias": alias, "version": str(version)} for alias, version in self.aliases.items()]
        return {"name": MODEL, "aliases": aliases, "latest_versions": [self._version(n) for n in self.stages]}

    def _version(self, number: int) -> dict[str, Any]:
        tags = [{"key": key, "value": value} for key, value in self.tags.get(number, {}).items()]
        about = {"name": MODEL, "version": str(number), "current_stage": self.stages[number], "tags": tags}
        return about | {"status": self.status}
