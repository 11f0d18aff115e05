"""Claims and registries for the tables: written as a user and MLflow would."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mlflow_operator.api.modelpromotion import ModelPromotion, ModelPromotionStatus
from mlflow_operator.promotion.attempt import opened
from mlflow_operator.promotion.decision import concluded
from mlflow_operator.promotion.evidence import Evidence, ModelFile
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot
from mlflow_operator.promotion.wish import Wish
from mlflow_operator.status.promotion import compute

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SIGNED = Evidence(ModelFile(signature=True))
LATER = datetime(2026, 1, 2, 3, 5, 6, tzinfo=UTC)


def claim(
    status: ModelPromotionStatus | None = None, annotations: Mapping[str, str] | None = None, **spec: Any
) -> ModelPromotion:
    """A claim on fraud's Production; ``spec`` replaces fields of the spec as YAML has them."""
    wanted = {"serverRef": {"name": "mlflow"}, "model": "fraud", "target": {"stage": "Production"}, "version": 7}
    metadata = {
        "name": "fraud",
        "namespace": "team",
        "uid": "c1",
        "generation": 3,
        "annotations": dict(annotations or {}),
    }
    made = ModelPromotion.parse({"metadata": metadata, "spec": {**wanted, **spec}})
    return made if status is None else made.model_copy(update={"status": status})


def registry(aliases: Mapping[str, str] | None = None, **stages: str) -> Snapshot:
    """A registry of fraud: ``v7="Staging"`` is version 7 in Staging."""
    versions = {name[1:]: ModelVersion(name[1:], stage, "READY") for name, stage in stages.items()}
    return Snapshot("fraud", versions, aliases or {})


def over(made: ModelPromotion) -> ModelPromotion:
    """The claim with its attempt behind it, whatever the registry was like then."""
    attempt = opened(made, Wish.of(made), ModelVersion(made.spec.version, "None", "READY"), Snapshot("fraud", {}), NOW)
    return concluded(made, attempt, Wish.of(made).tagged, NOW)


def promoted(made: ModelPromotion, before: Snapshot, after: Snapshot) -> ModelPromotionStatus:
    """The status after the claim's attempt: decided on ``before``, seen to end on ``after``."""
    decision = decide(made, before, NOW, SIGNED)
    assert decision.attempt is not None
    done = concluded(made, decision.attempt, Wish.of(made).tagged, NOW)
    return compute(made, after, decide(done, after, NOW), NOW)


def with_version(snapshot: Snapshot, version: ModelVersion) -> Snapshot:
    """The registry with one version replaced."""
    return Snapshot(snapshot.model, {**snapshot.versions, version.version: version}, snapshot.aliases)
