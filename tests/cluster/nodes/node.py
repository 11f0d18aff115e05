"""A node in a network namespace: kubelet, containerd, CoreDNS, kube-proxy, beside a control plane of its own.

Needs root on Linux, and nothing that is running already: no Docker, no registry, no other Kubernetes.
"""

import contextlib
import json
import os
import platform
import shutil
from pathlib import Path

from cluster.host import folders, packages, run, waiting
from cluster.host.console import step
from cluster.host.errors import ClusterError, Impossible
from cluster.host.locking import exclusive
from cluster.host.process import Process, recorded
from cluster.nodes import control_groups, images, network, node_files, ownership, volumes
from cluster.nodes.containerd import Containerd
from cluster.nodes.images import OF_THE_NODE, OF_THE_TESTS, Image
from cluster.plane import programs
from cluster.plane.api import Object
from cluster.plane.audit import POLICY_WITH_WRITES, AuditLog
from cluster.plane.control_plane import ControlPlane
from cluster.plane.flags import Place
from cluster.providers.provider import Cluster

LOGINS = {
    "kubelet": f"/O=system:nodes/CN=system:node:{node_files.NODE_NAME}",
    "proxy": "/CN=system:kube-proxy",
    "scheduler": "/CN=system:kube-scheduler",
}


class LocalNode(Cluster):
    """The one node of this machine; everything of it is in one folder."""

    name = "local"

    def __init__(self) -> None:
        self.folder = folders.state() / "node"
        place = Place(address=network.NODE_ADDRESS, api_port=network.API_PORT, enter=network.ENTER)
        self.control_plane = ControlPlane(self.folder / "control-plane", place, POLICY_WITH_WRITES)
        self.containerd = Containerd(self.folder, folders.cache() / "containerd")
        self.kubelet, self.proxy, self.scheduler = (
            Process(name, self.folder) for name in ("kubelet", "kube-proxy", "kube-scheduler")
        )

    @property
    def kubeconfig(self) -> Path:
        """Administrator's login."""
        return self.control_plane.kubeconfig

    @property
    def enter(self) -> tuple[str, ...]:
        """Words that run a command in the network namespace."""
        return network.ENTER

    @property
    def audit(self) -> AuditLog:
        """The API server's audit log."""
        return self.control_plane.audit

    def check(self) -> None:
        """Raise Unavailable when this machine cannot run a node."""
        if platform.system() != "Linux" or os.geteuid() != 0:
            raise Impossible("a local node needs root on Linux; CLUSTER=kind or CLUSTER=current do not")
        try:
            run.output(["unshare", "--net", "--mount", "true"])
        except ClusterError as error:
            raise Impossible(f"this root may not make network and mount namespaces: {error}") from error

    def prepare(self) -> None:
        """Install packages, and build programs and images."""
        self.check()
        packages.ensure(packages.NODE)
        for program in (programs.KUBERNETES, programs.COREDNS, programs.PAUSE):
            programs.build(program)
        for image in (*OF_THE_NODE, *OF_THE_TESTS):
            images.build(image)

    def is_up(self) -> bool:
        """Tell whether every process runs and the node is ready."""
        if any(process.pid is None for process in (self.kubelet, self.proxy, self.scheduler, self.containerd.process)):
            return False
        return self.control_plane.apiserver.pid is not None and self._is_ready()

    def up(self) -> None:
        """Bring it up, with CoreDNS, the default storage class and its volumes; do nothing when it is."""
        self.check()
        packages.ensure(packages.NODE)
        for program in (programs.KUBERNETES, programs.COREDNS, programs.PAUSE):
            programs.build(program)
        with exclusive(folders.state() / "node.lock"):
            if self.is_up():
                return
            self._clear()
            ownership.claim(self.folder)
            with step("Starting a Kubernetes node"):
                self._start()

    def down(self) -> None:
        """End every process, container and mount, and remove namespace, control group and folder."""
        self.check()
        with exclusive(folders.state() / "node.lock"):
            self._clear()

    def load(self, image: Image) -> None:
        """Build where needed, and import unless the same is there."""
        self.containerd.load(image)

    def get(self, kind: str, name: str, namespace: str) -> Object:
        """Return what `kubectl get -o json` shows of an object, without one."""
        return self.control_plane.get(kind, name, namespace)

    def recycle_volumes(self) -> None:
        """Wipe the volumes whose claims are gone and offer them again."""
        names = volumes.released(self.kubectl("get", "persistentvolumes", "-o", "json"))
        for volume in volumes.pool(self.folder / "volumes"):
            if volume["metadata"]["name"] in names:
                self.kubectl("delete", "persistentvolume", volume["metadata"]["name"])
                volumes.empty(Path(volume["spec"]["local"]["path"]))
                self._apply(volume)

    def _start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        network.create()
        control_groups.create()
        self.containerd.start(network.ENTER)
        self.control_plane.start()
        for name, subject in LOGINS.items():
            self.control_plane.log_in(name, subject)
        for image in OF_THE_NODE:
            self.load(image)
        self._start_node_processes()
        for volume in volumes.pool(self.folder / "volumes"):
            volumes.empty(Path(volume["spec"]["local"]["path"]))
        self._apply(volumes.storage_class(), *volumes.pool(self.folder / "volumes"))
        self.kubectl("apply", "-f", str(folders.HERE / "manifests" / "coredns.yaml"))
        waiting.until(self._is_ready, what=f"the node ({self.kubelet.log})", seconds=120, pause=0.5)
        self.kubectl("-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=120s")

    def _start_node_processes(self) -> None:
        built = programs.build(programs.KUBERNETES)
        (self.folder / "kubelet.json").write_text(node_files.kubelet_config(self.folder))
        self.scheduler.start(node_files.scheduler(built, self.folder))
        self.kubelet.start(node_files.kubelet(built, self.folder))
        self.proxy.start(node_files.proxy(built, self.folder))

    def _is_ready(self) -> bool:
        for process in (self.kubelet, self.proxy, self.scheduler):
            process.check()
        path = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
        with contextlib.suppress(ClusterError):
            return self.kubectl("get", "node", node_files.NODE_NAME, "--request-timeout=5s", "-o", path) == "True"
        return False

    def _apply(self, *objects: dict[str, object]) -> None:
        self.kubectl("apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def _clear(self) -> None:
        self.kubelet.kill()
        self.containerd.end_containers()
        self.containerd.stop()
        for folder in (self.folder, self.control_plane.folder):
            for process in recorded(folder):
                process.kill()
        _unmount_below(self.folder)
        if not ownership.another(self.folder):
            network.delete()
            control_groups.delete()
            ownership.release()
        shutil.rmtree(self.folder, ignore_errors=True)


def _unmount_below(folder: Path) -> None:
    """Unmount what kubelet and containerd mounted, the latest first."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in reversed(mounts):
        if mount.startswith(f"{folder}/"):
            run.output(["umount", "--lazy", mount])
