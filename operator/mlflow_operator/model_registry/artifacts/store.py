"""Models: logged as runs, and loaded from memory, from disk or from the server."""

import os
import threading
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlflow_operator.model_registry.artifacts import compression, flavors, folders, runs, transfer
from mlflow_operator.model_registry.artifacts.disk import Disk
from mlflow_operator.model_registry.artifacts.flights import Flights, outcome
from mlflow_operator.model_registry.artifacts.folders import Lease, Reserve
from mlflow_operator.model_registry.artifacts.location import ModelLocation
from mlflow_operator.model_registry.artifacts.memory import Memory
from mlflow_operator.model_registry.artifacts.server import Server
from mlflow_operator.model_registry.artifacts.workers import Workers
from mlflow_operator.model_registry.connection import Connection, connection
from mlflow_operator.model_registry.errors import Invalid, Unavailable

_EXPERIMENT = "Default"
LOG_SECONDS = LOAD_SECONDS = 600.0
"""How long a model may take, where nobody says otherwise: large ones take minutes."""


class Artifacts:
    """The models of one MLflow. Blocking work is done in threads of its own, never on the event loop.

    A model that is in memory is handed to everybody who asks for it, so it is for reading: who changes it changes it
    for all.
    """

    def __init__(
        self,
        tracking_uri: str | Connection,
        *,
        memory_bytes: int,
        disk: Path | None,
        disk_bytes: int,
        workers: int = 4,
    ) -> None:
        """Make the caches; nothing is read, written or imported before the first call.

        Args:
            tracking_uri: of MLflow, by HTTP; what it does not say the variables of MLflow's client do.
            memory_bytes: of models that are kept in memory, counted as their files; 0 keeps none.
            disk: a folder for artifacts, which other processes may share; None keeps none.
            disk_bytes: of artifacts in that folder.
            workers: how many models are logged and loaded at once.

        Raises:
            Invalid: A number makes no sense, or the URL is none.
        """
        if min(memory_bytes, disk_bytes) < 0 or workers < 1:
            raise Invalid(
                f"caches of {memory_bytes} and {disk_bytes} bytes and {workers} workers; bytes are at least 0"
            )
        to = connection(os.environ, tracking_uri) if isinstance(tracking_uri, str) else tracking_uri
        self._server = Server(to)
        self._memory = Memory(memory_bytes)
        self._disk = Disk(disk, disk_bytes) if disk else None
        self._workers = Workers(workers)
        self._flights = Flights(self._workers)
        self._held: list[Lease] = []
        self._closing = threading.Event()

    async def log(
        self,
        model: Any,
        model_name: str,
        *,
        metrics: Mapping[str, float] | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        experiment: str | None = None,
        flavor: str | None = None,
        signature: Any = None,
        input_example: Any = None,
        compress: str | None = None,
        options: Mapping[str, Any] | None = None,
        timeout: float = LOG_SECONDS,  # noqa: ASYNC109 - of the waiting; the thread has to hear of it
    ) -> str:
        """Log a model as a new run, at its artifact path ``model``; the id of the run.

        The arguments are those of ``ModelRegistry.log_model``.

        Raises:
            Invalid: Something about the request, with what would be right.
            StorageFull: No room for the files of the model.
            Unavailable: MLflow or its store did not answer in time.
            NotFound, PermissionDenied, MissingExtra: As everywhere.
        """
        if compress not in (None, compression.FORMAT):
            raise Invalid(f"compress is {compress!r}; it has to be {compression.FORMAT!r}, or left out")
        if compress:
            compression.library()
        wanted = runs.Wanted(
            model,
            model_name,
            flavors.named(flavor) if flavor else flavors.detect(model),
            experiment or os.environ.get("MLFLOW_EXPERIMENT_NAME") or _EXPERIMENT,
            metrics=dict(metrics or {}),
            params=dict(params or {}),
            tags=dict(tags or {}),
            compress=bool(compress),
            options={**(options or {}), "signature": signature, "input_example": input_example},
        )
        stopped = threading.Event()
        work = self._workers.submit(lambda: runs.log(self._server, wanted, self._check(stopped)))
        try:
            return str(await outcome(work.future, timeout))
        except TimeoutError:
            message = f"{model_name} was not logged within {timeout:g} s; its run is marked as failed if MLflow answers"
            raise Unavailable(f"{message}; look at the server, or give it more time") from None
        finally:
            stopped.set()
            self._workers.give_up(work)

    async def load(
        self,
        where: ModelLocation,
        *,
        flavor: str | None = None,
        timeout: float = LOAD_SECONDS,  # noqa: ASYNC109 - of the waiting; the load itself goes on
    ) -> Any:
        """The model of a version, as what it was logged as; ``flavor="pyfunc"`` gives MLflow's general form of it.

        However many ask for the same at the same time, it is loaded once.

        Raises:
            NotFound: It has no artifacts, or not as this flavor.
            Unavailable: It was not there after so many seconds. A load that has begun goes on, and is kept.
            StorageFull: No room for its files.
            Invalid, PermissionDenied, MissingExtra: As everywhere.
        """
        kept = self._memory.get((where, flavor))
        if kept is not None:
            return kept.model
        try:
            return await self._flights.result((where, flavor), lambda: self._load(where, flavor), timeout)
        except TimeoutError:
            message = f"{where} was not loaded within {timeout:g} s; it goes on, so ask again later"
            raise Unavailable(f"{message}, give it more time, or look why the server or its store is slow") from None

    async def close(self) -> None:
        """Let go of all models and threads; a transfer that is under way stops at its next piece."""
        self._closing.set()
        self._workers.close()
        self._memory.clear()
        while self._held:
            self._held.pop().release()

    def _load(self, where: ModelLocation, flavor: str | None) -> Any:
        kept = self._memory.get((where, flavor))
        if kept is not None:  # by who was a moment earlier
            return kept.model
        lease = self._lease(where)
        try:
            model = flavors.load(lease.path, flavor, str(where))
        except BaseException:
            lease.release()
            raise
        self._hold(lease, model)
        self._memory.put((where, flavor), model, lease.size)
        return model

    def _lease(self, where: ModelLocation) -> Lease:
        check = self._check(threading.Event())

        def fill(folder: Path, reserve: Reserve) -> None:
            transfer.fetch(self._server, where, folder, reserve, check)
            compression.unpack(folder, reserve, check)

        if self._disk is not None:
            return self._disk.lease(where.key(self._server.to.url), fill, check)
        return folders.filled(fill)

    def _hold(self, lease: Lease, model: Any) -> None:
        """Keep the files as long as the model lives: it may read them later, or have them mapped into memory."""
        try:
            weakref.finalize(model, lease.release)
        except TypeError:  # such as a dict; nobody can tell when it goes
            self._held.append(lease)

    def _check(self, stopped: threading.Event) -> Callable[[], None]:
        def check() -> None:
            if stopped.is_set() or self._closing.is_set():
                raise Unavailable("nobody waits for it any more")

        return check
