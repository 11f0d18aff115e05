"""Models and their files: logging, loading, and what is kept of them in memory and on disk."""

from mlflow_operator.model_registry.artifacts.location import ModelLocation
from mlflow_operator.model_registry.artifacts.store import Artifacts

__all__ = ["Artifacts", "ModelLocation"]
