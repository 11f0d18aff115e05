"""What an MLflowServer says of its pods: resources, temporary files, and as whom their processes run."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mlflow_operator.api.pod_fields import AppArmorProfile
from mlflow_operator.api.schema import ApiModel, Quantity, Rule

UserId = Annotated[int, Field(ge=1, le=2147483647)]
"""Of a user or a group; never root's."""
_Text = Annotated[str, Field(min_length=1, max_length=253)]


class Resources(ApiModel):
    """Compute resources of a container."""

    requests: dict[str, Quantity] = Field(default_factory=dict, json_schema_extra={"maxProperties": 16})
    """What the container is sure to get."""
    limits: dict[str, Quantity] = Field(default_factory=dict, json_schema_extra={"maxProperties": 16})
    """What the container may use at most."""


class TemporaryStorage(ApiModel):
    """The server's /tmp, through which artifacts pass on their way to the store."""

    size_limit: Quantity = "20Gi"
    """How much a pod may have there; one with more of it is evicted."""


class ContainerSecurityContext(ApiModel):
    """What the containers that run MLflow may do, as far as that can be said; they never have privileges."""

    read_only_root_filesystem: bool = True
    """Whether only mounted folders can be written; false for an image that writes elsewhere."""
    app_armor_profile: AppArmorProfile | None = None
    """AppArmor profile, as in a container."""


class SeLinuxOptions(ApiModel):
    """SELinux labels of the pods' processes."""

    user: _Text | None = None
    """User of the label."""
    role: _Text | None = None
    """Role of the label."""
    type: _Text | None = None
    """Type of the label."""
    level: _Text | None = None
    """Level of the label."""


class SeccompProfile(ApiModel):
    """Which system calls the pods' processes may make."""

    type: Literal["RuntimeDefault", "Localhost"]
    """The container runtime's profile, or one that is on the node."""
    localhost_profile: _Text | None = None
    """Path of the profile on the node, with type Localhost."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(self.type == 'Localhost') == has(self.localhostProfile)",
            "name the localhostProfile with type Localhost, and leave it out otherwise",
        ),
    )


class PodSecurityContext(ApiModel):
    """As whom the pods run: each field wins over what the operator writes."""

    run_as_user: UserId | None = None
    """User id of the processes."""
    run_as_group: UserId | None = None
    """Group id of the processes."""
    fs_group: UserId | None = None
    """Group that may write the volumes."""
    fs_group_change_policy: Literal["OnRootMismatch", "Always"] | None = None
    """When the kubelet gives the files of a volume to that group."""
    supplemental_groups: Annotated[list[UserId], Field(max_length=32)] = Field(default_factory=list)
    """More groups of the processes."""
    se_linux_options: SeLinuxOptions | None = None
    """SELinux labels of the processes."""
    seccomp_profile: SeccompProfile | None = None
    """Which system calls the processes may make."""
