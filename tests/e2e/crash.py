"""Ends a container's processes as a crash would, from outside: kill -9 inside the container spares process 1."""

import contextlib
import json
import os
import signal
from pathlib import Path

from cluster.host import waiting
from cluster.providers.provider import Cluster
from demo.installation import DEPLOYMENT, NAMESPACE

LEASE = "mlflow-operator"


def kill_operator(node: Cluster) -> None:
    """End the operator that works with SIGKILL, and have a new pod made at once rather than after a backoff.

    Where the node's processes are not on this machine, deleting the pod without grace has to do.
    """
    pod, uid = _leader(node)
    for pid in _processes_of(uid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    node.kubectl("-n", NAMESPACE, "delete", "pod", pod, "--grace-period=0", "--force", "--wait=false")
    node.kubectl("-n", NAMESPACE, "rollout", "status", DEPLOYMENT, "--timeout=120s")


def _leader(node: Cluster) -> tuple[str, str]:
    """Name and uid of the pod that works; waited for, since the Lease of one that was killed has to run out."""
    found: dict[str, str] = {}

    def there() -> bool:
        holder = node.kubectl("-n", NAMESPACE, "get", "lease", LEASE, "-o", "jsonpath={.spec.holderIdentity}")
        pods = json.loads(node.kubectl("-n", NAMESPACE, "get", "pods", "-o", "json"))["items"]
        found.update({pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in pods})
        found["leader"] = holder.partition("_")[0]
        return found["leader"] in (pod["metadata"]["name"] for pod in pods)

    waiting.until(there, what="an operator that works", seconds=60, pause=0.5)
    return found["leader"], found[found["leader"]]


def _processes_of(pod_uid: str) -> list[int]:
    """Pids on this machine in a pod's control group; its sandbox, which belongs to root, is left to the kubelet."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            inside = pod_uid in (folder / "cgroup").read_text()
            if inside and b"mlflow-operator" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found
