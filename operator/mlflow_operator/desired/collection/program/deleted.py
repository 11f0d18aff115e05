"""Removes what users have deleted long enough ago: first the artifacts, then the rows, so that a kill loses nothing."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mlflow.entities.lifecycle_stage import LifecycleStage
from mlflow.store.tracking.dbmodels import models
from sqlalchemy.orm import Session

from mlflow_operator.desired.collection.program import locations, versions

DEFAULT_EXPERIMENT = 0
"""MLflow makes it again where it is missing."""
_LOGGED_MODEL = getattr(models, "SqlLoggedModel", None)
"""From MLflow 3 on."""

log = logging.getLogger("collect")


@dataclass
class Removed:
    """What is gone by now, or would be."""

    runs: set[str] = field(default_factory=set)
    logged_models: set[str] = field(default_factory=set)
    experiments: set[int] = field(default_factory=set)
    kept: int = 0
    """Old enough, and still there, since a version is made of it or its artifacts are elsewhere."""
    bytes: int = 0


@dataclass(frozen=True)
class Collector:
    """One collection.

    Args:
        engine: of the database.
        store: makes MLflow's own tracking store, which knows what rows belong to a run; not asked in a dry run.
        before: the moment, in milliseconds since the epoch, before which something has to have been deleted.
        dry: whether it is only counted.
    """

    engine: Any
    store: Callable[[], Any]
    before: int
    dry: bool

    def collect(self) -> Removed:
        """Remove runs, then logged models, then experiments in which nothing is left.

        Raises:
            Problem: The artifact store refused; what came before it is gone.
        """
        removed = Removed()
        with self._session() as session:
            needed = versions.needed(session)
            experiments = {row.experiment_id: row for row in self._deleted_experiments(session)}
            runs, logged_models = self._deleted_runs(session), self._deleted_models(session, set(experiments))
        for run in runs:
            rows = [(models.SqlRun, run.run_uuid)]
            if self._is_deleted(rows) and self._goes(
                removed, "run", run.run_uuid, run.artifact_uri, needed.has_run(run)
            ):
                self._erase("run", run.run_uuid)
                removed.runs.add(run.run_uuid)
        for model in logged_models:
            place, is_needed = model.artifact_location, needed.has_logged_model(model)
            rows = [(_LOGGED_MODEL, model.model_id), (models.SqlExperiment, model.experiment_id)]
            if self._is_deleted(rows) and self._goes(removed, "logged model", model.model_id, place, is_needed):
                self._erase("logged_model", model.model_id)
                removed.logged_models.add(model.model_id)
        for number, experiment in experiments.items():
            if (
                self._is_deleted([(models.SqlExperiment, number)])
                and self._is_empty(number, removed)
                and locations.spelled(experiment.artifact_location) not in needed.locations
            ):
                self._end(experiment, removed)
        return removed

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with Session(self.engine) as session:
            yield session

    def _deleted_runs(self, session: Session) -> list[Any]:
        run = models.SqlRun
        query = session.query(run.run_uuid, run.artifact_uri, run.experiment_id)
        return list(query.filter(run.lifecycle_stage == LifecycleStage.DELETED, run.deleted_time <= self.before))

    def _deleted_models(self, session: Session, experiments: set[int]) -> list[Any]:
        """Those that were deleted by themselves, and those of experiments that were."""
        if _LOGGED_MODEL is None:
            return []
        model = _LOGGED_MODEL
        query = session.query(
            model.model_id,
            model.artifact_location,
            model.experiment_id,
            model.lifecycle_stage,
            model.last_updated_timestamp_ms,
        )
        return [
            row
            for row in query.filter(model.last_updated_timestamp_ms <= self.before).all()
            if row.lifecycle_stage == LifecycleStage.DELETED or row.experiment_id in experiments
        ]

    def _deleted_experiments(self, session: Session) -> list[Any]:
        experiment = models.SqlExperiment
        query = session.query(experiment.experiment_id, experiment.artifact_location)
        found = query.filter(
            experiment.lifecycle_stage == LifecycleStage.DELETED,
            experiment.last_update_time <= self.before,
            experiment.experiment_id != DEFAULT_EXPERIMENT,
        )
        return list(found)

    def _goes(self, removed: Removed, kind: str, name: str, place: str, is_needed: bool) -> bool:
        """Whether it is to be removed; its artifacts are gone then."""
        if is_needed:
            log.info("kept %s %s: a version of a registered model is made of it", kind, name)
            removed.kept += 1
            return False
        try:
            size = locations.remove(place, name, dry=self.dry)
        except locations.Elsewhere as elsewhere:
            log.info("kept %s %s: %s", kind, name, elsewhere)
            removed.kept += 1
            return False
        removed.bytes += size
        log.info("%s %s %s, %d bytes", "would remove" if self.dry else "removed", kind, name, size)
        return True

    def _is_deleted(self, rows: list[tuple[Any, Any]]) -> bool:
        """Whether one of these is still deleted: somebody may have restored it since the collection began."""
        with self._session() as session:
            found = [session.get(table, key) for table, key in rows]
        return any(row is not None and row.lifecycle_stage == LifecycleStage.DELETED for row in found)

    def _is_empty(self, experiment: int, removed: Removed) -> bool:
        """Whether nothing of an experiment is left."""
        with self._session() as session:
            run = models.SqlRun
            runs = {row[0] for row in session.query(run.run_uuid).filter(run.experiment_id == experiment)}
            if _LOGGED_MODEL is None:
                return runs <= removed.runs
            model = _LOGGED_MODEL
            found = {row[0] for row in session.query(model.model_id).filter(model.experiment_id == experiment)}
        return runs <= removed.runs and found <= removed.logged_models

    def _end(self, experiment: Any, removed: Removed) -> None:
        number = experiment.experiment_id
        if not self.dry:
            try:
                locations.remove_rest(experiment.artifact_location, str(number))
            except locations.Elsewhere as elsewhere:
                log.info("left what else there is of experiment %s: %s", number, elsewhere)
        self._erase("experiment", str(number))
        log.info("%s experiment %s", "would remove" if self.dry else "removed", number)
        removed.experiments.add(number)

    def _erase(self, kind: str, name: str) -> None:
        """Remove the rows, by what `mlflow gc` uses."""
        if not self.dry:
            getattr(self.store(), f"_hard_delete_{kind}")(name)
