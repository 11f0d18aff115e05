"""How an MLflowServer is served: image, network, identity, and servers that exist elsewhere."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mlflow_operator.api.meta import ConfigMapKeyRef, LocalRef, SecretKeyRef, Workspace
from mlflow_operator.api.pod_fields import EnvVarSource
from mlflow_operator.api.schema import Annotations, ApiModel, Name, Rule, SecretKey, Tags, exactly_one, rules
from mlflow_operator.api.server.networks import CidrList
from mlflow_operator.api.urls import HTTP_URL

Patterns = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=2048, pattern=r"^[^,\s]+$")]], Field(max_length=64)
]
_URL = (
    *HTTP_URL,
    Rule("!self.contains('@')", "leave user and password out of the URL; they belong in credentialsSecretRef"),
)
"""The operator does not follow others either, ``desired.urls``: an object of before keeps the URL that it has."""


class Image(ApiModel):
    """The MLflow image, when the operator's default is not the one."""

    repository: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    """Repository without a tag. Unset: the operator's default for the version."""
    tag: Annotated[str, Field(pattern=r"^[\w][\w.-]{0,127}$", max_length=128)] | None = None
    """Tag. Unset: the version, and of ghcr.io/mlflow/mlflow the full image of it."""
    digest: Annotated[str, Field(pattern=r"^sha256:[a-f0-9]{64}$", max_length=71)] | None = None
    """Digest; wins over the tag."""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    """When the kubelet pulls the image."""
    pull_secrets: Annotated[list[LocalRef], Field(max_length=8)] = Field(default_factory=list)
    """Secrets to pull the image with."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!(has(self.tag) || has(self.digest)) || has(self.repository)", "a tag or digest needs its repository too"
        ),
    )


class ExternalCredentials(ApiModel):
    """A Secret that opens an external server: basic auth, or a bearer token."""

    name: Name
    """Name of the Secret."""
    username_key: SecretKey = "username"
    """Key of the user name for basic auth."""
    password_key: SecretKey = "password"
    """Key of the password for basic auth."""
    token_key: SecretKey = "token"
    """Key of a bearer token; used where the Secret has it."""


class CaBundle(ApiModel):
    """Certificate authorities in PEM: exactly one member."""

    config_map_key_ref: ConfigMapKeyRef | None = None
    """A key of a ConfigMap that holds them."""
    secret_key_ref: SecretKeyRef | None = None
    """A key of a Secret that holds them."""

    RULES: ClassVar[tuple[Rule, ...]] = (exactly_one("configMapKeyRef", "secretKeyRef"),)


class External(ApiModel):
    """A tracking server that already exists; the operator deploys nothing."""

    url: Annotated[str, Field(max_length=2048), rules(*_URL)]
    """Base URL of the server, with its static prefix if it has one."""
    credentials_secret_ref: ExternalCredentials | None = None
    """Credentials for the server, where it asks for them."""
    ca_bundle: CaBundle | None = None
    """Certificate authorities that the operator trusts for this server, beside the public ones."""
    workspace: Workspace | None = None
    """MLflow's workspace whose models and experiments are meant. Unset: the server's default."""


class Experiment(ApiModel):
    """An experiment that is always there; the operator never deletes one."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    """Name of the experiment."""
    tags: Tags = Field(default_factory=dict)
    """Tags that the experiment carries; other tags are left alone."""
    artifact_location: Annotated[str, Field(max_length=2048)] | None = None
    """Where its artifacts go; MLflow takes it only when the experiment is created."""


class Network(ApiModel):
    """Who may talk to the server, and under which names."""

    allowed_hosts: Patterns = Field(default_factory=list)
    """Host names beside those that the operator computes; * is a wildcard."""
    cors_allowed_origins: Patterns = Field(default_factory=list)
    """Browser origins that may call the API."""
    static_prefix: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~-]+)+$", max_length=256)] | None = None
    """Path under which the UI and the API are served, such as /mlflow."""


class Service(ApiModel):
    """The Service in front of the server."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    """Type of the Service."""
    port: Annotated[int, Field(ge=1, le=65535)] = 5000
    """Port of the Service."""
    annotations: Annotations = Field(default_factory=dict)
    """Annotations of the Service."""
    load_balancer_class: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """Who makes the load balancer. Unset: the cluster's default."""
    load_balancer_source_ranges: CidrList = Field(default_factory=list)
    """Addresses that the load balancer lets in. Unset: all."""
    external_traffic_policy: Literal["Cluster", "Local"] | None = None
    """Whether a node hands connections from outside to pods of other nodes; Local keeps the address of the client."""
    session_affinity: Literal["None", "ClientIP"] | None = None
    """Whether a client stays with one pod."""
    ip_family_policy: Literal["SingleStack", "PreferDualStack", "RequireDualStack"] | None = None
    """Whether the Service has addresses of both families. Unset: as the cluster does."""
    ip_families: Annotated[list[Literal["IPv4", "IPv6"]], Field(max_length=2)] = Field(default_factory=list)
    """The families, the first one first. Unset: as the cluster does."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(has(self.type) && self.type == 'LoadBalancer')"
            " || (!has(self.loadBalancerClass) && !has(self.loadBalancerSourceRanges))",
            "loadBalancerClass and loadBalancerSourceRanges go with type: LoadBalancer",
        ),
        Rule(
            "(has(self.type) && self.type != 'ClusterIP') || !has(self.externalTrafficPolicy)",
            "externalTrafficPolicy goes with type: LoadBalancer or NodePort",
        ),
    )


class ServiceAccount(ApiModel):
    """The identity of the pods, for workload identity; they never get its token."""

    name: Name | None = None
    """An existing ServiceAccount. Unset: the operator makes one."""
    annotations: Annotations = Field(default_factory=dict)
    """Annotations of the ServiceAccount that the operator makes."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.name) || !has(self.annotations) || self.annotations.size() == 0",
            "annotations are for the ServiceAccount that the operator makes; annotate yours yourself",
        ),
    )


class EnvVar(ApiModel):
    """An environment variable, as in a container."""

    name: Annotated[str, Field(min_length=1, max_length=253)]
    """Name of the variable."""
    value: Annotated[str, Field(max_length=32768)] | None = None
    """Its value."""
    value_from: EnvVarSource | None = None
    """Where its value comes from, as in a container."""
