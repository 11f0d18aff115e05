"""An S3 server that the operator runs, for development and small teams.

The engine is MinIO; nothing outside this file knows.
"""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.buckets import S3, S3Credentials
from mlflow_operator.api.server.stores import ManagedObjectStore
from mlflow_operator.desired import names, pod, volumes
from mlflow_operator.desired.inputs import Images, Inputs, Object
from mlflow_operator.desired.managed import credentials
from mlflow_operator.desired.managed.stateful_set import stateful_set
from mlflow_operator.desired.server import service
from mlflow_operator.desired.variables import from_secret, plain

PORT = 9000
BUCKET = "mlflow"
FOLDER = "/data"


def as_s3(server: MLflowServer) -> S3:
    """The store as the server sees it; the preparation makes the bucket."""
    name = names.object_store(server)
    return S3(
        bucket=BUCKET,
        region="us-east-1",
        endpoint=f"http://{name}.{server.metadata.namespace}.svc:{PORT}",
        path_style=True,
        credentials_secret_ref=S3Credentials(
            name=name, access_key_id_key=credentials.USERNAME, secret_access_key_key=credentials.PASSWORD
        ),
        create_bucket=True,
    )


def objects(server: MLflowServer, inputs: Inputs) -> list[Object]:
    """Its volume, Service and StatefulSet, if the spec asks for it."""
    store = server.spec.artifact_store
    if store is None or store.managed is None:
        return []
    name = names.object_store(server)
    metadata = names.kept_metadata(server, name, names.OBJECT_STORE)
    own: Object = {
        "terminationGracePeriodSeconds": 60,
        "containers": [_container(name, inputs.images, store.managed)],
        "volumes": [volumes.mounted("data", name)],
    }
    return [
        volumes.claim(metadata, store.managed.size, store.managed.storage_class_name),
        service.internal(server, name, names.OBJECT_STORE, PORT),
        stateful_set(server, name, names.OBJECT_STORE, pod.template(server, inputs, names.OBJECT_STORE, own)),
    ]


def _container(secret: str, images: Images, store: ManagedObjectStore) -> Object:
    def probe(path: str, **fields: int) -> Object:
        return {"httpGet": {"path": path, "port": names.OBJECT_STORE}, "timeoutSeconds": 5, **fields}

    return pod.container(
        "object-store",
        images.object_store,
        images,
        command=["minio", "server", FOLDER, "--address", f":{PORT}"],
        env=[
            from_secret("MINIO_ROOT_USER", secret, credentials.USERNAME),
            from_secret("MINIO_ROOT_PASSWORD", secret, credentials.PASSWORD),
            plain("MINIO_COMPRESSION_ENABLE", "on"),
            plain("MINIO_BROWSER", "off"),
            plain("MINIO_UPDATE", "off"),
            plain("HOME", "/tmp"),  # noqa: S108 - an emptyDir of the pod
        ],
        ports=[{"name": names.OBJECT_STORE, "containerPort": PORT, "protocol": "TCP"}],
        startupProbe=probe("/minio/health/live", periodSeconds=2, failureThreshold=150),
        readinessProbe=probe("/minio/health/ready", periodSeconds=10),
        livenessProbe=probe("/minio/health/live", periodSeconds=20, failureThreshold=6),
        resources=pod.resources(store.resources, {"cpu": "50m", "memory": "128Mi"}),
        volumeMounts=[pod.TMP_MOUNT, {"name": "data", "mountPath": FOLDER}],
    )
