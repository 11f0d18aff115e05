"""A network namespace for the node, joined to the host by one pair of virtual interfaces.

Nothing that the node does to addresses, routes and firewall rules reaches the host, whose only trace is the pair's end
and the routes through it, by which a test can call pods and Services. All of it goes with the namespace.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from cluster.host import run
from cluster.host.errors import ClusterError

NAME = "mlflow-operator"
HOST_LINK = "mlop0"
HOST_ADDRESS = "10.98.0.1"
NODE_ADDRESS = "10.98.0.2"
PODS = "10.96.0.0/24"
SERVICES = "10.97.0.0/24"
DNS_SERVICE = "10.97.0.10"
API_PORT = 6443

FILE = Path("/var/run/netns") / NAME
# Not `ip netns exec`: it mounts /sys again, which hides the control groups from the kubelet.
ENTER = ("nsenter", f"--net={FILE}")


def create() -> None:
    """Make namespace, interfaces and routes, unless they exist."""
    if FILE.exists():
        return
    _ip("netns", "add", NAME)
    _ip("link", "add", HOST_LINK, "type", "veth", "peer", "name", "eth0", "netns", NAME)
    _ip("address", "add", f"{HOST_ADDRESS}/30", "dev", HOST_LINK)
    _ip("link", "set", HOST_LINK, "up")
    for words in (
        ("address", "add", f"{NODE_ADDRESS}/30", "dev", "eth0"),
        ("link", "set", "eth0", "up"),
        ("link", "set", "lo", "up"),
        ("route", "add", "default", "via", HOST_ADDRESS),
    ):
        run.output([*ENTER, "ip", *words])
    run.output([*ENTER, "sysctl", "-qw", "net.ipv4.ip_forward=1"])
    for cluster_range in (PODS, SERVICES):
        _ip("route", "add", cluster_range, "via", NODE_ADDRESS, "dev", HOST_LINK)


def delete() -> None:
    """Remove the namespace, and with it the pair and the routes."""
    if FILE.exists():
        with contextlib.suppress(ClusterError):
            _ip("link", "delete", HOST_LINK)
        _ip("netns", "delete", NAME)
    if FILE.parent.exists() and not list(FILE.parent.iterdir()):
        with contextlib.suppress(ClusterError):
            run.output(["umount", FILE.parent])  # `ip` mounts the folder onto itself when it makes the first


@contextlib.contextmanager
def cut(address: str, enter: tuple[str, ...] = ENTER) -> Iterator[None]:
    """Drop the packets between a pod and everybody else while the body runs; the kubelet's probes still pass.

    Open connections stay open and go silent, as when a cable is pulled. The API server, which is a process of the
    node itself, is cut off too.

    Args:
        address: of the pod.
        enter: words that run a command in the node's network.
    """
    rules = [
        ["FORWARD", "-s", address],
        ["FORWARD", "-d", address],
        ["INPUT", "-s", address, "-p", "tcp", "--dport", str(API_PORT)],
    ]
    with contextlib.ExitStack() as undo:
        for chain, *match in rules:
            run.output([*enter, *_IPTABLES, "-I", chain, *match, "-j", "DROP"])
            undo.callback(run.output, [*enter, *_IPTABLES, "-D", chain, *match, "-j", "DROP"])
        yield


_IPTABLES = ("iptables", "-w", "10", "-t", "mangle")


def _ip(*words: str) -> None:
    run.output(["ip", *words])
