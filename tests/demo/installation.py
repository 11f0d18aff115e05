"""The operator in a cluster, from its chart and with the images that were built here."""

from typing import Any

from cluster.host import folders
from cluster.nodes import images
from cluster.providers.provider import Cluster
from mlflow_operator import generate
from mlflow_operator.api.schema import GROUP

NAMESPACE = generate.NAMESPACE
DEPLOYMENT = "deployment/mlflow-operator"
READY_SECONDS = 120
TYPED = (
    "helm template mlflow-operator charts/mlflow-operator --namespace mlflow-operator-system --values images.yaml"
    " | kubectl apply --server-side -f -"
)


def values() -> dict[str, Any]:
    """Values of the chart by which everything runs from images built here: the one place that names them."""
    repository, _, tag = images.OPERATOR.reference.rpartition(":")
    return {
        "image": {"repository": repository, "tag": tag},
        "images": {
            "server": images.server("{version}").reference,
            "postgres": images.POSTGRES.reference,
            "objectStore": images.MINIO.reference,
            "toolbox": images.TOOLBOX.reference,
            "oauth2Proxy": images.OAUTH2_PROXY.reference,
        },
        # Every namespace of this cluster is a test's, or the story's.
        "settings": {"jobGates": True},
        "admission": {"enabled": True},
        # The tag stays the same while the operator is worked on, so only this makes its pod new.
        "podAnnotations": {f"{GROUP}/image": images.OPERATOR.key},
    }


def manifests() -> str:
    """The namespace and the rendered chart as one YAML text, in the order of manifests/install.yaml."""
    return generate.install((), generate.render(folders.CHECKOUT / generate.CHART, NAMESPACE, values()))


def install(cluster: Cluster) -> str:
    """Install or update the operator and wait until it is ready; return what kubectl printed."""
    cluster.load(images.OPERATOR)
    printed = cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", text=manifests())
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(folders.CHECKOUT / "crds"))
    cluster.kubectl("-n", NAMESPACE, "rollout", "status", DEPLOYMENT, f"--timeout={READY_SECONDS}s")
    return printed


def log(cluster: Cluster, lines: int = 50) -> str:
    """The end of the operator's log."""
    return cluster.kubectl("-n", NAMESPACE, "logs", DEPLOYMENT, f"--tail={lines}")
