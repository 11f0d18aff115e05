"""What every call of the service needs: who is asked, who remembers the answers, and until when they are waited for."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mlflow_operator.model_registry.connection import Connection, connection
from mlflow_operator.model_registry.deadline import SECONDS, Deadline
from mlflow_operator.model_registry.errors import Invalid
from mlflow_operator.model_registry.metadata import stores
from mlflow_operator.model_registry.metadata.kept import Kept
from mlflow_operator.model_registry.metadata.registry import Registry
from mlflow_operator.model_registry.rest import Rest
from mlflow_operator.model_registry.results import ModelVersion, Version, number, slot

if TYPE_CHECKING:
    from mlflow_operator.model_registry.artifacts import Artifacts

_TTL = 30.0
_GIB = 2**30


@dataclass(frozen=True)
class Parts:
    """What is made with the first call, when the environment is read."""

    rest: Rest
    registry: Registry


class Base:
    """The settings of a registry, and what is made of them."""

    def __init__(
        self,
        tracking_uri: str | Connection | None = None,
        *,
        timeout: float = SECONDS,
        cache: str | None = "memory",
        cache_ttl: float = _TTL,
        memory_bytes: int = _GIB,
        disk: Path | str | None = None,
        disk_bytes: int = 10 * _GIB,
        workers: int = 4,
    ) -> None:
        """Say where MLflow is; without a URL it is ``MLFLOW_TRACKING_URI``, and the login is that of MLflow's client.

        Args:
            tracking_uri: URL of the server, as ``http://mlflow:5000``.
            timeout: seconds for each call about metadata as a whole, unless the call says otherwise.
            cache: where metadata is remembered: ``"memory"``, ``redis://…`` for several processes, None for nowhere.
            cache_ttl: seconds for which an answer is given again.
            memory_bytes: of loaded models that are kept in memory; 0 keeps none.
            disk: a folder for the files of models, which other processes may share; None keeps none.
            disk_bytes: of files in that folder.
            workers: how many models are logged and loaded at once.
        """
        self._to = tracking_uri
        self._timeout = timeout
        self._cache = cache
        self._ttl = cache_ttl
        self._memory_bytes = memory_bytes
        self._disk = Path(disk) if disk is not None else None
        self._disk_bytes = disk_bytes
        self._workers = workers
        self._made: Parts | None = None
        self._models: Artifacts | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections of the running event loop, and let go of models; the next call makes them anew."""
        models, self._models = self._models, None
        if models:
            await models.close()
        if self._made:
            await self._made.rest.close()
            await self._made.registry.close()

    async def _version(
        self, model: str, version: Version | None, stage: str | None, alias: str | None, until: Deadline
    ) -> ModelVersion:
        """A version by its number, or the one that holds a stage or an alias; else the newest."""
        place = slot(stage, alias)
        if version is not None and place is not None:
            raise Invalid(f"version {version} and {place} are both given; leave one out")
        if version is not None:
            return await self._registry.version(model, number(version), until)
        if place is not None:
            return await self._registry.holder(model, place, until)
        return await self._registry.newest(model, until)

    @property
    def _registry(self) -> Registry:
        return self._parts.registry

    @property
    def _parts(self) -> Parts:
        """What the calls need, made with the first of them.

        Raises:
            Invalid: No server is named.
            MissingExtra: The cache needs a package that is not installed.
        """
        if self._made is None:
            to = self._to if isinstance(self._to, Connection) else connection(os.environ, self._to)
            rest = Rest(to, timeout=self._timeout)
            store = stores.store(self._cache, self._ttl)
            kept = Kept(store, whose=to.whose, where=to.url, seconds=self._ttl, timeout=self._timeout)
            self._made = Parts(rest, Registry(rest, kept))
        return self._made

    @property
    def _artifacts(self) -> "Artifacts":
        """Models and their files; imported with the first model, since few programs need it all."""
        if self._models is None:
            from mlflow_operator.model_registry.artifacts import Artifacts  # noqa: PLC0415

            self._models = Artifacts(
                self._parts.rest.connection,
                memory_bytes=self._memory_bytes,
                disk=self._disk,
                disk_bytes=self._disk_bytes,
                workers=self._workers,
            )
        return self._models

    def _until(self, timeout: float | None) -> Deadline:
        return Deadline(self._timeout if timeout is None else timeout)
