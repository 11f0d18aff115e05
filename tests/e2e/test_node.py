"""The cluster of this tier is what it says it is; a page served by a pod is the witness."""

import json
from pathlib import Path

import pytest

from cluster.host import waiting
from cluster.host.errors import ClusterError, Unavailable
from cluster.nodes import images, ownership
from cluster.providers.provider import Cluster

pytestmark = pytest.mark.e2e

FETCH = "import urllib.request; print(urllib.request.urlopen('http://web:8080/page', timeout=2).read().decode())"
SERVE = "echo written by $(id -u) > /data/page && exec python -m http.server 8080 --directory /data"


@pytest.fixture
def web(node: Cluster, node_namespace: str) -> str:
    """A namespace with a pod `web` that serves a file from its volume, a Service for it, and a pod `client`."""
    objects = [_claim(), _service(), _pod("web", ["sh", "-c", SERVE]), _pod("client", ["sleep", "3600"])]
    node.kubectl(
        "-n",
        node_namespace,
        "apply",
        "-f",
        "-",
        text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}),
    )
    node.kubectl("-n", node_namespace, "wait", "pod", "--all", "--for=condition=Ready", "--timeout=60s")
    waiting.until(lambda: _is_served(node, node_namespace), what="the Service to lead to the pod", seconds=20)
    return node_namespace


def test_a_restricted_pod_writes_to_its_volume_and_is_found_by_name(node: Cluster, web: str) -> None:
    """The volume is bound and writable without root; DNS and the Service lead to the pod."""
    assert _fetch(node, web) == "written by 65532"


def test_a_cut_pod_is_silent_and_then_back(node: Cluster, web: str) -> None:
    """While it is cut nobody reaches it, although it runs."""
    with node.cut_pod(web, "web"), pytest.raises(ClusterError, match="timed out"):
        _fetch(node, web)
    assert _fetch(node, web) == "written by 65532"


def test_volumes_are_used_again(node: Cluster, web: str) -> None:
    """A volume whose claim is gone can be claimed by the next."""
    volume = node.kubectl("-n", web, "get", "persistentvolumeclaim", "web", "-o", "jsonpath={.spec.volumeName}")
    node.kubectl("-n", web, "delete", "pod/web", "persistentvolumeclaim/web", "--timeout=60s")

    def is_free() -> bool:
        node.recycle_volumes()
        phase = node.kubectl("get", "persistentvolume", volume, "--ignore-not-found", "-o", "jsonpath={.status.phase}")
        return phase in {"Available", ""}

    waiting.until(is_free, what="the volume to be free", seconds=20)


def _fetch(node: Cluster, namespace: str) -> str:
    return node.kubectl("-n", namespace, "exec", "client", "--", "python", "-c", FETCH).strip()


def _is_served(node: Cluster, namespace: str) -> bool:
    try:
        return bool(_fetch(node, namespace))
    except ClusterError:
        return False


def _claim() -> dict[str, object]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "web"}, "spec": spec}


def _service() -> dict[str, object]:
    spec = {"selector": {"app": "web"}, "ports": [{"port": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}


def _pod(name: str, command: list[str]) -> dict[str, object]:
    """Return a pod that the restricted Pod Security Standard admits; `web` has the volume."""
    container: dict[str, object] = {
        "name": name,
        "image": images.SERVER.reference,
        "imagePullPolicy": "IfNotPresent",
        "command": command,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    if name == "web":
        container["readinessProbe"] = {"httpGet": {"path": "/page", "port": 8080}, "periodSeconds": 1}
        container["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    spec = {
        "containers": [container],
        "securityContext": {
            "runAsNonRoot": True,
            "fsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationGracePeriodSeconds": 1,
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "web"}}] if name == "web" else [],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


def test_a_machine_has_one_node(node: Cluster, tmp_path: Path) -> None:
    """Another checkout is told so, and takes nothing from it."""
    if node.name != "local":
        pytest.skip(f"the provider {node.name} has a network of its own")
    with pytest.raises(Unavailable, match="runs already"):
        ownership.claim(tmp_path / "node")
