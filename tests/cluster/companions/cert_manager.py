"""cert-manager as a process: its controllers of certificates, with the self-signed and the CA issuer."""

from pathlib import Path

from cluster.host import waiting
from cluster.host.process import Process
from cluster.plane import crds, programs
from cluster.plane.control_plane import ControlPlane

USER = "cert-manager"
READY_SECONDS = 60


class CertManager:
    """Acts as the user `cert-manager`, an administrator of the cluster."""

    def __init__(self, folder: Path, plane: ControlPlane) -> None:
        self._plane = plane
        self._process = Process("cert-manager", folder)
        self._crds = programs.build(programs.CERT_MANAGER) / programs.FILES

    def install(self) -> None:
        """Let the cluster know its kinds, and begin to look at them."""
        crds.install(self._plane, self._crds)
        kubeconfig = self._plane.log_in(USER, f"/O=system:masters/CN={USER}")
        program = programs.build(programs.CERT_MANAGER) / self._process.name
        self._process.start([str(program)], env={"KUBECONFIG": str(kubeconfig)})
        waiting.until(self._runs, what=f"cert-manager ({self._process.log})", seconds=READY_SECONDS, pause=0.5)

    def stop(self) -> None:
        """End it; its kinds go, and what is of them."""
        self._process.stop()
        self._plane.kubectl("delete", "--ignore-not-found", "--wait=false", "-f", str(self._crds))

    def _runs(self) -> bool:
        self._process.check()
        return self._process.pid is not None
