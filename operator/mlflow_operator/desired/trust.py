"""Certificate authorities of the stores, and of who logs people in: files in the pods that ask them."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.serving import CaBundle
from mlflow_operator.desired import cloud_native_pg
from mlflow_operator.desired.external import authorities
from mlflow_operator.desired.inputs import Object, Reference

_FOLDER = "/etc/mlflow"
_FILE = "ca.crt"
DATABASE, STORE, ISSUER = "database-authorities", "store-authorities", "issuer-authorities"
DESTINATION = "backup-authorities"
"""Of where backups are kept."""


def file(name: str) -> str:
    """Where a container finds the authorities of the database, of a store of artifacts or backups, or of an issuer."""
    return f"{_FOLDER}/{name}/{_FILE}"


def references(server: MLflowServer) -> list[Reference]:
    """Where those of the stores come from."""
    return [authorities.reference(bundle) for bundle in _bundles(server).values()]


def volumes(server: MLflowServer) -> list[Object]:
    """The same as a pod's volumes."""
    return [volume(name, authorities.reference(bundle)) for name, bundle in _bundles(server).items()]


def mounts(server: MLflowServer) -> list[Object]:
    """Where a container finds those."""
    return [mount(name) for name in _bundles(server)]


def mount(name: str) -> Object:
    """Where a container finds those of one name."""
    return {"name": name, "mountPath": f"{_FOLDER}/{name}", "readOnly": True}


def _bundles(server: MLflowServer) -> dict[str, CaBundle]:
    backend, artifacts = server.spec.backend_store, server.spec.artifact_store
    running = cloud_native_pg.wanted(server)
    by_name = cloud_native_pg.as_postgres(running) if running else None
    database = by_name or ((backend.postgres or backend.uri_secret_ref) if backend else None)
    found = {
        DATABASE: database.ca_bundle if database else None,
        STORE: artifacts.s3.ca_bundle if artifacts and artifacts.s3 else None,
    }
    return {name: bundle for name, bundle in found.items() if bundle}


def volume(name: str, where: Reference) -> Object:
    """Authorities as a pod's volume."""
    (key,) = where.keys
    items = [{"key": key, "path": _FILE}]
    if where.kind == "ConfigMap":
        return {"name": name, "configMap": {"name": where.name, "items": items}}
    return {"name": name, "secret": {"secretName": where.name, "items": items}}
