"""Buckets for artifacts and for backups."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mlflow_operator.api.durations import Days
from mlflow_operator.api.schema import ApiModel, Name, Rule, SecretKey, rules
from mlflow_operator.api.server.serving import CaBundle


class S3Credentials(ApiModel):
    """A Secret with an access key."""

    name: Name
    """Name of the Secret."""
    access_key_id_key: SecretKey = "AWS_ACCESS_KEY_ID"
    """Key of the access key's id."""
    secret_access_key_key: SecretKey = "AWS_SECRET_ACCESS_KEY"
    """Key of the secret access key."""


class Bucket(ApiModel):
    """A bucket of S3 or of anything that speaks its protocol."""

    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    """Name of the bucket."""
    prefix: Annotated[str, Field(max_length=512, pattern=r"^[^/\s].*[^/\s]$|^[^/\s]$")] | None = None
    """Path in the bucket, without a slash at either end."""
    region: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Region of the bucket."""
    endpoint: (
        Annotated[
            str,
            Field(max_length=2048),
            rules(
                Rule("isURL(self) && url(self).getScheme() in ['http', 'https']", "write an http:// or https:// URL")
            ),
        ]
        | None
    ) = None
    """URL of the store. Unset: Amazon S3."""
    path_style: bool | None = None
    """Whether the bucket is in the path rather than the host name. Unset: yes where an endpoint is set."""
    credentials_secret_ref: S3Credentials | None = None
    """The access key. Unset: the identity of the pods."""
    ca_bundle: CaBundle | None = None
    """Certificate authorities that are trusted for the store, instead of the public ones."""


class Encryption(ApiModel):
    """What the store is told to encrypt with, at each upload."""

    type: Literal["SSE-S3", "SSE-KMS"]
    """SSE-S3: by keys of the store; SSE-KMS: by a key of its key management."""
    kms_key_id: Annotated[str, Field(min_length=1, max_length=2048, pattern=r"^[^\s\"\\\\]+$")] | None = None
    """Key of SSE-KMS, as the store names it. Unset: the store's default."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule("!has(self.kmsKeyId) || self.type == 'SSE-KMS'", "kmsKeyId goes with type SSE-KMS", ".kmsKeyId"),
    )


class WrittenBucket(Bucket):
    """A bucket that something is written into."""

    encryption: Encryption | None = None
    """How the store encrypts what is written. Unset: as the bucket is set up."""


class Transition(ApiModel):
    """Moves objects into another storage class."""

    after: Days
    """How long after their upload, in whole days, as in 720h."""
    storage_class: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
    """Which class, such as STANDARD_IA."""


class Lifecycle(ApiModel):
    """One rule of the bucket's lifecycle, for what is below the prefix; the rules of others stay."""

    abort_incomplete_uploads_after: Days | None = None
    """When the parts of an upload go that never ended, in whole days, as in 168h."""
    expire_noncurrent_after: Days | None = None
    """When versions go that were deleted or written over, in whole days, as in 720h."""
    transitions: Annotated[list[Transition], Field(max_length=8)] = Field(default_factory=list)
    """Moves objects into other storage classes; those have to be readable at once."""


class S3(WrittenBucket):
    """A bucket for artifacts."""

    create_bucket: bool = False
    """Whether to create the bucket when it is missing."""
    direct_access: bool = False
    """Whether the server gives clients links to the store, which all have to reach; false: they go through it."""
    expected_bucket_owner: Annotated[str, Field(max_length=12, pattern=r"^[0-9]{12}$")] | None = None
    """Account of AWS that the bucket has to belong to. Unset: any."""
    lifecycle: Lifecycle | None = None
    """Rule by which the store tidies up. Unset: the bucket's lifecycle is left as it is; {}: the rule is removed."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!(has(self.encryption) && has(self.directAccess) && self.directAccess)",
            "links say nothing of encryption; leave directAccess out, or set the encryption up in the bucket",
            ".encryption",
        ),
    )
