"""Every name, label and annotation of what a server consists of."""

import hashlib
import re

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.resource import Resource
from mlflow_operator.api.schema import API_VERSION, GROUP
from mlflow_operator.desired.inputs import Object

MANAGER = "mlflow-operator"

SERVER = "server"
POSTGRES = "postgres"
OBJECT_STORE = "object-store"
PREPARE = "prepare"
GATE = "gate"
BACKUP = "backup"
COLLECT = "collect"

INSTANCE_LABEL = "app.kubernetes.io/instance"
COMPONENT_LABEL = "app.kubernetes.io/component"
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
VERSION_LABEL = "app.kubernetes.io/version"

APPLIED_ANNOTATION = f"{GROUP}/applied"
"""Fingerprint of the object as it was last applied, so that a field no longer wanted is noticed."""
DIGESTS_ANNOTATION = f"{GROUP}/references"
"""Fingerprint of every Secret and ConfigMap that the pod reads, so that a rotation rolls the pods."""
STORES_ANNOTATION = f"{GROUP}/stores"
"""On a preparation: fingerprint of all that the stores notice of it, so that its success counts for pods like it."""
IDENTITY_ANNOTATION = f"{GROUP}/identity"
"""Fingerprint of the annotations of the pods' ServiceAccount, so that another identity rolls the pods."""

SERVER_ANNOTATION = f"{GROUP}/server"
"""On what a server does not own itself, such as the Jobs of its CronJob: the server's name."""

MAX = 63
"""DNS-1123 label, and the value of a label."""
MAX_STATEFUL_SET = 52
"""Its pods carry the label controller-revision-hash, which is its name and 11 characters more."""

MAX_CRON_JOB = 52
"""Its Jobs are named after it and the minute."""

_DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


def bounded(base: str, suffix: str = "", limit: int = MAX) -> str:
    """``base`` and ``suffix`` as a DNS-1035 label; a base that does not fit is cut, and told apart by a hash."""
    if _DNS_1035.fullmatch(base) and len(base) + len(suffix) <= limit:
        return base + suffix
    tail = f"-{hashlib.sha256(base.encode()).hexdigest()[:8]}{suffix}"
    head = re.sub(r"[^-a-z0-9]", "-", base)
    head = head if head[0].isalpha() else f"s{head}"
    return head[: limit - len(tail)].rstrip("-") + tail


def instance(server: MLflowServer) -> str:
    """Name of the Deployment, Service and ServiceAccount, and value of the instance label."""
    return bounded(server.metadata.name)


def service_account(server: MLflowServer) -> str:
    """Name of the pods' ServiceAccount."""
    return server.spec.service_account.name or instance(server)


def certificate(server: MLflowServer) -> str:
    """Name of the Secret with the certificate of the server's route, where it is made for it."""
    return bounded(server.metadata.name, "-tls")


def admin_login(server: MLflowServer) -> str:
    """Name of the Secret with the administrator's login, where it is made."""
    return bounded(server.metadata.name, "-admin")


def operator_login(server: MLflowServer) -> str:
    """Name of the Secret with the operator's login at the server, and with the key of its sessions."""
    return bounded(server.metadata.name, "-auth")


def proxy_login(server: MLflowServer) -> str:
    """Name of the Secret with the operator's login at the server's oauth2-proxy, and with the key of its cookies."""
    return bounded(server.metadata.name, "-oauth2-proxy")


def postgres(server: MLflowServer) -> str:
    """Name of the managed PostgreSQL's StatefulSet, Service, volume and credentials Secret."""
    return bounded(server.metadata.name, "-postgres", MAX_STATEFUL_SET)


def object_store(server: MLflowServer) -> str:
    """Name of the managed object store's StatefulSet, Service, volume and credentials Secret."""
    return bounded(server.metadata.name, "-object-store", MAX_STATEFUL_SET)


def own_certificate(server: MLflowServer) -> str:
    """Name of the Certificate that cert-manager makes for the pods, and of its Secret."""
    return bounded(server.metadata.name, "-certificate")


def certificate_secret(server: MLflowServer) -> str | None:
    """Name of the Secret with the certificate of the pods; None where they speak HTTP."""
    tls = server.spec.tls
    return (tls.secret_name or own_certificate(server)) if tls else None


def database_volume(server: MLflowServer) -> str:
    """Name of the volume with the SQLite file."""
    return bounded(server.metadata.name, "-database")


def artifact_volume(server: MLflowServer) -> str:
    """Name of the volume with the artifacts."""
    return bounded(server.metadata.name, "-artifacts")


def backup(server: MLflowServer) -> str:
    """Name of the CronJob that makes backups."""
    return bounded(server.metadata.name, "-backup", MAX_CRON_JOB)


def collection(server: MLflowServer) -> str:
    """Name of the CronJob that removes what users have deleted."""
    return bounded(server.metadata.name, "-gc", MAX_CRON_JOB)


def backup_before(server: MLflowServer, fingerprint: str) -> str:
    """Name of the backup Job before the migration that the fingerprint stands for: nobody makes a second one."""
    return bounded(server.metadata.name, f"-backup-before-{fingerprint[:10]}")


def backup_volume(server: MLflowServer) -> str:
    """Name of the volume with backups."""
    return bounded(server.metadata.name, "-backups")


def preparation(server: MLflowServer, fingerprint: str) -> str:
    """Name of the preparation Job for what the fingerprint stands for."""
    return bounded(server.metadata.name, f"-prepare-{fingerprint[:10]}")


def gate_job(claim: str, gate: str, known_by: str, tries: int) -> str:
    """Name of the Job of a claim's gate: the same for the same question, so that nobody starts a second one."""
    return bounded(f"{claim}-{gate}", f"-{known_by[:10]}-{tries}")


def gate_labels() -> dict[str, str]:
    """Labels of the Jobs of gates, and of their pods: neither a server's Service nor its selectors find them."""
    own = {MANAGED_BY_LABEL: MANAGER, "app.kubernetes.io/part-of": MANAGER}
    return {"app.kubernetes.io/name": "mlflow-gate", COMPONENT_LABEL: GATE, **own}


def selector(server: MLflowServer, component: str) -> dict[str, str]:
    """Labels that select a component's pods; they never change."""
    return {
        "app.kubernetes.io/name": "mlflow",
        INSTANCE_LABEL: instance(server),
        COMPONENT_LABEL: component,
    }


def pod_selector(server: MLflowServer) -> str:
    """The label selector of the server's pods, as text."""
    return ",".join(f"{name}={value}" for name, value in selector(server, SERVER).items())


def labels(server: MLflowServer, component: str, version: str | None = None) -> dict[str, str]:
    """Labels of a component's objects."""
    own = {MANAGED_BY_LABEL: MANAGER, "app.kubernetes.io/part-of": MANAGER}
    return selector(server, component) | own | ({VERSION_LABEL: version} if version else {})


def owner_reference(owner: Resource) -> Object:
    """The reference by which an object goes when its owner does."""
    return {
        "apiVersion": API_VERSION,
        "kind": owner.NAMES.kind,
        "name": owner.metadata.name,
        "uid": owner.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def metadata(server: MLflowServer, name: str, component: str, *, version: str | None = None) -> Object:
    """Metadata of an object that goes with the server."""
    return {
        "name": name,
        "namespace": server.metadata.namespace,
        "labels": labels(server, component, version),
        "ownerReferences": [owner_reference(server)],
    }


def kept_metadata(server: MLflowServer, name: str, component: str, *, version: str | None = None) -> Object:
    """Metadata of an object that outlives the server, because it holds data or opens them."""
    return {
        "name": name,
        "namespace": server.metadata.namespace,
        "labels": labels(server, component, version),
        # Argo CD, where it tracks by the instance label, takes it for its own: for something that is not in Git, and
        # that goes with its application.
        "annotations": {
            "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
            "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
        },
    }
