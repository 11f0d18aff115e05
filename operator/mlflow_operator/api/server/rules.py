"""What fields of an MLflowServer say of each other."""

from mlflow_operator.api.schema import Rule
from mlflow_operator.api.server.backup import BACKUP_RULES
from mlflow_operator.api.server.garbage_collection import ELSEWHERE_ALONE
from mlflow_operator.api.server.monitoring import BESIDE_METRICS
from mlflow_operator.api.server.names import BESIDE_A_PROXY
from mlflow_operator.api.server.networks import HDFS_NEEDS_RULES, URI_NEEDS_RULES
from mlflow_operator.api.server.upgrade import BACKUP_NEEDED

_DEPLOYED_ONLY = (
    "version",
    "image",
    "workers",
    "serveArtifacts",
    "network",
    "service",
    "tls",
    "ingress",
    "gateway",
    "networkPolicy",
    "auth",
    "monitoring",
    "backup",
    "garbageCollection",
    "bootstrap",
    "upgrade",
    "serviceAccount",
    "resources",
    "temporaryStorage",
    "env",
    "envFrom",
    "volumes",
    "volumeMounts",
    "sidecars",
    "initContainers",
    "containerSecurityContext",
    "hostAliases",
    "dnsPolicy",
    "dnsConfig",
    "runtimeClassName",
    "terminationGracePeriodSeconds",
    "podLabels",
    "podAnnotations",
    "podSecurityContext",
    "nodeSelector",
    "tolerations",
    "affinity",
    "topologySpreadConstraints",
    "podDisruptionBudget",
    "autoscaling",
    "priorityClassName",
    "hibernate",
)
_MANY = "((has(self.replicas) && self.replicas > 1) || (has(self.autoscaling) && self.autoscaling.maxReplicas > 1))"
_MANAGED_DATABASE = "(has(self.backendStore) && has(self.backendStore.managed))"
_RUN_AS_USER = "(has(self.podSecurityContext) && has(self.podSecurityContext.runAsUser))"
_ONE_NODE = (
    "has(self.artifactStore) && has(self.artifactStore.persistentVolume)"
    " && !(has(self.artifactStore.persistentVolume.accessMode)"
    " && self.artifactStore.persistentVolume.accessMode == 'ReadWriteMany')"
)

RULES: tuple[Rule, ...] = (
    Rule(
        "has(self.external) ? !has(self.backendStore) && !has(self.artifactStore)"
        " : has(self.backendStore) && has(self.artifactStore)",
        "set both backendStore and artifactStore, or external alone for a server that already exists",
    ),
    Rule(
        f"!({_MANY} && has(self.backendStore) && has(self.backendStore.sqlite))",
        "SQLite serves one replica; set replicas: 1, or use backendStore postgres, uriSecretRef or managed",
        ".replicas",
    ),
    Rule(
        f"!({_MANY} && {_ONE_NODE})",
        "more than one replica needs artifactStore s3 or managed, or persistentVolume.accessMode: ReadWriteMany",
        ".replicas",
    ),
    Rule(
        "!(has(self.serveArtifacts) && !self.serveArtifacts && has(self.artifactStore)"
        " && has(self.artifactStore.persistentVolume))",
        "clients cannot reach a volume themselves; leave serveArtifacts true, or use artifactStore s3",
        ".serveArtifacts",
    ),
    Rule(
        "!(has(self.serveArtifacts) && !self.serveArtifacts && has(self.artifactStore)"
        " && has(self.artifactStore.s3) && has(self.artifactStore.s3.directAccess)"
        " && self.artifactStore.s3.directAccess)",
        "without serveArtifacts clients go to the bucket themselves, and get no links; leave directAccess out",
        ".artifactStore",
    ),
    Rule(
        "!(has(self.serveArtifacts) && !self.serveArtifacts && has(self.artifactStore)"
        " && has(self.artifactStore.s3) && has(self.artifactStore.s3.encryption))",
        "without serveArtifacts clients write by themselves; tell them how to encrypt, or set it up in the bucket",
        ".artifactStore",
    ),
    URI_NEEDS_RULES,
    HDFS_NEEDS_RULES,
    BESIDE_A_PROXY,
    BESIDE_METRICS,
    *BACKUP_RULES,
    BACKUP_NEEDED,
    ELSEWHERE_ALONE,
    Rule(
        f"!has(self.external) || (self.replicas == 1 && [{', '.join(f'has(self.{f})' for f in _DEPLOYED_ONLY)}]"
        ".all(x, !x))",
        "beside external there can be experiments, promotions and suspend; the rest is for a server that the"
        " operator deploys",
    ),
    Rule(
        f"!{_MANAGED_DATABASE} || !(has(oldSelf.backendStore) && has(oldSelf.backendStore.managed))"
        f" || ({_RUN_AS_USER} ? self.podSecurityContext.runAsUser : 0)"
        f" == ({_RUN_AS_USER.replace('self', 'oldSelf')} ? oldSelf.podSecurityContext.runAsUser : 0)",
        "runAsUser cannot be changed with a managed PostgreSQL, which starts only as the user that made its data;"
        " move the data to a new server",
        ".podSecurityContext",
    ),
    Rule(
        "has(self.external) == has(oldSelf.external)",
        "a server cannot become external, nor an external one deployed; create a new MLflowServer instead",
    ),
)
