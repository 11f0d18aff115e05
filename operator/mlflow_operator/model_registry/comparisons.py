"""What versions have to show: compared with one another, and over time."""

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlflow_operator.model_registry.base import Base
from mlflow_operator.model_registry.comparing.history import MetricHistory
from mlflow_operator.model_registry.comparing.signature import fields
from mlflow_operator.model_registry.comparing.table import Chosen, Compared, Comparison
from mlflow_operator.model_registry.deadline import Deadline
from mlflow_operator.model_registry.errors import NotFound, RegistryError
from mlflow_operator.model_registry.results import LoggedModel, ModelVersion, Point, Run, Version, number

if TYPE_CHECKING:
    from mlflow_operator.model_registry.drift.report import DriftReport

_MOST = 10
"""Versions that are compared where none are named."""


class Comparisons(Base):
    """The part of a registry that looks at several versions."""

    async def compare_models(
        self,
        model_name: str,
        versions: Sequence[Version] | None = None,
        *,
        metrics: Sequence[str] | None = None,
        params: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - a deadline over several requests, and in the error
    ) -> Comparison:
        """Versions of a model beside one another: metrics, params, tags, datasets and signatures.

        Metrics and params are those of the version's run, and of its logged model where it has one.

        Args:
            model_name: name of the registered model.
            versions: which; None: the ten newest.
            metrics: names that are shown, also where no version has them; None: all.
            params: names, as for metrics.
            tags: names of tags of the versions, as for metrics.
            timeout: seconds.

        Raises:
            NotFound: There is no such model, or no such version.
        """
        until = self._until(timeout)
        found = await self._several(model_name, versions, until)
        compared = await asyncio.gather(*(self._compared(version, until) for version in found))
        chosen = Chosen(*(None if names is None else tuple(names) for names in (metrics, params, tags)))
        return Comparison(model_name, tuple(compared), chosen)

    async def metric_history(
        self,
        model_name: str,
        metric: str,
        versions: Sequence[Version] | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - a deadline over several requests, and in the error
    ) -> MetricHistory:
        """A metric over the versions of a model, as their runs have logged it.

        Args:
            model_name: name of the registered model.
            metric: name of the metric.
            versions: which; None: all.
            timeout: seconds.

        Raises:
            NotFound: There is no such model, or no such version.
        """
        until = self._until(timeout)
        named = versions if versions is not None else [v.version for v in await self._all(model_name, until)]
        found = await self._several(model_name, named, until)

        async def points(version: ModelVersion) -> tuple[int, tuple[Point, ...]]:
            logged = await self._registry.history(version.run_id, metric, until) if version.run_id else []
            return version.version, tuple(logged)

        return MetricHistory(model_name, metric, dict(await asyncio.gather(*map(points, found))))

    async def detect_drift(
        self,
        reference: Any,
        current: Any,
        *,
        columns: Sequence[str] | None = None,
        threshold: float = 0.2,
        alpha: float = 0.05,
        run_id: str | None = None,
        step: int = 0,
        timeout: float | None = None,  # noqa: ASYNC109 - of the logging
    ) -> "DriftReport":
        """Compare data with the data of before, in a thread; needs the extra ``drift``.

        Args:
            reference: a pandas DataFrame, of the time when the model was made.
            current: a pandas DataFrame, of now.
            columns: which; None: all that both have.
            threshold: of the population stability index, from which a column has drifted.
            alpha: how likely it may be that any column is called drifted where none has.
            run_id: a run that gets the report as metrics; None logs nothing.
            step: of these metrics.
            timeout: seconds for logging it.

        Raises:
            Invalid: Data that cannot be compared.
            MissingExtra: pandas or scipy is not installed.
        """
        from mlflow_operator.model_registry.drift import detect_drift  # noqa: PLC0415 - few programs need it
        from mlflow_operator.model_registry.drift.recording import log_to  # noqa: PLC0415

        report = await asyncio.to_thread(
            detect_drift, reference, current, columns=columns, threshold=threshold, alpha=alpha
        )
        if run_id is not None:
            now = int(time.time() * 1000)
            await log_to(self._parts.rest, run_id, report, now=now, step=step, deadline=self._until(timeout))
        return report

    async def _all(self, model: str, until: Deadline) -> list[ModelVersion]:
        found = await self._registry.versions(model, until)
        if not found:
            await self._registry.model(model, until)  # raises where there is none
        return found

    async def _several(self, model: str, versions: Sequence[Version] | None, until: Deadline) -> list[ModelVersion]:
        """The versions that are meant, with their aliases, in the order in which they are named."""
        if versions is None:
            versions = [version.version for version in (await self._all(model, until))[-_MOST:]]
        numbers = dict.fromkeys(number(version) for version in versions)
        return await asyncio.gather(*(self._registry.version(model, which, until) for which in numbers))

    async def _compared(self, version: ModelVersion, until: Deadline) -> Compared:
        run, logged, signature = await asyncio.gather(
            self._run(version, until), self._logged(version, until), self._fields(version, until)
        )
        metrics = {**(run.metrics if run else {}), **(logged.metrics if logged else {})}
        params = {**(run.params if run else {}), **(logged.params if logged else {})}
        return Compared(version, metrics, params, run.datasets if run else (), signature)

    async def _run(self, version: ModelVersion, until: Deadline) -> Run | None:
        """The run of a version; None where it has none, or it was deleted for good."""
        if version.run_id is None:
            return None
        try:
            return await self._registry.run(version.run_id, until, of=version.model)
        except NotFound:
            return None

    async def _logged(self, version: ModelVersion, until: Deadline) -> LoggedModel | None:
        if version.logged_model is None:
            return None
        try:
            return await self._registry.logged_model(version.logged_model, until, of=version.model)
        except NotFound:
            return None

    async def _fields(self, version: ModelVersion, until: Deadline) -> dict[str, str] | None:
        """The signature; None where the files cannot be read: a version may be compared without them."""
        try:
            found = fields(await self._registry.model_file(version, until))
        except RegistryError:
            return None
        return None if found is None else dict(found)
