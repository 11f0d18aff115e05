"""Volumes of the server: the SQLite file and the artifacts, which outlive it, and what its pods read."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names, trust
from mlflow_operator.desired.inputs import Object

DATABASE_FOLDER = "/var/lib/mlflow/database"
ARTIFACT_FOLDER = "/var/lib/mlflow/artifacts"


def claim(metadata: Object, size: str, storage_class: str | None, access_mode: str = "ReadWriteOnce") -> Object:
    """A PersistentVolumeClaim."""
    spec: Object = {"accessModes": [access_mode], "resources": {"requests": {"storage": size}}}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def claims(server: MLflowServer) -> list[Object]:
    """The claims of the server's own volumes."""
    backend, artifacts = server.spec.backend_store, server.spec.artifact_store
    found = []
    if backend and backend.sqlite:
        meta = names.kept_metadata(server, names.database_volume(server), names.SERVER)
        found.append(claim(meta, backend.sqlite.size, backend.sqlite.storage_class_name))
    if artifacts and artifacts.persistent_volume:
        volume = artifacts.persistent_volume
        meta = names.kept_metadata(server, names.artifact_volume(server), names.SERVER)
        found.append(claim(meta, volume.size, volume.storage_class_name, volume.access_mode))
    return found


def pod_volumes(server: MLflowServer) -> list[Object]:
    """The same volumes as a pod lists them, and the authorities that it trusts for its stores."""
    backend, artifacts = server.spec.backend_store, server.spec.artifact_store
    found = []
    if backend and backend.sqlite:
        found.append(mounted("database", names.database_volume(server)))
    if artifacts and artifacts.persistent_volume:
        found.append(mounted("artifacts", names.artifact_volume(server)))
    return found + trust.volumes(server)


def mounts(server: MLflowServer) -> list[Object]:
    """Where a container finds them."""
    folders = {"database": DATABASE_FOLDER, "artifacts": ARTIFACT_FOLDER}
    data = [v["name"] for v in pod_volumes(server) if v["name"] in folders]
    return [{"name": name, "mountPath": folders[name]} for name in data] + trust.mounts(server)


def mounted(name: str, claim_name: str) -> Object:
    """A claim as a pod's volume."""
    return {"name": name, "persistentVolumeClaim": {"claimName": claim_name}}


def one_node(server: MLflowServer) -> bool:
    """Whether the server's volumes can be mounted by one node at a time, so that two pods may exclude each other."""
    backend, artifacts = server.spec.backend_store, server.spec.artifact_store
    volume = artifacts.persistent_volume if artifacts else None
    return bool(backend and backend.sqlite) or (volume is not None and volume.access_mode != "ReadWriteMany")
