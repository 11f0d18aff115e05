"""How the processes of the control plane are started: pure functions from folders and addresses to argv."""

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a control plane listens, and how to get there.

    Attributes:
        address: of the API server and etcd.
        enter: words before each command, to start it in another network namespace.
        service_range: cluster addresses of Services; the first is the API server's own.
    """

    address: str = "127.0.0.1"
    api_port: int = 6443
    etcd_port: int = 2379
    peer_port: int = 2380
    enter: tuple[str, ...] = ()
    service_range: str = "10.97.0.0/24"
    kubernetes_service: str = "10.97.0.1"

    @property
    def certificate_names(self) -> str:
        """Names of the API server's certificate, as openssl writes them."""
        addresses = dict.fromkeys((self.address, "127.0.0.1", self.kubernetes_service))
        names = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
        return ",".join([f"IP:{address}" for address in addresses] + [f"DNS:{name}" for name in names])

    @property
    def on_loopback(self) -> bool:
        """Loopback is no address that the `kubernetes` Service could have as an endpoint."""
        return self.address.startswith("127.")


def etcd(programs: Path, folder: Path, place: Place) -> list[str]:
    """Etcd without fsync: a crash of the machine would lose data that no test needs."""
    client = f"http://{place.address}:{place.etcd_port}"
    peer = f"http://127.0.0.1:{place.peer_port}"
    return [
        *place.enter,
        str(programs / "etcd"),
        f"--data-dir={folder / 'etcd-data'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def apiserver(programs: Path, folder: Path, place: Place) -> list[str]:
    """Start the API server with its default admission; audit lines are written before the next request is answered."""
    pki = folder / "pki"
    return [
        *place.enter,
        str(programs / "kube-apiserver"),
        f"--etcd-servers=http://{place.address}:{place.etcd_port}",
        f"--service-cluster-ip-range={place.service_range}",
        f"--bind-address={place.address}",
        f"--advertise-address={place.address}",
        f"--secure-port={place.api_port}",
        f"--endpoint-reconciler-type={'none' if place.on_loopback else 'master-count'}",
        f"--tls-cert-file={pki / 'apiserver.crt'}",
        f"--tls-private-key-file={pki / 'apiserver.key'}",
        f"--client-ca-file={pki / 'ca.crt'}",
        f"--service-account-key-file={pki / 'tokens.crt'}",
        f"--service-account-signing-key-file={pki / 'tokens.key'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged",
        f"--kubelet-client-certificate={pki / 'admin.crt'}",
        f"--kubelet-client-key={pki / 'admin.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--audit-policy-file={folder / 'audit-policy.json'}",
        f"--audit-log-path={folder / 'audit.log'}",
        "--audit-log-mode=blocking",
        "--audit-log-maxsize=100000",
        "--shutdown-watch-termination-grace-period=1s",  # without it, open watches delay the end by a minute
    ]


def controller_manager(programs: Path, folder: Path, place: Place) -> list[str]:
    """Start the controllers; each asks with a service account of its own, so the audit log tells them apart."""
    pki = folder / "pki"
    return [
        *place.enter,
        str(programs / "kube-controller-manager"),
        f"--kubeconfig={folder / 'controller-manager.kubeconfig'}",
        f"--service-account-private-key-file={pki / 'tokens.key'}",
        f"--root-ca-file={pki / 'ca.crt'}",
        "--use-service-account-credentials",
        "--leader-elect=false",
        "--allocate-node-cidrs=false",
        f"--service-cluster-ip-range={place.service_range}",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--horizontal-pod-autoscaler-sync-period=2s",
        "--horizontal-pod-autoscaler-downscale-stabilization=5s",  # of five minutes tests learn nothing
        "--secure-port=0",
    ]
