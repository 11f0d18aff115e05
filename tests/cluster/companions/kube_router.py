"""kube-router as a process of the local node: only its firewall, by which NetworkPolicies hold for the node's pods."""

import shlex
from collections.abc import Iterator

from cluster.host import packages, run, waiting
from cluster.host.process import Process
from cluster.nodes import network, node_files
from cluster.nodes.node import LocalNode
from cluster.plane import programs

PACKAGES = {"ipset": "ipset"}
USER = "kube-router"
READY_SECONDS = 60
WORKS = "Starting network policy controller"


class KubeRouter:
    """Acts as the user `kube-router`, an administrator of the cluster."""

    def __init__(self, node: LocalNode) -> None:
        self._plane = node.control_plane
        self.process = Process("kube-router", node.folder)  # so the node ends it where the tests cannot

    def start(self) -> None:
        """Return when it works on policies; each holds a moment after it was made."""
        packages.ensure(PACKAGES)
        kubeconfig = self._plane.log_in(USER, f"/O=system:masters/CN={USER}")
        words = (
            f"--kubeconfig={kubeconfig}",
            "--run-firewall",
            "--run-router=false",
            "--run-service-proxy=false",
            f"--hostname-override={node_files.NODE_NAME}",
            f"--service-cluster-ip-range={network.SERVICES}",
            "--health-port=0",
            "--metrics-port=0",
        )
        program = str(programs.build(programs.KUBE_ROUTER) / "kube-router")
        self.process.start([*network.ENTER, program, *words], env={"PATH": packages.search_path()})
        waiting.until(self._works, what=f"kube-router ({self.process.log})", seconds=READY_SECONDS)

    def stop(self) -> None:
        """End it, and let nothing go through its rules any more."""
        self.process.stop()
        for jump in _jumps():
            run.output([*_IPTABLES, "-D", *jump])

    def _works(self) -> bool:
        self.process.check()
        return WORKS in self.process.log.read_text()


def _jumps() -> Iterator[list[str]]:
    """The rules that lead into its chains: the chain that each is in, and what follows."""
    for chain in ("INPUT", "FORWARD", "OUTPUT"):
        for line in run.output([*_IPTABLES, "-S", chain]).splitlines():
            added, *rule = shlex.split(line)
            if added == "-A" and rule[-1].startswith("KUBE-ROUTER-"):
                yield rule


_IPTABLES = (*network.ENTER, "iptables", "-w", "10")
