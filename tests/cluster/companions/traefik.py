"""Traefik as a process of the local node: it leads hosts to Services, by Ingresses and by HTTPRoutes."""

import json

from cluster.host import ports, waiting
from cluster.host.process import Process
from cluster.nodes import network
from cluster.nodes.node import LocalNode
from cluster.plane import crds, programs
from cluster.services.team import Object

NAMESPACE = "traefik"
USER = "traefik"
CLASS = "traefik"
GATEWAY = "shared"
OPEN, CLOSED = "open", "closed"
"""Listeners of the Gateway: one for every namespace, and one for its own."""
ADDRESS = network.NODE_ADDRESS
PORT = 80
SECURE_PORT = 443
READY_SECONDS = 60


class Traefik:
    """Acts as the user `traefik`, an administrator; it answers at ``ADDRESS``, at the ports of HTTP and HTTPS."""

    def __init__(self, node: LocalNode) -> None:
        self._node = node
        self.process = Process("traefik", node.folder)  # so the node ends it where the tests cannot

    def start(self) -> None:
        """Install its kinds and those of the Gateway API, a class and a Gateway, and return when it answers."""
        built = programs.build(programs.TRAEFIK)
        for kinds in ("gateway.networking.k8s.io", "traefik.io"):
            crds.install(self._node, built / programs.FILES, only=f"{kinds}_*.yaml")
        body = {"apiVersion": "v1", "kind": "List", "items": _objects()}
        self._node.kubectl("apply", "--server-side", "-f", "-", text=json.dumps(body))
        kubeconfig = self._node.control_plane.log_in(USER, f"/O=system:masters/CN={USER}")
        argv = [*network.ENTER, str(built / "traefik"), *_words()]
        self.process.start(argv, env={"KUBECONFIG": str(kubeconfig)})
        waiting.until(self._answers, what=f"Traefik ({self.process.log})", seconds=READY_SECONDS)

    def stop(self) -> None:
        """End it."""
        self.process.stop()

    def _answers(self) -> bool:
        self.process.check()
        return ports.answers(ADDRESS, PORT)


def trusting(namespace: str, secret: str, host: str) -> tuple[dict[str, str], Object]:
    """What makes it look whose certificate the pods have: annotations of their Service, and the object that they name.

    Args:
        namespace: of the Service.
        secret: whose `ca.crt` has the authorities.
        host: for which the certificate is.
    """
    metadata = {"name": "trusting", "namespace": namespace}
    spec = {"serverName": host, "rootCAs": [{"secret": secret}]}
    named = f"{namespace}-{metadata['name']}@kubernetescrd"
    obj = {"apiVersion": "traefik.io/v1alpha1", "kind": "ServersTransport", "metadata": metadata, "spec": spec}
    return {"traefik.ingress.kubernetes.io/service.serverstransport": named}, obj


def _words() -> list[str]:
    return [
        f"--entrypoints.web.address={ADDRESS}:{PORT}",
        f"--entrypoints.websecure.address={ADDRESS}:{SECURE_PORT}",
        "--entrypoints.websecure.http.tls=true",  # with the certificate that an Ingress names for the host
        # A request that takes longer than a minute is cut off otherwise, and a large upload does.
        "--entrypoints.web.transport.respondingtimeouts.readtimeout=600s",
        "--entrypoints.websecure.transport.respondingtimeouts.readtimeout=600s",
        "--providers.kubernetesingress",
        f"--providers.kubernetesingress.ingressendpoint.ip={ADDRESS}",
        "--providers.kubernetescrd",
        "--providers.kubernetesgateway",
        f"--providers.kubernetesgateway.statusaddress.ip={ADDRESS}",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
    ]


def _objects() -> list[Object]:
    named = {"name": GATEWAY, "namespace": NAMESPACE}
    listeners = [_listener(OPEN, "All", "*.example.com"), _listener(CLOSED, "Same", "closed.example.com")]
    api = "gateway.networking.k8s.io/v1"
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        _class("networking.k8s.io/v1", "IngressClass", {"controller": "traefik.io/ingress-controller"}),
        _class(api, "GatewayClass", {"controllerName": "traefik.io/gateway-controller"}),
        {
            "apiVersion": api,
            "kind": "Gateway",
            "metadata": named,
            "spec": {"gatewayClassName": CLASS, "listeners": listeners},
        },
    ]


def _class(version: str, kind: str, spec: Object) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": CLASS}, "spec": spec}


def _listener(name: str, routes_from: str, hostname: str) -> Object:
    allowed = {"namespaces": {"from": routes_from}}
    return {"name": name, "protocol": "HTTP", "port": PORT, "hostname": hostname, "allowedRoutes": allowed}
