"""The environment of the program that makes backups: the server's stores, and where copies go."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.buckets import Bucket, WrittenBucket
from mlflow_operator.desired import buckets, stores, trust, volumes
from mlflow_operator.desired.inputs import Object
from mlflow_operator.desired.server import auth
from mlflow_operator.desired.server.environment import database_variables
from mlflow_operator.desired.variables import from_secret, overridden, plain

_RENAMED = {"MLFLOW_BACKEND_STORE_URI": "BACKUP_DATABASE", "AUTH_DATABASE_URI": "BACKUP_AUTH_DATABASE"}


def environment(
    server: MLflowServer, bucket: Bucket | None, folder: str, version: str, *, artifacts: bool = True
) -> list[Object]:
    """Variables of the container.

    Args:
        server: whose data are copied or restored.
        bucket: where copies are; None where they are on a volume.
        folder: where that volume is.
        version: the server's release.
        artifacts: whether they are copied or restored too.
    """
    meta = server.metadata
    about = {"NAMESPACE": meta.namespace, "NAME": meta.name, "UID": meta.uid, "VERSION": version}
    own = [
        plain("HOME", "/tmp"),  # noqa: S108 - an emptyDir of the pod
        plain("PYTHONUNBUFFERED", "1"),
        plain("BACKUP_REPORT", "/dev/termination-log"),
        *(plain(f"BACKUP_SERVER_{name}", value) for name, value in about.items()),
        *_databases(server),
        *(_artifacts(server) if artifacts else []),
        *_place(server, bucket, folder),
    ]
    return overridden(own, server.spec.env)


def _databases(server: MLflowServer) -> list[Object]:
    found = [*database_variables(server), *auth.database_variables(server)]
    return [variable | {"name": _RENAMED.get(variable["name"], variable["name"])} for variable in found]


def _artifacts(server: MLflowServer) -> list[Object]:
    bucket = stores.s3(server)
    if server.spec.artifact_store and server.spec.artifact_store.uri:
        return []  # a backup of such a server has none, and a server that is restored finds them where they are
    if bucket is None:
        return [plain("BACKUP_ARTIFACTS", volumes.ARTIFACT_FOLDER)]
    authorities = trust.file(trust.STORE) if bucket.ca_bundle else None
    return _bucket("BACKUP_ARTIFACTS", bucket, stores.artifacts_uri(server), authorities)


def _place(server: MLflowServer, bucket: Bucket | None, folder: str) -> list[Object]:
    if bucket is None:
        return [plain("BACKUP_PLACE", folder)]
    path = bucket.prefix or f"{server.metadata.namespace}/{server.metadata.name}"
    authorities = trust.file(trust.DESTINATION) if bucket.ca_bundle else None
    return _bucket("BACKUP_PLACE", bucket, f"s3://{bucket.bucket}/{path}", authorities)


def _bucket(name: str, bucket: Bucket, uri: str, authorities: str | None) -> list[Object]:
    """A bucket as the program has it: its address, and options of the library for object stores."""
    encryption = bucket.encryption if isinstance(bucket, WrittenBucket) else None
    in_path = bucket.path_style if bucket.path_style is not None else bucket.endpoint is not None
    options = {
        "ENDPOINT": bucket.endpoint,
        "REGION": bucket.region or ("us-east-1" if bucket.endpoint else None),
        "VIRTUAL_HOSTED_STYLE_REQUEST": None if in_path else "true",
        "ROOT_CERTIFICATE": authorities,
        "SERVER_SIDE_ENCRYPTION": buckets.algorithm(encryption) if encryption else None,
        "SSE_KMS_KEY_ID": encryption.kms_key_id if encryption else None,
    }
    found = [plain(name, uri), *(plain(f"{name}_{key}", value) for key, value in options.items() if value)]
    if access := bucket.credentials_secret_ref:
        found.append(from_secret(f"{name}_ACCESS_KEY_ID", access.name, access.access_key_id_key))
        found.append(from_secret(f"{name}_SECRET_ACCESS_KEY", access.name, access.secret_access_key_key))
    return found
