"""Copies of an MLflowServer's data, made on a schedule."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from mlflow_operator.api.cron import Schedule, TimeZone
from mlflow_operator.api.durations import Duration
from mlflow_operator.api.schema import ApiModel, Name, Observed, Quantity, Rule, exactly_one
from mlflow_operator.api.server.buckets import Bucket, WrittenBucket
from mlflow_operator.api.server.pods import Resources
from mlflow_operator.api.server.stores import Volume

_KEEPS = Rule(
    "has(self.keepLast) || has(self.maxAge)", "say what stays: keepLast, a number of backups, or maxAge, such as 720h"
)


class Retention(ApiModel):
    """Which backups stay: those within both limits, and the latest always."""

    keep_last: Annotated[int, Field(ge=1, le=1000)] | None = None
    """How many of them. Unset: any number."""
    max_age: Duration | None = None
    """How old they get, as in 720h. Unset: any age."""

    RULES: ClassVar[tuple[Rule, ...]] = (_KEEPS,)


class Destination(ApiModel):
    """Where backups are kept: exactly one member."""

    s3: WrittenBucket | None = None
    """A bucket of S3 or of anything that speaks its protocol; below the prefix, or else the namespace and the name."""
    persistent_volume: Volume | None = None
    """A volume of the cluster, which outlives the server."""

    RULES: ClassVar[tuple[Rule, ...]] = (exactly_one("s3", "persistentVolume"),)


class Backup(ApiModel):
    """A CronJob that copies the database and the artifacts."""

    schedule: Schedule
    """When: minute, hour, day of the month, month, day of the week."""
    time_zone: TimeZone | None = None
    """Zone of the schedule, by its IANA name. Unset: that of the cluster, UTC as a rule."""
    destination: Destination
    """Where to."""
    retention: Retention = Field(default_factory=lambda: Retention(keep_last=14))
    """Which backups stay. Unset: the last 14."""
    artifacts: bool = True
    """Whether artifacts are copied too."""
    suspend: bool = False
    """Make none for the time being."""
    temporary_storage: Quantity = "2Gi"
    """Room for a copy of SQLite and for the list of artifacts."""
    resources: Resources = Field(default_factory=Resources)
    """Compute resources of its container."""


class ExistingClaim(ApiModel):
    """A PersistentVolumeClaim that exists."""

    claim_name: Name
    """Its name."""


class RestoreSource(ApiModel):
    """Where backups are: exactly one member."""

    s3: Bucket | None = None
    """A bucket of S3 or of anything that speaks its protocol; below the prefix, or else the namespace and the name."""
    persistent_volume_claim: ExistingClaim | None = None
    """A volume, such as that of another server's backups."""

    RULES: ClassVar[tuple[Rule, ...]] = (exactly_one("s3", "persistentVolumeClaim"),)


class Restore(ApiModel):
    """A backup that the server begins with."""

    source: Annotated[RestoreSource, Field(alias="from")]
    """Where backups are."""
    backup: Annotated[str, Field(max_length=32, pattern=r"^(latest|[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6})$")] = "latest"
    """Name of the backup."""


class Bootstrap(ApiModel):
    """What a server begins with."""

    restore: Restore
    """A backup that the server begins with; its stores have to be empty."""


_ALL = "!(has(self.backup.artifacts) && !self.backup.artifacts)"
BACKUP_RULES = (
    Rule(
        f"!(has(self.backup) && {_ALL} && has(self.artifactStore) && has(self.artifactStore.persistentVolume)"
        " && has(self.artifactStore.persistentVolume.accessMode)"
        " && self.artifactStore.persistentVolume.accessMode == 'ReadWriteOncePod')",
        "no other pod can read artifacts on a ReadWriteOncePod volume; write artifacts: false, and copy it otherwise",
        ".backup",
    ),
    Rule(
        f"!(has(self.backup) && {_ALL} && has(self.backup.destination.s3) && has(self.artifactStore)"
        " && has(self.artifactStore.s3) && self.artifactStore.s3.bucket == self.backup.destination.s3.bucket"
        " && (!has(self.artifactStore.s3.prefix) || (has(self.backup.destination.s3.prefix)"
        " && (self.backup.destination.s3.prefix + '/').startsWith(self.artifactStore.s3.prefix + '/'))))",
        "backups among the artifacts would be copied too; keep them in another bucket, or artifacts below a prefix of"
        " their own",
        ".backup",
    ),
    Rule(
        f"!(has(self.backup) && {_ALL} && has(self.artifactStore) && has(self.artifactStore.uri))",
        "backups copy artifacts of s3 and of volumes; write artifacts: false, and let the store keep versions",
        ".backup",
    ),
    Rule(
        "!has(self.bootstrap) || has(oldSelf.bootstrap)",
        "a server begins with a backup, or without one; create a new MLflowServer to restore into",
        ".bootstrap",
    ),
)
"""On a server."""


class BackupMade(Observed):
    """A backup that was made."""

    name: str
    """Its name, by which it is restored."""
    time: datetime
    """When the copy was begun; it has what was there then."""
    seconds: int
    """How long it took."""
    artifacts: int
    """How many artifacts it has."""
    bytes: int
    """How much it is a copy of."""
    stored: int
    """Bytes that it has added to the place."""


class BackupFailed(Observed):
    """A backup that was not made."""

    time: datetime
    """When its Job ended."""
    reason: str
    """Why, in one CamelCase word."""
    message: str
    """What was found, and what to do."""


class BackupStatus(Observed):
    """The latest backups."""

    last_successful: BackupMade | None = None
    """The latest one."""
    last_failure: BackupFailed | None = None
    """The latest that failed."""
    job: str | None = None
    """The uid of the Job that ended last."""
