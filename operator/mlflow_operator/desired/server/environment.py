"""The environment of the server and of its preparation: how MLflow is configured, and where secrets come in.

Everything goes through the environment, since the arguments of a process can be read by anybody on its node.
"""

import json

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.buckets import S3
from mlflow_operator.api.server.stores import DatabaseUri, Pool, Postgres
from mlflow_operator.desired import buckets, releases, stores, trust, versions, volumes
from mlflow_operator.desired.endpoint import Endpoint
from mlflow_operator.desired.inputs import Object
from mlflow_operator.desired.server import auth, metrics
from mlflow_operator.desired.server.allowed_hosts import allowed_hosts
from mlflow_operator.desired.server.exposure import hosts, origins
from mlflow_operator.desired.variables import expanded, from_field, from_secret, overridden, plain

BASE = (
    plain("HOME", "/tmp"),  # noqa: S108 - an emptyDir of the pod, since the root file system is read-only
    plain("PYTHONUNBUFFERED", "1"),
    plain("MLFLOW_DISABLE_TELEMETRY", "true"),
)

KEEP_ALIVE_SECONDS = 120
"""How long uvicorn keeps a connection that nobody uses.

Longer than what is in front of a server does, be it ingress-nginx or a load balancer of AWS (60) or Traefik (90): else
they send a request into a connection that is being closed, which ends as a 502.
"""

REQUEST_SECONDS = 600
"""How long gunicorn waits for a worker that answers one request, such as an upload; by itself it kills it after 30."""

AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""The public authorities of a Debian image, the official one among them; spec.env can name another file."""


def server_environment(server: MLflowServer, endpoint: Endpoint) -> list[Object]:
    """Variables of the server's container."""
    own = [
        *BASE,
        from_field("POD_IP", "status.podIP"),
        from_field("POD_IPS", "status.podIPs"),
        *database_variables(server),
        *_artifacts(server),
    ]
    own += [
        plain("MLFLOW_WORKERS", str(server.spec.workers)),
        *_serving(server),
        *_artifact_serving(server),
        # Its own process of 240 MB, and a queue in memory that replicas do not share.
        plain("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false"),
        *_network(server, endpoint),
        *_pool(server),
        *auth.server_variables(server),
        *metrics.variables(server),
    ]
    return overridden(own, server.spec.env)


def prepare_environment(server: MLflowServer) -> list[Object]:
    """Variables of the preparation: the same stores, with the same credentials."""
    own = stores_environment(server)
    if server.spec.artifact_store is not None and probes_artifacts(server):
        own.append(plain("MLFLOW_ARTIFACTS_DESTINATION", stores.artifacts_uri(server)))
    if server.spec.artifact_store is not None and server.spec.artifact_store.verify != "Write":
        own.append(plain("PREPARE_VERIFY", server.spec.artifact_store.verify))
    store = server.spec.backend_store
    if store is not None and store.uri_secret_ref is not None and store.uri_secret_ref.ca_bundle:
        own.append(plain("PREPARE_CA_BUNDLE", "true"))
    own += _of_bucket(server)
    own += auth.prepare_variables(server)
    return overridden(own, server.spec.env)


def _of_bucket(server: MLflowServer) -> list[Object]:
    """What the preparation does with a bucket, and looks at, that MLflow does not."""
    bucket = stores.s3(server)
    if bucket is None:
        return []
    found = [plain("PREPARE_CREATE_BUCKET", "true")] if bucket.create_bucket else []
    if bucket.encryption:
        found.append(plain("PREPARE_ENCRYPTION", buckets.algorithm(bucket.encryption)))
    if rule := buckets.lifecycle_rule(bucket):
        found.append(plain("PREPARE_LIFECYCLE", json.dumps(rule)))
    return found


def stores_environment(server: MLflowServer) -> list[Object]:
    """Variables of a program that reaches the stores as the server does."""
    return [*BASE, *database_variables(server), *_artifacts(server)]


def probes_artifacts(server: MLflowServer) -> bool:
    """Whether the preparation can try the artifact store; a ReadWriteOncePod volume is the running server's alone."""
    store = server.spec.artifact_store
    volume = store.persistent_volume if store else None
    return volume is None or volume.access_mode != "ReadWriteOncePod"


def database_variables(server: MLflowServer) -> list[Object]:
    """Where the database is, and what opens it."""
    store = server.spec.backend_store
    database = stores.postgres(server)
    if database is not None:
        return _postgres(database)
    if store is not None and store.uri_secret_ref is not None:
        return _uri(store.uri_secret_ref)
    return [plain("MLFLOW_BACKEND_STORE_URI", f"sqlite:///{volumes.DATABASE_FOLDER}/mlflow.db")]


def _uri(uri: DatabaseUri) -> list[Object]:
    """Nobody looks into the URI, so both are told of the authorities: libpq, and MLflow for drivers of MySQL."""
    known = ("PGSSLROOTCERT", "MLFLOW_MYSQL_SSL_CA") if uri.ca_bundle else ()
    authorities = [plain(name, trust.file(trust.DATABASE)) for name in known]
    return [*authorities, from_secret("MLFLOW_BACKEND_STORE_URI", uri.name, uri.key)]


def _postgres(database: Postgres) -> list[Object]:
    credentials = database.credentials_secret_ref
    # libpq looks for authorities in the home folder only, which is empty.
    trusted = trust.file(trust.DATABASE) if database.ca_bundle else AUTHORITIES
    authorities = [plain("PGSSLROOTCERT", trusted)] if database.ssl_mode in ("verify-ca", "verify-full") else []
    return [
        *authorities,
        plain("MLFLOW_BACKEND_STORE_URI", stores.database_uri(database)),
        from_secret("PGUSER", credentials.name, credentials.username_key),
        from_secret("PGPASSWORD", credentials.name, credentials.password_key),
    ]


def _pool(server: MLflowServer) -> list[Object]:
    database = stores.postgres(server)
    pool = database.pool if database else Pool()
    settings = {
        "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": pool.size,
        "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": pool.max_overflow,
        "MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE": pool.recycle,
    }
    return [plain(name, str(value)) for name, value in settings.items() if value is not None]


def _artifacts(server: MLflowServer) -> list[Object]:
    bucket = stores.s3(server)
    return [] if bucket is None else [*_s3_endpoint(bucket), *_s3_credentials(bucket), *_s3_uploads(bucket)]


def _s3_uploads(bucket: S3) -> list[Object]:
    owner = bucket.expected_bucket_owner
    found = [plain("MLFLOW_S3_EXPECTED_BUCKET_OWNER", owner)] if owner else []
    if bucket.encryption:
        found.append(plain("MLFLOW_S3_UPLOAD_EXTRA_ARGS", json.dumps(buckets.upload_arguments(bucket.encryption))))
    return found


def _s3_endpoint(bucket: S3) -> list[Object]:
    region = bucket.region or ("us-east-1" if bucket.endpoint else None)
    in_path = bucket.path_style if bucket.path_style is not None else bucket.endpoint is not None
    variables = [plain("AWS_DEFAULT_REGION", region)] if region else []
    if bucket.endpoint:
        variables += [
            plain("MLFLOW_S3_ENDPOINT_URL", bucket.endpoint),
            # boto3 adds CRC trailers since 1.36, which many S3-compatible stores refuse.
            plain("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required"),
            plain("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required"),
        ]
    if bucket.ca_bundle:
        variables.append(plain("AWS_CA_BUNDLE", trust.file(trust.STORE)))
    if in_path or bucket.path_style is not None:
        variables.append(plain("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "path" if in_path else "virtual"))
    return variables


def _s3_credentials(bucket: S3) -> list[Object]:
    credentials = bucket.credentials_secret_ref
    if credentials is None:
        return []
    return [
        from_secret("AWS_ACCESS_KEY_ID", credentials.name, credentials.access_key_id_key),
        from_secret("AWS_SECRET_ACCESS_KEY", credentials.name, credentials.secret_access_key_key),
    ]


def _serving(server: MLflowServer) -> list[Object]:
    """What the program that serves is told; gunicorn keeps no connection, so it needs no other patience."""
    if releases.has(versions.version(server), releases.UVICORN):
        return [plain("UVICORN_TIMEOUT_KEEP_ALIVE", str(KEEP_ALIVE_SECONDS))]
    return [plain("GUNICORN_CMD_ARGS", f"--timeout {REQUEST_SECONDS}")]


def _artifact_serving(server: MLflowServer) -> list[Object]:
    uri = stores.artifacts_uri(server)
    if server.spec.serve_artifacts:
        return [plain("MLFLOW_SERVE_ARTIFACTS", "true"), plain("MLFLOW_ARTIFACTS_DESTINATION", uri)]
    return [plain("MLFLOW_SERVE_ARTIFACTS", "false"), plain("MLFLOW_DEFAULT_ARTIFACT_ROOT", uri)]


def _network(server: MLflowServer, endpoint: Endpoint) -> list[Object]:
    network = server.spec.network
    if not releases.has(versions.version(server), releases.HOST_CHECK):
        return []
    allowed = allowed_hosts(endpoint, [*hosts(server), *network.allowed_hosts])
    variables = [expanded("MLFLOW_SERVER_ALLOWED_HOSTS", ",".join(allowed))]
    # A browser names its origin with all that changes something, also where it is the server's own.
    if known := [*origins(server), *network.cors_allowed_origins]:
        variables.append(plain("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", ",".join(dict.fromkeys(known))))
    if endpoint.prefix:
        variables.append(plain("MLFLOW_STATIC_PREFIX", endpoint.prefix))
    return variables
