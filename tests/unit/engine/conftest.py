"""What the tests of the engine share."""

from datetime import UTC, datetime
from typing import cast

import pytest

from mlflow_operator.clients.cluster import Cluster
from mlflow_operator.clients.mlflow.registry import Mlflow
from mlflow_operator.config import Settings
from mlflow_operator.engine.queue import WorkQueue
from mlflow_operator.reconcile.world import World

from .listing import Listing


@pytest.fixture
async def world() -> World:
    """A world whose cluster is a Listing."""
    return World(
        settings=Settings(relist=0.05, workers=2),
        cluster=cast("Cluster", Listing()),
        mlflow=Mlflow(),
        queue=WorkQueue(),
        clock=lambda: datetime.now(UTC),
        instance="test",
    )
