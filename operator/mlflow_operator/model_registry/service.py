"""The registry as a program uses it: every call is asynchronous and bounded in time."""

import time
from collections.abc import Mapping

from mlflow_operator.model_registry.comparisons import Comparisons
from mlflow_operator.model_registry.errors import Invalid, RegistryError
from mlflow_operator.model_registry.models import Models
from mlflow_operator.model_registry.promotion import choice, claims
from mlflow_operator.model_registry.registering import Wanted, register
from mlflow_operator.model_registry.results import (
    Health,
    ModelVersion,
    Promotion,
    RegisteredModel,
    Version,
    number,
    slot,
)


class ModelRegistry(Models, Comparisons):
    """MLflow's model registry.

    One object serves a whole program, any number of calls at a time, and any event loop. It may be used as an
    asynchronous context manager, which closes its connections; else they end with the event loop. Nothing is read and
    nobody is asked before the first call.

    Every method raises what ``errors`` has, within its deadline: ``Unavailable`` where MLflow does not answer,
    ``PermissionDenied``, ``NotFound``, ``Conflict``, ``Invalid``. A version is a number, or its text.
    """

    async def register_model(
        self,
        run_id: str,
        model_name: str,
        *,
        artifact_path: str = "model",
        tags: Mapping[str, str] | None = None,
        description: str = "",
        timeout: float | None = None,  # noqa: ASYNC109 - a deadline over several requests, and in the error
    ) -> int:
        """Register the model of a run as a new version; returns its number once MLflow calls it READY.

        The registered model is made where there is none. Models of MLflow 2, which are files of the run, and logged
        models of MLflow 3 are registered alike.

        Args:
            run_id: the run that has logged the model.
            model_name: name of the registered model.
            artifact_path: name of the model in its run.
            tags: of the new version.
            description: of the new version.
            timeout: seconds.

        Raises:
            NotFound: There is no such run, or it has no model.
            Unavailable: Nobody knows whether the version was registered, or it did not become READY in time.
        """
        until = self._until(timeout)
        wanted = Wanted(model_name, artifact_path, dict(tags or {}), description)
        return (await register(self._registry, run_id, wanted, until)).version

    async def promote_model(
        self,
        model_name: str,
        version: Version,
        stage: str | None = None,
        *,
        alias: str | None = None,
        archive_existing: bool = True,
        via: choice.Via | None = None,
        claim: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - a deadline over several requests, and in the error
    ) -> Promotion:
        """Bring a version into a stage or under an alias, and see that it is there.

        Where a claim (ModelPromotion) in the cluster governs the slot, the claim is given the version, with the rights
        of whoever calls, and waited for; else the registry is written.

        Args:
            model_name: name of the registered model.
            version: the version.
            stage: None, Staging, Production or Archived, in any case; or
            alias: an alias of the model.
            archive_existing: whether the versions that are in Staging or Production now are archived; of a claim it
                is the claim that says so.
            via: ``"mlflow"`` or ``"kubernetes"``, where it has to be one of them.
            claim: the claim, as namespace/name, where it cannot be told which one governs the slot.
            timeout: seconds.

        Raises:
            NotFound: No such model or version.
            Conflict: Somebody else has moved the slot in between.
            Governed: A claim governs the slot, and could not be asked, or has not moved it; it says why.
        """
        place = slot(stage, alias)
        if place is None:
            raise Invalid("neither a stage nor an alias is given; say where the version is to be")
        named = None if claim is None else claims.parsed(claim)
        if claim is not None and (named is None or via == "mlflow"):
            raise Invalid(f"claim {claim!r}: write namespace/name, and leave via='mlflow' out")
        wanted = choice.Wanted(model_name, number(version), place, archive_existing, via, named)
        return await choice.promote(self._registry, wanted, self._until(timeout))

    async def list_models(self, filter: str = "", *, timeout: float | None = None) -> list[RegisteredModel]:  # noqa: A002, ASYNC109
        """All registered models, with their aliases and the newest version in each stage.

        Args:
            filter: as MLflow takes it, such as ``"name LIKE 'fraud%'"``; empty: all models.
            timeout: seconds.
        """
        return await self._registry.models(filter, self._until(timeout))

    async def get_version(
        self,
        model_name: str,
        version: Version | None = None,
        *,
        stage: str | None = None,
        alias: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - a deadline over several requests, and in the error
    ) -> ModelVersion:
        """A version by its number, or the one that holds a stage or an alias; else the newest.

        Raises:
            NotFound: There is none.
            Invalid: More than one of them is given.
        """
        return await self._version(model_name, version, stage, alias, self._until(timeout))

    async def health_check(self, *, timeout: float | None = None) -> Health:  # noqa: ASYNC109 - as everywhere
        """Whether MLflow and its database answer; whatever is wrong is in the answer, and nothing is raised."""
        began, server = time.monotonic(), ""
        try:
            rest = self._parts.rest
            server = rest.connection.url
            until = self._until(timeout)
            await rest.get("experiments/search", {"max_results": "1"}, deadline=until)
        except RegistryError as error:
            seconds, reason = time.monotonic() - began, type(error).__name__
            return {"status": "unhealthy", "server": server, "seconds": seconds, "error": str(error), "reason": reason}
        healthy: Health = {"status": "healthy", "server": server, "seconds": time.monotonic() - began}
        release = await rest.release(until)
        return {**healthy, "version": release} if release else healthy
