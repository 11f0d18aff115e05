"""Where an MLflowServer keeps runs, the registry and artifacts."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mlflow_operator.api.meta import LocalRef, SecretKeyRef
from mlflow_operator.api.schema import ApiModel, Name, Quantity, Rule, SecretKey, exactly_one, rules
from mlflow_operator.api.server.buckets import S3
from mlflow_operator.api.server.pods import Resources
from mlflow_operator.api.server.serving import CaBundle


def _fixed(field: str, reason: str) -> Rule:
    same = f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})"
    return Rule(same, f"{field} cannot be changed; {reason}")


_CLASS_FIXED = _fixed("storageClassName", "a volume stays in its class")


def _grows(default: str) -> Rule:
    """A volume grows and never shrinks; ``default`` is its size where none is written."""
    now, before = (f"quantity(has({o}.size) ? string({o}.size) : '{default}')" for o in ("self", "oldSelf"))
    written = "isQuantity(string(self.size)) && (!has(oldSelf.size) || isQuantity(string(oldSelf.size)))"
    return Rule(
        f"(has(self.size) && !({written})) || {now}.compareTo({before}) >= 0",
        "size cannot shrink, as no volume does; write the size that it had or a larger one",
        ".size",
    )


class PostgresCredentials(ApiModel):
    """A Secret with a user name and a password."""

    name: Name
    """Name of the Secret."""
    username_key: SecretKey = "username"
    """Key of the user name."""
    password_key: SecretKey = "password"
    """Key of the password."""


class Pool(ApiModel):
    """The connection pool of every worker process."""

    size: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Connections kept open."""
    max_overflow: Annotated[int, Field(ge=0, le=1000)] | None = None
    """Connections opened beyond that under load."""
    recycle: Annotated[int, Field(ge=1, le=86400)] | None = None
    """Seconds after which a connection is replaced."""


class Postgres(ApiModel):
    """A PostgreSQL database that exists."""

    host: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._-]+$")]
    """Host name."""
    port: Annotated[int, Field(ge=1, le=65535)] = 5432
    """Port."""
    database: Annotated[str, Field(min_length=1, max_length=63)]
    """Database; it has to exist, the operator makes its tables."""
    credentials_secret_ref: PostgresCredentials
    """Who logs in."""
    ssl_mode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] | None = None
    """How TLS is used, as libpq calls it. Unset: libpq's default, prefer."""
    ca_bundle: CaBundle | None = None
    """Certificate authorities that are trusted for the database, instead of the public ones."""
    pool: Pool = Field(default_factory=Pool)
    """The connection pool of every worker process."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.caBundle) || (has(self.sslMode) && self.sslMode in ['verify-ca', 'verify-full'])",
            "nobody is asked for a certificate otherwise: beside caBundle write sslMode verify-full, or verify-ca",
            ".sslMode",
        ),
    )


class CloudNativePG(ApiModel):
    """A PostgreSQL that CloudNativePG runs in the server's namespace, by the Secrets that it makes for its Cluster."""

    cluster_ref: LocalRef
    """The Cluster: its Secrets <name>-app and <name>-ca are read, its Service <name>-rw is connected to."""
    database: Annotated[str, Field(min_length=1, max_length=63)] = "app"
    """Database, owned by the user of <name>-app."""
    ca_bundle: CaBundle | None = None
    """Certificate authorities that sign the Cluster's certificate. Unset: ca.crt of <name>-ca."""
    pool: Pool = Field(default_factory=Pool)
    """The connection pool of every worker process."""


class Sqlite(ApiModel):
    """A SQLite file on a volume: for development, one replica."""

    size: Quantity = "1Gi"
    """Size of the volume."""
    storage_class_name: Name | None = None
    """Storage class of the volume. Unset: the cluster's default."""

    RULES: ClassVar[tuple[Rule, ...]] = (_CLASS_FIXED, _grows("1Gi"))


class ManagedPostgres(ApiModel):
    """A PostgreSQL that the operator runs, for development and small teams."""

    size: Quantity = "5Gi"
    """Size of its volume."""
    storage_class_name: Name | None = None
    """Storage class of its volume. Unset: the cluster's default."""
    resources: Resources = Field(default_factory=Resources)
    """Compute resources of its container."""

    RULES: ClassVar[tuple[Rule, ...]] = (_CLASS_FIXED, _grows("5Gi"))


class DatabaseUri(SecretKeyRef):
    """A Secret with the URI of a database, and whom to trust there."""

    ca_bundle: CaBundle | None = None
    """Certificate authorities that PostgreSQL and MySQL are trusted by; the URI has to ask for certificates."""


class BackendStore(ApiModel):
    """Where runs and the registry are kept: exactly one member."""

    postgres: Postgres | None = None
    """A PostgreSQL database that exists."""
    uri_secret_ref: DatabaseUri | None = None
    """A SQLAlchemy URI in a Secret, for any database that the image has a driver for."""
    sqlite: Sqlite | None = None
    """A SQLite file on a volume: for development, one replica."""
    managed: ManagedPostgres | None = None
    """A PostgreSQL that the operator runs, for development and small teams."""

    cloud_native_pg: Annotated[CloudNativePG | None, Field(alias="cloudNativePG")] = None
    """A PostgreSQL that CloudNativePG runs in the server's namespace."""

    RULES: ClassVar[tuple[Rule, ...]] = (exactly_one("postgres", "uriSecretRef", "sqlite", "managed", "cloudNativePG"),)


class Volume(ApiModel):
    """A volume of the cluster."""

    size: Quantity = "10Gi"
    """Size of the volume."""
    storage_class_name: Name | None = None
    """Storage class of the volume. Unset: the cluster's default."""
    access_mode: Literal["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"] = "ReadWriteOnce"
    """How many nodes may mount the volume; more than one replica needs ReadWriteMany."""

    RULES: ClassVar[tuple[Rule, ...]] = (_CLASS_FIXED, _grows("10Gi"))


class ManagedObjectStore(ApiModel):
    """An S3 server that the operator runs, for development and small teams."""

    size: Quantity = "10Gi"
    """Size of its volume."""
    storage_class_name: Name | None = None
    """Storage class of its volume. Unset: the cluster's default."""
    resources: Resources = Field(default_factory=Resources)
    """Compute resources of its container."""

    RULES: ClassVar[tuple[Rule, ...]] = (_CLASS_FIXED, _grows("10Gi"))


_PATH = "(/[^?#@]*)?$"
_URI = f"^(gs://[^/@:?#]+|wasbs://[^/@:?#]+@[^/@:?#]+|abfss://[^/@:?#]+@[^/@:?#]+|hdfs://[^/@:?#]+(:[0-9]+)?){_PATH}"


class ArtifactUri(ApiModel):
    """Where artifacts are kept, for a store that MLflow and the image have a client for."""

    uri: Annotated[
        str,
        Field(min_length=1, max_length=1024, pattern=r"^[^\s]+$"),
        rules(
            Rule(
                "!self.startsWith('s3:') && !self.startsWith('file:') && !self.startsWith('/')",
                "a bucket of S3 goes into s3, and a folder into persistentVolume",
            ),
            Rule(
                f"self.matches('{_URI}') || self.startsWith('s3:') || self.startsWith('file:') || self.startsWith('/')",
                "write gs://bucket/path, wasbs://container@account.blob.core.windows.net/path,"
                " abfss://filesystem@account.dfs.core.windows.net/path or hdfs://host:8020/path; what opens it comes by"
                " env, envFrom or the service account, and never in the URI",
            ),
        ),
    ]
    """Address of a bucket, container or file system, with the path in it: gs, wasbs, abfss or hdfs."""


class ArtifactStore(ApiModel):
    """Where artifacts are kept: exactly one member."""

    s3: S3 | None = None
    """A bucket of S3 or of anything that speaks its protocol."""
    persistent_volume: Volume | None = None
    """A volume of the cluster."""
    managed: ManagedObjectStore | None = None
    """An S3 server that the operator runs, for development and small teams."""
    uri: ArtifactUri | None = None
    """A store of another kind, such as Google Cloud Storage, Azure or HDFS, that the image has a client for."""
    verify: Literal["Write", "Read", "None"] = "Write"
    """How the store is tried: Write writes, reads and deletes an artifact, Read only lists, None does nothing."""

    RULES: ClassVar[tuple[Rule, ...]] = (exactly_one("s3", "persistentVolume", "managed", "uri"),)
