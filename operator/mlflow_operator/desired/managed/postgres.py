"""A PostgreSQL that the operator runs, for development and small teams: one pod, one volume, generated credentials."""

from importlib.resources import files

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.stores import ManagedPostgres, Postgres, PostgresCredentials
from mlflow_operator.desired import names, pod, volumes
from mlflow_operator.desired.inputs import Images, Inputs, Object
from mlflow_operator.desired.managed import credentials
from mlflow_operator.desired.managed.stateful_set import stateful_set
from mlflow_operator.desired.server import service
from mlflow_operator.desired.variables import plain

PORT = 5432
DATABASE = "mlflow"
UID = 999
"""The user `postgres` of Debian's package and of the official image."""
FOLDER = "/var/lib/postgresql/data"
CREDENTIALS_FOLDER = "/etc/postgresql-credentials"


def as_postgres(server: MLflowServer) -> Postgres:
    """The database as the server sees it."""
    name = names.postgres(server)
    return Postgres(
        host=f"{name}.{server.metadata.namespace}.svc",
        port=PORT,
        database=DATABASE,
        credentials_secret_ref=PostgresCredentials(
            name=name, username_key=credentials.USERNAME, password_key=credentials.PASSWORD
        ),
        ssl_mode="disable",
    )


def objects(server: MLflowServer, inputs: Inputs) -> list[Object]:
    """Its volume, Service and StatefulSet, if the spec asks for it."""
    store = server.spec.backend_store
    if store is None or store.managed is None:
        return []
    name = names.postgres(server)
    metadata = names.kept_metadata(server, name, names.POSTGRES)
    return [
        volumes.claim(metadata, store.managed.size, store.managed.storage_class_name),
        service.internal(server, name, names.POSTGRES, PORT),
        stateful_set(server, name, names.POSTGRES, _template(server, inputs, store.managed)),
    ]


def _template(server: MLflowServer, inputs: Inputs, store: ManagedPostgres) -> Object:
    name = names.postgres(server)
    own_volumes: list[Object] = [
        volumes.mounted("data", name),
        {"name": "credentials", "secret": {"secretName": name, "defaultMode": 0o440}},
        # The 64 MB that a container gets are too small for parallel queries.
        {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "256Mi"}},
    ]
    own: Object = {
        "terminationGracePeriodSeconds": 120,
        "containers": [_container(inputs.images, store)],
        "volumes": own_volumes,
    }
    return pod.template(server, inputs, names.POSTGRES, own, uid=UID)


def _container(images: Images, store: ManagedPostgres) -> Object:
    # Without a user it asks for the name of its own, which may have none.
    asked = ["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(PORT), "-U", credentials.STORE_USER]
    is_ready: Object = {"exec": {"command": asked}, "timeoutSeconds": 5}
    return pod.container(
        "postgres",
        images.postgres,
        images,
        command=["bash", "-c", start_script()],
        env=[
            plain("PGDATA", f"{FOLDER}/cluster"),
            plain("DATABASE", DATABASE),
            plain("CREDENTIALS", CREDENTIALS_FOLDER),
            plain("HOME", "/tmp"),  # noqa: S108 - an emptyDir of the pod
        ],
        ports=[{"name": names.POSTGRES, "containerPort": PORT, "protocol": "TCP"}],
        # Recovery after a crash can take a while; being killed meanwhile would start it again.
        startupProbe=is_ready | {"periodSeconds": 2, "failureThreshold": 450},
        readinessProbe=is_ready | {"periodSeconds": 10},
        livenessProbe={"tcpSocket": {"port": names.POSTGRES}, "periodSeconds": 20, "failureThreshold": 6},
        # SIGTERM alone lets PostgreSQL wait for its clients to leave; SIGINT cuts their sessions.
        lifecycle={"preStop": {"exec": {"command": ["bash", "-c", "kill -INT 1"]}}},
        resources=pod.resources(store.resources, {"cpu": "50m", "memory": "128Mi"}),
        volumeMounts=[
            pod.TMP_MOUNT,
            {"name": "data", "mountPath": FOLDER},
            {"name": "credentials", "mountPath": CREDENTIALS_FOLDER, "readOnly": True},
            {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108 - an emptyDir of the pod
        ],
    )


def start_script() -> str:
    """The program of the container."""
    return files(__package__).joinpath("start_postgres.sh").read_text()
