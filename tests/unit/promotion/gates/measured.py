"""Versions with runs and logged models, and what was measured of them."""

from mlflow_operator.promotion.evidence import Evidence, Measured, Need, Origin, Reading
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot

BETTER = {"name": "better", "metric": "val_auc"}


def version(number: str, stage: str = "None", status: str = "READY") -> ModelVersion:
    """A version of MLflow 3: with a run and a logged model."""
    return ModelVersion(number, stage, status, created=int(number), run=f"run-{number}", logged_model=f"m-{number}")


def models(**stages: str) -> Snapshot:
    """A registry of such versions."""
    return Snapshot("fraud", {name[1:]: version(name[1:], stage) for name, stage in stages.items()})


def logged(*values: float, **datasets: float) -> Measured:
    """A metric of a logged model: without a dataset, and for some."""
    return Measured((*(Reading(v) for v in values), *(Reading(v, name) for name, v in datasets.items())))


def known(snapshot: Snapshot, **measured: Measured) -> Evidence:
    """What is known of val_auc: ``v7`` is that of version 7."""
    return Evidence(
        measured={Need(Origin.of(snapshot.versions[v[1:]]), "val_auc"): found for v, found in measured.items()}
    )
