"""What versions of registered models are made of, which has to stay whoever has deleted it.

A version is no more than a name for artifacts of a run or of a logged model, and MLflow deletes both without looking
whether there is one.
"""

import posixpath
import re
from typing import Any, NamedTuple

from mlflow.entities.model_registry.model_version_stages import STAGE_DELETED_INTERNAL
from mlflow.store.model_registry.dbmodels.models import SqlModelVersion

from mlflow_operator.desired.collection.program.locations import spelled

_LOGGED_MODEL = re.compile(r"^models:/(m-[0-9a-f]+)/?$|/models/(m-[0-9a-f]+)(?:/|$)")


class Needed(NamedTuple):
    """What versions refer to."""

    runs: frozenset[str]
    logged_models: frozenset[str]
    locations: frozenset[str]
    """Folders that versions are in, with every folder above."""

    def has_run(self, run: Any) -> bool:
        """Whether some version is made of a run."""
        return run.run_uuid in self.runs or spelled(run.artifact_uri) in self.locations

    def has_logged_model(self, model: Any) -> bool:
        """Whether some version is made of a logged model, or of the run that has logged it."""
        return model.model_id in self.logged_models or spelled(model.artifact_location) in self.locations


def needed(session: Any) -> Needed:
    """Read it from the registry; a version that was deleted refers to nothing."""
    columns = (SqlModelVersion.run_id, SqlModelVersion.source, SqlModelVersion.storage_location)
    rows = session.query(*columns).filter(SqlModelVersion.current_stage != STAGE_DELETED_INTERNAL).all()
    places = {place for _, *both in rows for place in both if place}
    return Needed(
        frozenset(run for run, *_ in rows if run),
        frozenset(found[1] or found[2] for place in places if (found := _LOGGED_MODEL.search(place))),
        frozenset(above for place in places for above in _above(spelled(place))),
    )


def _above(place: str) -> list[str]:
    """A folder, and those above it, up to the root of its store."""
    scheme, colon, path = place.rpartition(":")
    found = []
    while path.strip("/"):
        found.append(f"{scheme}{colon}{path}")
        path = posixpath.dirname(path)
    return found
