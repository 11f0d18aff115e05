"""Configuration of what runs on the node: pure functions from folders to text and argv."""

import json
from pathlib import Path

from cluster.nodes import images, network

NODE_NAME = "node1"


def containerd_config(folder: Path, store: Path) -> str:
    """Return containerd's configuration: state in `folder`, images in `store`, where they outlive the node."""
    return f"""\
version = 2
root = "{store}"
state = "{folder}/containerd"
[grpc]
  address = "{socket(folder)}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{images.PAUSE.reference}"
  netns_mounts_under_state_dir = true
  # Without CAP_SYS_RESOURCE runc ends with "can't get final child's PID from pipe: EOF".
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{folder}/cni"
"""


def socket(folder: Path) -> Path:
    """Return the address of containerd, which also marks the shims that it started."""
    return folder / "containerd.sock"


def pod_network(folder: Path) -> str:
    """Return the CNI list: each pod has its own link, so all its traffic is routed and can be cut."""
    addresses = {
        "type": "host-local",
        "dataDir": str(folder / "ipam"),
        "ranges": [[{"subnet": network.PODS}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    link = {"type": "ptp", "ipMasq": False, "ipam": addresses}
    return json.dumps({"cniVersion": "0.4.0", "name": "pods", "plugins": [link]})


def kubelet_config(folder: Path) -> str:
    """Return the KubeletConfiguration (JSON, which is YAML)."""
    config = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(folder / "control-plane" / "pki" / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": CONTROL_GROUP,
        "failCgroupV1": False,  # from 1.35 on the kubelet refuses version 1 otherwise
        "failSwapOn": False,
        "clusterDNS": [network.DNS_SERVICE],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": f"unix://{socket(folder)}",
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,  # images come from an import, not from a registry: never collect them
        "imageGCLowThresholdPercent": 99,
        "localStorageCapacityIsolation": False,
        "nodeStatusUpdateFrequency": "2s",
        "podLogsDir": str(folder / "pod-logs"),
        "shutdownGracePeriod": "0s",
        "syncFrequency": "10s",  # when a changed Secret comes into a pod that nothing else happens to
    }
    return json.dumps(config, indent=1)


CONTROL_GROUP = "/mlflow-operator"


def kubelet(programs: Path, folder: Path) -> list[str]:
    """Argv of the kubelet."""
    return [
        *network.ENTER,
        str(programs / "kubelet"),
        f"--config={folder / 'kubelet.json'}",
        f"--kubeconfig={folder / 'control-plane' / 'kubelet.kubeconfig'}",
        f"--root-dir={folder / 'kubelet'}",
        f"--hostname-override={NODE_NAME}",
        f"--node-ip={network.NODE_ADDRESS}",
    ]


def proxy(programs: Path, folder: Path) -> list[str]:
    """Argv of kube-proxy; it leaves the connection tracking limits alone, which belong to the host."""
    return [
        *network.ENTER,
        str(programs / "kube-proxy"),
        f"--kubeconfig={folder / 'control-plane' / 'proxy.kubeconfig'}",
        f"--cluster-cidr={network.PODS}",
        f"--hostname-override={NODE_NAME}",
        "--proxy-mode=iptables",
        "--iptables-min-sync-period=100ms",  # on one node rules are cheap, and tests wait for them
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
    ]


def scheduler(programs: Path, folder: Path) -> list[str]:
    """Argv of the scheduler."""
    kubeconfig = folder / "control-plane" / "scheduler.kubeconfig"
    return [
        *network.ENTER,
        str(programs / "kube-scheduler"),
        f"--kubeconfig={kubeconfig}",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
    ]
