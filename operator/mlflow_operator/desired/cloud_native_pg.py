"""A PostgreSQL that CloudNativePG runs: where it is and who opens it, by the names that CloudNativePG gives.

Nothing is asked of CloudNativePG, so its kinds need not be known to the cluster when the server is written.
https://cloudnative-pg.io/documentation/current/applications/ and https://cloudnative-pg.io/documentation/current/certificates
"""

from mlflow_operator.api.meta import SecretKeyRef
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.serving import CaBundle
from mlflow_operator.api.server.stores import CloudNativePG, Postgres, PostgresCredentials
from mlflow_operator.desired.inputs import Key

PORT = 5432
CLUSTER_LABEL = "cnpg.io/cluster"
"""Which the pods of a Cluster have, with its name."""


def wanted(server: MLflowServer) -> CloudNativePG | None:
    """The database as the spec has it, if it is one of these."""
    return server.spec.backend_store.cloud_native_pg if server.spec.backend_store else None


def as_postgres(database: CloudNativePG) -> Postgres:
    """The database as the server sees it; the certificate names the Service of the primary."""
    name = database.cluster_ref.name
    return Postgres(
        host=f"{name}-rw",
        port=PORT,
        database=database.database,
        credentials_secret_ref=PostgresCredentials(name=_user(name)),
        ssl_mode="verify-full",
        ca_bundle=database.ca_bundle or CaBundle(secret_key_ref=SecretKeyRef(name=_authority(name), key="ca.crt")),
        pool=database.pool,
    )


def secrets(server: MLflowServer) -> dict[Key, str]:
    """Secrets that CloudNativePG makes, with the Cluster that it makes each for."""
    database = wanted(server)
    if database is None:
        return {}
    name = database.cluster_ref.name
    made = [_user(name)] if database.ca_bundle else [_user(name), _authority(name)]
    return {("Secret", secret): name for secret in made}


def _user(cluster: str) -> str:
    return f"{cluster}-app"


def _authority(cluster: str) -> str:
    return f"{cluster}-ca"
