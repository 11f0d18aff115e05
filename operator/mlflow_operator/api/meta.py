"""What every kind shares: metadata, conditions, references."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from mlflow_operator.api.schema import ApiModel, Name, Observed, SecretKey


class ObjectMeta(Observed):
    """The part of Kubernetes object metadata that the operator reads."""

    name: str
    namespace: str = ""
    """Empty for what is in no namespace."""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None


class Condition(Observed):
    """One observation about the object, as in metav1.Condition."""

    type: Annotated[str, Field(max_length=316)]
    """Name of the condition."""
    status: Literal["True", "False", "Unknown"]
    """Whether it holds."""
    reason: Annotated[str, Field(min_length=1, max_length=1024)]
    """Why, in one CamelCase word."""
    message: Annotated[str, Field(max_length=32768)]
    """What was found, what was expected and what to do."""
    observed_generation: Annotated[int, Field(ge=0)] = 0
    """The metadata.generation that this was computed from."""
    last_transition_time: datetime
    """When status last changed."""


class LocalRef(ApiModel):
    """A reference to an object in the same namespace."""

    name: Name
    """Name of the object."""


class ConfigMapKeyRef(ApiModel):
    """One key of a ConfigMap in the same namespace."""

    name: Name
    """Name of the ConfigMap."""
    key: SecretKey
    """Key in the ConfigMap."""


class SecretKeyRef(ApiModel):
    """One key of a Secret in the same namespace."""

    name: Name
    """Name of the Secret."""
    key: SecretKey
    """Key in the Secret."""


Namespace = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
"""Name of a namespace."""
Workspace = Annotated[str, Field(min_length=2, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
"""As MLflow's WorkspaceNameValidator has it."""
