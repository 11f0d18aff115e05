"""Where data are kept: a store that the operator runs is, for everything else, a store like any other."""

from urllib.parse import quote, urlencode

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.buckets import S3
from mlflow_operator.api.server.stores import Postgres
from mlflow_operator.desired import cloud_native_pg, volumes
from mlflow_operator.desired.managed.object_store import as_s3
from mlflow_operator.desired.managed.postgres import as_postgres


def postgres(server: MLflowServer) -> Postgres | None:
    """The PostgreSQL database, if the backend store is one that is described field by field."""
    store = server.spec.backend_store
    if store is None:
        return None
    if store.cloud_native_pg:
        return cloud_native_pg.as_postgres(store.cloud_native_pg)
    return as_postgres(server) if store.managed else store.postgres


def s3(server: MLflowServer) -> S3 | None:
    """The bucket, if artifacts are kept in one."""
    store = server.spec.artifact_store
    if store is None:
        return None
    return as_s3(server) if store.managed else store.s3


def artifacts_uri(server: MLflowServer) -> str:
    """Where MLflow puts artifacts: a URI, or a folder."""
    store, bucket = server.spec.artifact_store, s3(server)
    if store and store.uri:
        return store.uri.uri
    if bucket is None:
        return volumes.ARTIFACT_FOLDER
    return f"s3://{bucket.bucket}/{bucket.prefix}" if bucket.prefix else f"s3://{bucket.bucket}"


def database_uri(database: Postgres) -> str:
    """The SQLAlchemy URI without credentials, which libpq takes from PGUSER and PGPASSWORD.

    The driver is named, because SQLAlchemy 2.1 reads a bare postgresql:// as psycopg 3. A name that needs quoting
    goes into the query, which every SQLAlchemy unquotes, while the path is unquoted since 2.1 only.
    """
    plain = quote(database.database, safe="") == database.database
    query = {} if plain else {"dbname": database.database}
    if database.ssl_mode:
        query["sslmode"] = database.ssl_mode
    path = database.database if plain else ""
    uri = f"postgresql+psycopg2://{database.host}:{database.port}/{path}"
    return f"{uri}?{urlencode(query, quote_via=quote)}" if query else uri
