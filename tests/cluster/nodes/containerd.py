"""containerd of the node: its process, its images, and the end of the containers that it started."""

import contextlib
import os
import shutil
import signal
from pathlib import Path

from cluster.host import run, waiting
from cluster.host.console import step
from cluster.host.errors import ClusterError
from cluster.host.process import Process
from cluster.nodes import images, node_files

NAMESPACE = "k8s.io"
KEY_LABEL = "mlflow-operator.test/inputs"
_COLLECTED = "does not exist: not found"


class Containerd:
    """State is in `folder`; images are in `store`, so that a new node need not import them again."""

    def __init__(self, folder: Path, store: Path) -> None:
        self.process = Process("containerd", folder)
        self._folder = folder
        self._store = store
        self._socket = node_files.socket(folder)

    def start(self, enter: tuple[str, ...]) -> None:
        """Start it in the node's network and return when it answers."""
        config = self._folder / "containerd.toml"
        config.write_text(node_files.containerd_config(self._folder, self._store))
        (self._folder / "cni").mkdir(exist_ok=True)
        (self._folder / "cni" / "pods.conflist").write_text(node_files.pod_network(self._folder))
        self.process.start([*enter, "containerd", "--config", str(config)])
        waiting.until(self._answers, what=f"containerd ({self.process.log})", seconds=30)

    def load(self, image: images.Image) -> None:
        """Import the image, building it first where needed, unless the same is there."""
        if image.key in self.keys().get(image.reference, ""):
            return
        archive = images.build(image)
        with step(f"Importing {image.reference} ({archive.stat().st_size >> 20} MiB)"):
            self._import(archive)
        self._ctr("images", "label", image.reference, f"{KEY_LABEL}={image.key}")

    def _import(self, archive: Path) -> None:
        """Import it, once more where layers of the image that had the name were collected meanwhile and are shared."""
        words = ("images", "import", "--snapshotter", "overlayfs", str(archive))
        try:
            self._ctr(*words)
        except ClusterError as error:
            if _COLLECTED not in str(error):
                raise
            self._ctr(*words)

    def keys(self) -> dict[str, str]:
        """Return reference -> labels of the images that it has; the labels name the hash of the inputs."""
        lines = self._ctr("images", "list").splitlines()[1:]
        return {line.split()[0]: line.split()[-1] for line in lines}

    def pid(self, container: str) -> int:
        """The first process of a container that runs, by the ID that its pod's status has for it."""
        lines = (line.split() for line in self._ctr("tasks", "list").splitlines()[1:])
        return next(int(pid) for name, pid, *_ in lines if name == container.partition("://")[2])

    def end_containers(self) -> None:
        """Kill what its shims run, and the shims, which outlive it; then forget the containers."""
        for pid in _children_of(self._shims()):
            _kill(pid)
        with contextlib.suppress(ClusterError):  # it may be ill; the shims are ended below all the same
            self._forget_containers()
        for pid in self._shims():
            _kill(pid)

    def _forget_containers(self) -> None:
        if self.process.pid is not None:
            waiting.until(lambda: not self._running(), what="the containers to end", seconds=10)
            names = self._ctr("containers", "list", "--quiet").split()
            if names:
                self._ctr("containers", "delete", *names)

    def stop(self) -> None:
        """End it, and forget the sandboxes."""
        self.process.stop()
        for kind in ("containers", "sandboxes"):
            shutil.rmtree(self._store / "io.containerd.grpc.v1.cri" / kind, ignore_errors=True)

    def _running(self) -> bool:
        for line in self._ctr("tasks", "list").splitlines()[1:]:
            with contextlib.suppress(ClusterError):
                self._ctr("tasks", "delete", "--force", line.split()[0])
        return len(self._ctr("tasks", "list").splitlines()) > 1

    def _answers(self) -> bool:
        self.process.check()
        with contextlib.suppress(ClusterError):
            self._ctr("version")
            return True
        return False

    def _ctr(self, *words: str) -> str:
        return run.output(["ctr", "--address", self._socket, "--namespace", NAMESPACE, *words])

    def _shims(self) -> set[int]:
        """Find the shims that name our socket."""
        found = set()
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if b"shim" in words[0] and str(self._socket).encode() in words:
                    found.add(int(folder.name))
        return found


def _children_of(parents: set[int]) -> set[int]:
    found = set()
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = file.read_text().rpartition(")")[2].split()
            if int(fields[1]) in parents:
                found.add(int(file.parent.name))
    return found


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
