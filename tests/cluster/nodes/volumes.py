"""A pool of volumes of the node for claims of the default class.

They are `local` volumes: unlike host-path ones they honour fsGroup, so that a pod without root can write.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from cluster.nodes.node_files import NODE_NAME

COUNT = 24
SIZE = "20Gi"
CLASS = "local"


def storage_class() -> dict[str, Any]:
    """Return the default class; a claim is bound when a pod uses it."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": CLASS, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def pool(folder: Path) -> list[dict[str, Any]]:
    """Return all volumes of the pool, each a folder under `folder`."""
    return [_volume(folder / f"volume-{number:02}") for number in range(COUNT)]


def empty(folder: Path) -> None:
    """Give the folder of a volume back as it was at first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def released(listed: str) -> list[str]:
    """Return the names of volumes whose claim is gone, from `kubectl get pv -o json`."""
    volumes = json.loads(listed)["items"]
    return [v["metadata"]["name"] for v in volumes if v["status"].get("phase") in {"Released", "Failed"}]


def _volume(path: Path) -> dict[str, Any]:
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE_NAME]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": path.name},
        "spec": {
            "capacity": {"storage": SIZE},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": CLASS,
            "local": {"path": str(path)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }
