"""When and how an MLflowServer goes to another release of MLflow."""

from typing import Annotated

from pydantic import Field

from mlflow_operator.api.cron import TimeZone
from mlflow_operator.api.gates.windows import Window
from mlflow_operator.api.schema import ApiModel, Observed, Rule


class UpgradeWindow(Window):
    """A time that comes again and again."""

    time_zone: TimeZone | None = None
    """Zone of the cron expression, by its IANA name. Unset: UTC."""


class Upgrade(ApiModel):
    """What comes before another release of MLflow, and when it may come."""

    backup_first: bool = False
    """Make a backup before a database that has a schema is migrated, and do not migrate it without; needs backup."""
    window: UpgradeWindow | None = None
    """When a database may be migrated, and pods may be replaced by those of another release. Unset: at any time."""


BACKUP_NEEDED = Rule(
    "!has(self.upgrade) || !has(self.upgrade.backupFirst) || !self.upgrade.backupFirst || has(self.backup)",
    "a backup before an upgrade is made as backup says; set backup, or leave backupFirst out",
    ".upgrade",
)
"""On a server."""


class Migration(Observed):
    """A migration of the schema that was planned, and is not over."""

    revision: Annotated[str, Field(alias="from")]
    """The revision that the schema has."""
    to: str
    """The revision that it is going to have."""
    stores: str
    """Fingerprint of what it was planned for, as in prepared."""
