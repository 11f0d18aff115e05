"""The registry for programs that train and serve: asynchronous, bounded in time, and never on the loop for long.

``model_registry`` is a ``ModelRegistry`` for the server of ``MLFLOW_TRACKING_URI``, made when it is first asked for.
"""

from typing import TYPE_CHECKING, Any

from mlflow_operator.model_registry.errors import (
    Conflict,
    Governed,
    Invalid,
    MissingExtra,
    NotFound,
    PermissionDenied,
    RegistryError,
    StorageFull,
    Unavailable,
)

if TYPE_CHECKING:
    from mlflow_operator.model_registry.service import ModelRegistry

    model_registry: ModelRegistry

__all__ = [
    "Conflict",
    "Governed",
    "Invalid",
    "MissingExtra",
    "ModelRegistry",
    "NotFound",
    "PermissionDenied",
    "RegistryError",
    "StorageFull",
    "Unavailable",
    "model_registry",
]


def __getattr__(name: str) -> Any:
    """What is imported when it is first asked for: an HTTP client is nothing that an import should cost."""
    if name not in ("ModelRegistry", "model_registry"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mlflow_operator.model_registry.service import ModelRegistry  # noqa: PLC0415

    globals().setdefault("ModelRegistry", ModelRegistry)
    globals().setdefault("model_registry", ModelRegistry())
    return globals()[name]
