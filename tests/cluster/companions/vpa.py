"""The Vertical Pod Autoscaler as processes: what gives new pods their size, and what says who gets which.

The latter, its recommender, is started on demand: it would overwrite what a test recommends. Its updater, which evicts
pods of the old size, is not run: a test does it, in the same way.
"""

import json
from pathlib import Path

from cluster.host import ports, waiting
from cluster.host.errors import ClusterError
from cluster.host.process import Process
from cluster.plane import crds, programs
from cluster.plane.control_plane import ControlPlane

USER = "vpa"
WEBHOOK = "vpa-webhook-config"
READY_SECONDS = 60


class Vpa:
    """Acts as the user `vpa`, an administrator of the cluster."""

    def __init__(self, folder: Path, plane: ControlPlane) -> None:
        self._plane = plane
        self._admission, self.recommender = (Process(name, folder) for name in ("admission-controller", "recommender"))

    def start(self) -> None:
        """Install it, and return when the API server asks it about pods."""
        crds.install(self._plane, programs.build(programs.VPA) / programs.FILES, only="vpa-v1-crd-gen.yaml")
        pki = self._plane.authority.folder
        self._plane.authority.issue("vpa-webhook", "/CN=vpa-webhook", "IP:127.0.0.1")
        port = ports.free(1)[0]
        words = (
            f"--client-ca-file={self._plane.authority.certificate}",
            f"--tls-cert-file={pki / 'vpa-webhook.crt'}",
            f"--tls-private-key={pki / 'vpa-webhook.key'}",
            f"--port={port}",
            "--register-by-url",
            "--webhook-address=https://127.0.0.1",
            f"--webhook-port={port}",
        )
        self._start(self._admission, *words)
        waiting.until(self._is_asked, what=f"the webhook of VPA ({self._admission.log})", seconds=READY_SECONDS)

    def start_recommender(self) -> None:
        """Begin to look at pods and their metrics."""
        self._start(self.recommender, "--recommender-interval=3s")

    def stop(self) -> None:
        """End it, and its webhook, which would outlive it."""
        for process in (self._admission, self.recommender):
            process.stop()
        self._plane.kubectl("delete", "mutatingwebhookconfiguration", WEBHOOK, "--ignore-not-found")

    def _start(self, process: Process, *words: str) -> None:
        kubeconfig = self._plane.log_in(USER, f"/O=system:masters/CN={USER}")
        metrics = ports.free(1)[0]
        program = programs.build(programs.VPA) / process.name
        process.start([str(program), f"--kubeconfig={kubeconfig}", f"--address=127.0.0.1:{metrics}", *words])

    def _is_asked(self) -> bool:
        self._admission.check()
        try:
            found = json.loads(self._plane.kubectl("get", "mutatingwebhookconfiguration", WEBHOOK, "-o", "json"))
        except ClusterError:
            return False
        return bool(found["webhooks"])
