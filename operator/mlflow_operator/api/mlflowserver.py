"""MLflowServer: an MLflow tracking server and model registry as one object."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mlflow_operator.api.meta import Condition
from mlflow_operator.api.pod_fields import (
    Affinity,
    Container,
    DnsConfig,
    EnvFromSource,
    HostAlias,
    Toleration,
    TopologySpreadConstraint,
    Volume,
    VolumeMount,
)
from mlflow_operator.api.resource import Column, Names, Resource, condition_path
from mlflow_operator.api.schema import Annotations, ApiModel, Labels, Name, Observed, Rule, list_map, rules
from mlflow_operator.api.server.auth import Auth
from mlflow_operator.api.server.availability import Autoscaling, PodDisruptionBudget
from mlflow_operator.api.server.backup import Backup, BackupStatus, Bootstrap
from mlflow_operator.api.server.encryption import Tls
from mlflow_operator.api.server.exposure import Gateway, Ingress
from mlflow_operator.api.server.garbage_collection import CollectionStatus, GarbageCollection
from mlflow_operator.api.server.monitoring import Monitoring
from mlflow_operator.api.server.names import CONTAINER_NAMES, VOLUME_NAMES
from mlflow_operator.api.server.networks import NetworkPolicy
from mlflow_operator.api.server.pods import ContainerSecurityContext, PodSecurityContext, Resources, TemporaryStorage
from mlflow_operator.api.server.promotions import Promotions
from mlflow_operator.api.server.rules import RULES
from mlflow_operator.api.server.serving import EnvVar, Experiment, External, Image, Network, Service, ServiceAccount
from mlflow_operator.api.server.stores import ArtifactStore, BackendStore
from mlflow_operator.api.server.upgrade import Migration, Upgrade


class MLflowServerSpec(ApiModel):
    """The server that should run: backendStore and artifactStore, or external."""

    version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$", max_length=32)] | None = None
    """MLflow release. Unset: the default of the operator's release."""
    image: Image = Field(default_factory=Image)
    """The image, when the operator's default is not the one."""
    replicas: Annotated[int, Field(ge=0, le=100)] = Field(default=1, json_schema_extra={"x-keep-default": True})
    """Number of server pods."""
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    """Worker processes per pod."""
    backend_store: BackendStore | None = None
    """Where runs and the registry are kept."""
    artifact_store: ArtifactStore | None = None
    """Where artifacts are kept."""
    serve_artifacts: bool = True
    """Whether clients read and write artifacts through the server; false: they go to the store themselves."""
    external: External | None = None
    """A tracking server that already exists, instead of backendStore and artifactStore."""
    experiments: Annotated[list[Experiment], list_map("name", max_items=64)] = Field(default_factory=list)
    """Experiments that are always there."""
    promotions: Promotions = Field(default_factory=Promotions)
    """Who may promote on the server."""
    network: Network = Field(default_factory=Network)
    """Who may talk to the server, and under which names."""
    service: Service = Field(default_factory=Service)
    """The Service in front of the server."""
    tls: Tls | None = None
    """HTTPS in the pods. Unset: plain HTTP."""
    ingress: Ingress | None = None
    """A route from outside the cluster, as an Ingress. Unset: there is none."""
    gateway: Gateway | None = None
    """A route from outside the cluster, as an HTTPRoute of the Gateway API. Unset: there is none."""
    network_policy: NetworkPolicy | None = None
    """Lets only through what the server needs. Unset: the network lets through whatever it does."""
    auth: Auth = Field(default_factory=Auth)
    """Who may get in. Unset: everybody who can reach the server."""
    service_account: ServiceAccount = Field(default_factory=ServiceAccount)
    """The identity of the pods."""
    resources: Resources = Field(default_factory=Resources)
    """Compute resources of the server's container."""
    temporary_storage: TemporaryStorage = Field(default_factory=TemporaryStorage)
    """The server's /tmp, through which artifacts pass on their way to the store."""
    env: Annotated[list[EnvVar], list_map("name", max_items=64)] = Field(default_factory=list)
    """More environment variables, as in a container; they win over the operator's own."""
    env_from: Annotated[list[EnvFromSource], Field(max_length=16)] = Field(default_factory=list)
    """More sources of environment variables, as in a container."""
    volumes: Annotated[list[Volume], Field(max_length=16), rules(VOLUME_NAMES)] = Field(default_factory=list)
    """More volumes of the server's pods and its preparation's, as in a pod."""
    volume_mounts: Annotated[list[VolumeMount], Field(max_length=32)] = Field(default_factory=list)
    """Where MLflow's containers find them, as in a container."""
    sidecars: Annotated[list[Container], Field(max_length=8), rules(CONTAINER_NAMES)] = Field(default_factory=list)
    """More containers beside the server, as in a pod."""
    init_containers: Annotated[list[Container], Field(max_length=8), rules(CONTAINER_NAMES)] = Field(
        default_factory=list
    )
    """Containers before the server and its preparation, as in a pod; those with restartPolicy Always stay beside."""
    container_security_context: ContainerSecurityContext = Field(default_factory=ContainerSecurityContext)
    """What MLflow's containers may do."""
    host_aliases: Annotated[list[HostAlias], Field(max_length=32)] = Field(default_factory=list)
    """More lines of /etc/hosts in all pods, as in a pod."""
    dns_policy: Literal["ClusterFirst", "Default", "None"] | None = None
    """How all pods find names, as in a pod."""
    dns_config: DnsConfig | None = None
    """More about how all pods find names, as in a pod."""
    runtime_class_name: Name | None = None
    """Runtime class of all pods."""
    termination_grace_period_seconds: Annotated[int, Field(ge=10, le=3600)] = 60
    """How long a server's pod may take to finish what it answers before it is killed."""
    pod_labels: Labels = Field(default_factory=dict)
    """More labels of all pods."""
    pod_annotations: Annotations = Field(default_factory=dict)
    """More annotations of all pods."""
    pod_security_context: PodSecurityContext = Field(default_factory=PodSecurityContext)
    """As whom all pods run."""
    node_selector: Labels = Field(default_factory=dict)
    """Labels of the nodes that the pods may run on."""
    tolerations: Annotated[list[Toleration], Field(max_length=16)] = Field(default_factory=list)
    """Taints that the pods tolerate, as in a pod."""
    affinity: Affinity | None = None
    """Affinity of the pods, as in a pod."""
    topology_spread_constraints: Annotated[list[TopologySpreadConstraint], Field(max_length=8)] = Field(
        default_factory=list
    )
    """How the pods spread over the cluster, as in a pod. Unset: over zones and nodes, as far as there is room."""
    pod_disruption_budget: PodDisruptionBudget | None = None
    """How many pods may be missing while nodes are drained. Unset: one of several."""
    autoscaling: Autoscaling | None = None
    """Scales the server by the load of its pods; leave replicas out beside it. Unset: whoever sets replicas does."""
    priority_class_name: Name | None = None
    """Priority class of the pods."""
    monitoring: Monitoring | None = None
    """MLflow's own metrics, for Prometheus. Unset: there are none."""
    backup: Backup | None = None
    """Copies of the database and the artifacts, on a schedule. Unset: none are made."""
    garbage_collection: GarbageCollection | None = None
    """Removes for good what users have deleted, on a schedule. Unset: it stays."""
    bootstrap: Bootstrap | None = None
    """What the server begins with. Unset: with nothing."""
    upgrade: Upgrade | None = None
    """What comes before another release of MLflow, and when it may come. Unset: nothing, and at once."""
    hibernate: bool = False
    """Scale to zero and keep everything."""
    suspend: bool = False
    """The operator looks but does not touch."""

    RULES: ClassVar[tuple[Rule, ...]] = RULES


class MLflowServerStatus(Observed):
    """What was observed of the server."""

    observed_generation: int = -1
    """The metadata.generation that this status was computed from; -1 before the first look."""
    version: str | None = None
    """The MLflow release that runs."""
    schema_revision: str | None = None
    """The database schema's Alembic revision."""
    connections: int | None = None
    """How many connections the database lets the server have."""
    prepared: str | None = None
    """Fingerprint of the image, stores, settings and credentials that were last prepared."""
    migration: Migration | None = None
    """The migration of the schema that is to come or under way."""
    deployed_generation: int | None = None
    """The metadata.generation that the pods were last made for."""
    volumes: Annotated[list[Name], Field(max_length=8)] = Field(default_factory=list)
    """Claims that hold the server's data; one that gets lost is not made anew."""
    url: str | None = None
    """Where clients inside the cluster reach the server."""
    external_url: Annotated[str | None, Field(alias="externalURL")] = None
    """Where people outside the cluster reach the server."""
    replicas: int | None = None
    """Pods that the server was last scaled to."""
    ready_replicas: int | None = None
    """Pods that were ready when the server last settled."""
    selector: str | None = None
    """Label selector of the pods, for the scale subresource."""
    restored: str | None = None
    """The backup that the server began with."""
    backup: BackupStatus | None = None
    """The latest backups."""
    garbage_collection: CollectionStatus | None = None
    """The latest collections of what users have deleted."""
    conditions: Annotated[list[Condition], list_map("type", max_items=32)] = Field(default_factory=list)
    """Ready, Reconciling, Stalled, Suspended, DatabaseReady, SchemaReady, ArtifactStoreReady, ServerReady,
    ExperimentsReady, Exposed, Secured, PodMonitorCreated, ConnectionsFit, BackupReady, GarbageCollected."""


class MLflowServer(Resource):
    """An MLflow tracking server and model registry: Deployment, Service, stores, migration and health as one object."""

    NAMES: ClassVar[Names] = Names("MLflowServer", "mlflowservers", "mls")
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("Version", ".status.version"),
        Column("Ready", condition_path("Ready")),
        Column("Replicas", ".status.readyReplicas", "integer"),
        Column("URL", ".status.url"),
        Column("Age", ".metadata.creationTimestamp", "date"),
        Column("Reason", condition_path("Ready", "reason"), priority=1),
        Column("External", ".status.externalURL", priority=1),
        Column("Secured", condition_path("Secured"), priority=1),
        Column("Schema", ".status.schemaRevision", priority=1),
        Column("Backend", condition_path("DatabaseReady"), priority=1),
        Column("Artifacts", condition_path("ArtifactStoreReady"), priority=1),
        Column("Message", condition_path("Ready", "message"), priority=1),
    )
    SCALE: ClassVar[dict[str, str] | None] = {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }

    spec: MLflowServerSpec
    status: MLflowServerStatus = Field(default_factory=MLflowServerStatus)
