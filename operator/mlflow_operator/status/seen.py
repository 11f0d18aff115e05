"""What one pass over a server has observed."""

from dataclasses import dataclass

from mlflow_operator.api.server.upgrade import Migration
from mlflow_operator.desired.external.lifetime import Lifetime
from mlflow_operator.status.backups import Backups
from mlflow_operator.status.collections import Collections
from mlflow_operator.status.conditions import Answer
from mlflow_operator.status.preparation import Preparation
from mlflow_operator.status.rollout import Rollout
from mlflow_operator.status.waits import Cause


@dataclass(frozen=True)
class Probe:
    """The answer to something that was tried."""

    ok: bool
    reason: str
    message: str
    terminal: bool = False
    """Only a user can help."""


@dataclass(frozen=True)
class Seen:
    """What one pass observed; None: not looked at this time, so the last known fact stays."""

    url: str | None = None
    version: str | None = None
    """The MLflow release that the server told."""
    exposure: Answer | None = None
    """What controllers have said of the routes from outside."""
    connections: Answer | None = None
    """Whether the database has as many as the server may want."""
    monitoring: Answer | None = None
    """What has become of the PodMonitor."""
    protection: Answer | None = None
    """What protects the server."""
    certificate: Lifetime | None = None
    """From when until when the certificate of its pods counts."""
    selector: str | None = None
    prepared: bool = False
    """The current preparation has succeeded, or none is needed."""
    waits: bool = False
    """This operator would build it otherwise, and it is not its turn."""
    deployed: bool = False
    """The Deployment is as it should be, whether or not its pods are by now."""
    plans: bool = False
    """It is known whether a migration is to come: ``migration``."""
    migration: Migration | None = None
    stores: str | None = None
    """Fingerprint of what was prepared, or, where it was not, is about to be: ``status.prepared`` then or no more."""
    volumes: list[str] | None = None
    """Names of the claims that hold data."""
    preparation: Preparation | None = None
    """The latest report of the current preparation."""
    rollout: Rollout | None = None
    api: Probe | None = None
    """The server was asked something that needs its database."""
    artifacts: Probe | None = None
    """Artifacts were tried through the server."""
    experiments: Probe | None = None
    backups: Backups | None = None
    """What has become of the backups."""
    collections: Collections | None = None
    """What has become of what users have deleted."""
    cause: Cause | None = None
    """What keeps pods from running."""
