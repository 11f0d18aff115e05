"""What becomes of what users of an MLflowServer have deleted."""

from datetime import datetime

from pydantic import Field

from mlflow_operator.api.cron import Schedule, TimeZone
from mlflow_operator.api.durations import Duration
from mlflow_operator.api.schema import ApiModel, Observed, Rule
from mlflow_operator.api.server.pods import Resources


class GarbageCollection(ApiModel):
    """A CronJob that removes for good what users have deleted, and looks after the database."""

    schedule: Schedule
    """When: minute, hour, day of the month, month, day of the week."""
    time_zone: TimeZone | None = None
    """Zone of the schedule, by its IANA name. Unset: that of the cluster, UTC as a rule."""
    older_than: Duration = "720h"
    """How long ago something has to have been deleted; until then it can be restored."""
    dry_run: bool = False
    """Only say what would be removed."""
    suspend: bool = False
    """Remove nothing for the time being."""
    resources: Resources = Field(default_factory=Resources)
    """Compute resources of its container."""


ELSEWHERE_ALONE = Rule(
    "!(has(self.garbageCollection) && has(self.artifactStore) && has(self.artifactStore.persistentVolume)"
    " && has(self.artifactStore.persistentVolume.accessMode)"
    " && self.artifactStore.persistentVolume.accessMode == 'ReadWriteOncePod')",
    "no other pod can delete artifacts on a ReadWriteOncePod volume; use another access mode",
    ".garbageCollection",
)
"""On a server."""


class Collected(Observed):
    """A collection that came to its end."""

    time: datetime
    """When it ended."""
    seconds: int
    """How long it took."""
    dry_run: bool = False
    """Whether it only counted."""
    runs: int
    """Runs that were removed."""
    logged_models: int
    """Logged models that were removed."""
    experiments: int
    """Experiments that were removed."""
    kept: int
    """Runs and logged models that stayed though they were old enough, such as those that versions are made of."""
    bytes: int
    """How much was freed in the artifact store."""


class CollectionFailed(Observed):
    """A collection that did not come to its end."""

    time: datetime
    """When its Job ended."""
    reason: str
    """Why, in one CamelCase word."""
    message: str
    """What was found, and what to do."""


class CollectionStatus(Observed):
    """The latest collections."""

    last_successful: Collected | None = None
    """The latest one."""
    last_failure: CollectionFailed | None = None
    """The latest that failed."""
    job: str | None = None
    """The uid of the Job that ended last."""
