"""Claims and registries for the tables: written as a user and MLflow would."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mlflow_operator.api.modelpromotion import ModelPromotion, ModelPromotionStatus
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 3, 5, 6, tzinfo=UTC)


def claim(
    status: ModelPromotionStatus | None = None, annotations: Mapping[str, str] | None = None, **spec: Any
) -> ModelPromotion:
    """A claim on fraud's Production; ``spec`` replaces fields of the spec as YAML has them."""
    wanted = {"serverRef": {"name": "mlflow"}, "model": "fraud", "target": {"stage": "Production"}, "version": 7}
    metadata = {"name": "fraud", "namespace": "team", "generation": 3, "annotations": dict(annotations or {})}
    made = ModelPromotion.parse({"metadata": metadata, "spec": {**wanted, **spec}})
    return made if status is None else made.model_copy(update={"status": status})


def registry(aliases: Mapping[str, str] | None = None, **stages: str) -> Snapshot:
    """A registry of fraud: ``v7="Staging"`` is version 7 in Staging."""
    versions = {name[1:]: ModelVersion(name[1:], stage, "READY") for name, stage in stages.items()}
    return Snapshot("fraud", versions, aliases or {})


def with_version(snapshot: Snapshot, version: ModelVersion) -> Snapshot:
    """The registry with one version replaced."""
    return Snapshot(snapshot.model, {**snapshot.versions, version.version: version}, snapshot.aliases)
