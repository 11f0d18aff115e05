"""Flux as processes: source-controller and kustomize-controller, on a control plane of the tests."""

from functools import partial
from pathlib import Path

from cluster.host import ports, rest, waiting
from cluster.host.process import Process
from cluster.plane import crds, programs
from cluster.plane.control_plane import ControlPlane

NAMESPACE = "flux-system"
USER = "flux"
READY_SECONDS = 60


class Flux:
    """Acts as the user `flux`, an administrator of the cluster."""

    def __init__(self, folder: Path, plane: ControlPlane) -> None:
        self._folder = folder
        self._plane = plane
        self.processes = [Process(name, folder) for name in ("source-controller", "kustomize-controller")]

    def start(self) -> None:
        """Install it, and return when both controllers are ready."""
        built = programs.build(programs.FLUX)
        crds.install(self._plane, built / programs.FILES)
        self._plane.kubectl("create", "namespace", NAMESPACE)
        storage, *others = ports.free(5)
        temporary, artifacts = self._folder / "tmp", self._folder / "storage"
        for folder in (temporary, artifacts):
            folder.mkdir(parents=True, exist_ok=True)
        environment = {
            "KUBECONFIG": str(self._plane.log_in(USER, f"/O=system:masters/CN={USER}")),
            "RUNTIME_NAMESPACE": NAMESPACE,
            "TMPDIR": str(temporary),
        }
        own = (
            [
                f"--storage-path={artifacts}",
                f"--storage-addr=127.0.0.1:{storage}",
                f"--storage-adv-addr=127.0.0.1:{storage}",
            ],
            ["--requeue-dependency=2s"],
        )
        for process, words, metrics, health in zip(self.processes, own, others[:2], others[2:], strict=True):
            process.start([str(built / process.name), *_common(metrics, health), *words], env=environment)
            ready = partial(_is_ready, process, health)
            waiting.until(ready, what=f"Flux ({process.log})", seconds=READY_SECONDS)

    def stop(self) -> None:
        """End it."""
        for process in reversed(self.processes):
            process.stop()


def _is_ready(process: Process, port: int) -> bool:
    process.check()
    return rest.succeeds(f"http://127.0.0.1:{port}/readyz")


def _common(metrics: int, health: int) -> list[str]:
    return [
        "--enable-leader-election=false",
        "--watch-all-namespaces",
        f"--metrics-addr=127.0.0.1:{metrics}",
        f"--health-addr=127.0.0.1:{health}",
    ]
