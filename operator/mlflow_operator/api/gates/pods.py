"""The pod that a user writes to validate a version, and what it may ask for.

A part of Kubernetes' PodTemplateSpec, with the names that it has there. Fields with one value only are what every such
pod is given anyway: a template that was written for the Pod Security Standard "restricted" fits.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mlflow_operator.api.meta import LocalRef
from mlflow_operator.api.pod_fields import Affinity, EnvFromSource, Toleration
from mlflow_operator.api.schema import Annotations, ApiModel, Labels, Name, Quantity, Rule, exactly_one
from mlflow_operator.api.server.pods import PodSecurityContext, Resources, UserId
from mlflow_operator.api.server.serving import EnvVar

GateName = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
"""A DNS label."""

_Path = Annotated[str, Field(min_length=1, max_length=1024)]
_Words = Annotated[list[Annotated[str, Field(max_length=32768)]], Field(max_length=64)]
_Capability = Annotated[str, Field(min_length=1, max_length=64)]
_FileMode = Annotated[int, Field(ge=0, le=0o777)]


def _never(field: str, what: str) -> Rule:
    """A rule that a privilege is not asked for."""
    return Rule(f"!has(self.{field}) || !self.{field}", f"{what}; leave {field} out", f".{field}")


_NOT_ROOT = Rule(
    "!has(self.runAsNonRoot) || self.runAsNonRoot",
    "the pods of gates never run as root; leave runAsNonRoot out, and name a user in runAsUser if the image has root",
    ".runAsNonRoot",
)


class Capabilities(ApiModel):
    """Capabilities of a container: none."""

    add: Annotated[list[_Capability], Field(max_length=64)] = Field(default_factory=list)
    """Always empty."""
    drop: Annotated[list[_Capability], Field(max_length=64)] = Field(default_factory=list)
    """Always ALL."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule("!has(self.add) || self.add.size() == 0", "the pods of gates get no capabilities; leave add out", ".add"),
        Rule(
            "!has(self.drop) || self.drop.exists(c, c == 'ALL')",
            "the pods of gates lose all capabilities; write drop: [ALL], or leave it out",
            ".drop",
        ),
    )


class ContainerSecurityContext(ApiModel):
    """As whom the container runs."""

    run_as_user: UserId | None = None
    """User id of the process."""
    run_as_group: UserId | None = None
    """Group id of the process."""
    read_only_root_filesystem: bool | None = None
    """Whether only mounted folders can be written."""
    run_as_non_root: bool | None = None
    """Always true."""
    privileged: bool | None = None
    """Always false."""
    allow_privilege_escalation: bool | None = None
    """Always false."""
    capabilities: Capabilities | None = None
    """Always none."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        _NOT_ROOT,
        _never("privileged", "the pods of gates have no privileges"),
        _never("allowPrivilegeEscalation", "the pods of gates gain no privileges"),
    )


class GatePodSecurityContext(PodSecurityContext):
    """As whom the pod runs."""

    run_as_non_root: bool | None = None
    """Always true."""

    RULES: ClassVar[tuple[Rule, ...]] = (_NOT_ROOT,)


class VolumeMount(ApiModel):
    """Where a container finds a volume."""

    name: GateName
    """Name of the volume."""
    mount_path: _Path
    """Path in the container."""
    sub_path: _Path | None = None
    """Path in the volume."""
    read_only: bool | None = None
    """Whether it cannot be written."""


class KeyToPath(ApiModel):
    """A key as a file."""

    key: Annotated[str, Field(min_length=1, max_length=253)]
    """The key."""
    path: _Path
    """Path of the file in the volume."""
    mode: _FileMode | None = None
    """Mode of the file."""


class EmptyDir(ApiModel):
    """A folder that goes with the pod."""

    size_limit: Quantity | None = None
    """How much may be in it."""
    medium: Literal["", "Memory"] | None = None
    """Memory: it is no disk."""


class SecretVolume(ApiModel):
    """A Secret as files."""

    secret_name: Name
    """Name of the Secret."""
    items: Annotated[list[KeyToPath], Field(max_length=32)] = Field(default_factory=list)
    """Keys; all of them where there are none."""
    default_mode: _FileMode | None = None
    """Mode of the files."""
    optional: bool | None = None
    """Whether it may be absent."""


class ConfigMapVolume(ApiModel):
    """A ConfigMap as files."""

    name: Name
    """Name of the ConfigMap."""
    items: Annotated[list[KeyToPath], Field(max_length=32)] = Field(default_factory=list)
    """Keys; all of them where there are none."""
    default_mode: _FileMode | None = None
    """Mode of the files."""
    optional: bool | None = None
    """Whether it may be absent."""


class ClaimVolume(ApiModel):
    """A PersistentVolumeClaim."""

    claim_name: Name
    """Name of the claim."""
    read_only: bool | None = None
    """Whether it cannot be written."""


class HostPath(ApiModel):
    """A folder of the node: refused, in words."""

    path: _Path
    """Path on the node."""


class Volume(ApiModel):
    """A volume of the pod."""

    name: GateName
    """Name of the volume."""
    empty_dir: EmptyDir | None = None
    """A folder that goes with the pod."""
    secret: SecretVolume | None = None
    """A Secret of the same namespace."""
    config_map: ConfigMapVolume | None = None
    """A ConfigMap of the same namespace."""
    persistent_volume_claim: ClaimVolume | None = None
    """A PersistentVolumeClaim of the same namespace."""
    host_path: HostPath | None = None
    """Never."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule("!has(self.hostPath)", "the pods of gates see nothing of their node; take another volume", ".hostPath"),
        Rule(
            "has(self.hostPath) || " + exactly_one("emptyDir", "secret", "configMap", "persistentVolumeClaim").rule,
            exactly_one("emptyDir", "secret", "configMap", "persistentVolumeClaim").message,
        ),
    )


class GateContainer(ApiModel):
    """The container whose end is the result."""

    name: GateName
    """Name of the container."""
    image: Annotated[str, Field(min_length=1, max_length=1024)]
    """Its image."""
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    """When it is pulled."""
    command: _Words = Field(default_factory=list)
    """What is started instead of the image's entry point."""
    args: _Words = Field(default_factory=list)
    """Arguments of it."""
    working_dir: _Path | None = None
    """Where it is started."""
    env: Annotated[list[EnvVar], Field(max_length=64)] = Field(default_factory=list)
    """Environment variables; they win over those that the operator sets."""
    env_from: Annotated[list[EnvFromSource], Field(max_length=16)] = Field(default_factory=list)
    """Secrets and ConfigMaps whose keys become variables."""
    resources: Resources = Field(default_factory=Resources)
    """Compute resources."""
    volume_mounts: Annotated[list[VolumeMount], Field(max_length=16)] = Field(default_factory=list)
    """Where it finds the volumes."""
    security_context: ContainerSecurityContext = Field(default_factory=ContainerSecurityContext)
    """As whom it runs."""


class GatePod(ApiModel):
    """The pod that validates: a part of Kubernetes' PodSpec."""

    containers: Annotated[list[GateContainer], Field(min_length=1, max_length=1)]
    """One container."""
    volumes: Annotated[list[Volume], Field(max_length=16)] = Field(default_factory=list)
    """Volumes."""
    image_pull_secrets: Annotated[list[LocalRef], Field(max_length=8)] = Field(default_factory=list)
    """Secrets to pull the image with."""
    service_account_name: Name | None = None
    """As which account it runs."""
    automount_service_account_token: bool | None = None
    """Whether it gets the token of that account."""
    security_context: GatePodSecurityContext = Field(default_factory=GatePodSecurityContext)
    """As whom it runs."""
    node_selector: Labels = Field(default_factory=dict)
    """Labels of the nodes that it may run on."""
    tolerations: Annotated[list[Toleration], Field(max_length=32)] = Field(default_factory=list)
    """Taints that it tolerates."""
    affinity: Affinity | None = None
    """Where it would like to run."""
    priority_class_name: Name | None = None
    """Its priority class."""
    runtime_class_name: Name | None = None
    """Its runtime class."""
    restart_policy: Literal["Never"] | None = None
    """Always Never: backoffLimit says how often it is tried."""
    host_network: bool | None = None
    """Always false."""
    host_pid: Annotated[bool | None, Field(alias="hostPID")] = None
    """Always false."""
    host_ipc: Annotated[bool | None, Field(alias="hostIPC")] = None
    """Always false."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.automountServiceAccountToken) || !self.automountServiceAccountToken"
            " || has(self.serviceAccountName)",
            "a token is of an account that you name, never of the namespace's default one; write serviceAccountName",
            ".automountServiceAccountToken",
        ),
        _never("hostNetwork", "the pods of gates see nothing of their node"),
        _never("hostPID", "the pods of gates see nothing of their node"),
        _never("hostIPC", "the pods of gates see nothing of their node"),
    )


class GatePodMetadata(ApiModel):
    """Metadata of the pod."""

    labels: Labels = Field(default_factory=dict)
    """Labels; those of the operator win."""
    annotations: Annotations = Field(default_factory=dict)
    """Annotations."""


class GateTemplate(ApiModel):
    """A part of Kubernetes' PodTemplateSpec."""

    metadata: GatePodMetadata = Field(default_factory=GatePodMetadata)
    """Metadata of the pod."""
    spec: GatePod
    """The pod."""
