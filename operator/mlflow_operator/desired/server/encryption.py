"""HTTPS in the server's pods: where the certificate is, and who has to know of it.

A new certificate replaces no pod: the kubelet brings it into the volume, and ``follow_certificate.py`` serves it.
oauth2-proxy, where that is in front of MLflow, reads its certificate once.
"""

from collections.abc import Iterator, Sequence

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names
from mlflow_operator.desired.external import authorities
from mlflow_operator.desired.inputs import Object, Reference
from mlflow_operator.desired.server import programs

CERTIFICATE, KEY, AUTHORITY = "tls.crt", "tls.key", "ca.crt"
"""Keys of a Secret of type kubernetes.io/tls; the third is what cert-manager adds."""
FOLDER = "/etc/mlflow/tls"
_VOLUME = "certificate"


def certificate(server: MLflowServer, hosts: Sequence[str]) -> Object | None:
    """What cert-manager makes the Secret of, for these names; None where nobody asks it to."""
    tls, name = server.spec.tls, names.own_certificate(server)
    if tls is None or tls.issuer_ref is None:
        return None
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": names.metadata(server, name, names.SERVER),
        "spec": {
            "secretName": name,
            "dnsNames": list(hosts),
            "issuerRef": {"name": tls.issuer_ref.name, "kind": tls.issuer_ref.kind, "group": tls.issuer_ref.group},
            "privateKey": {"rotationPolicy": "Always"},
        },
    }


def references(server: MLflowServer) -> Iterator[Reference]:
    """The Secret with the certificate, and the authorities that others trust for it."""
    tls, name = server.spec.tls, names.certificate_secret(server)
    if tls is None or name is None:
        return
    needed, others, followed = frozenset({CERTIFICATE, KEY}), frozenset({AUTHORITY}), _is_followed(server)
    yield Reference("Secret", name, needed, others=others, followed=followed, only_serves=not followed)
    if tls.ca_bundle:
        yield authorities.reference(tls.ca_bundle)._replace(followed=True)


def scheme(server: MLflowServer) -> str:
    """By which scheme it is asked; also the name of the port of its Service, which some controllers go by."""
    return "https" if server.spec.tls else "http"


def protocol(server: MLflowServer) -> Object:
    """What the port of the Service says of itself, so that meshes and Gateways need not guess."""
    return {"appProtocol": scheme(server)}


def arguments(server: MLflowServer) -> list[str]:
    """Words for ``start_server.py``: the folder of the certificate, and the program that follows it."""
    return ["--certificate", FOLDER, following()] if server.spec.tls and _is_followed(server) else []


def following() -> str:
    """The program that serves a new certificate."""
    return programs.text("follow_certificate")


def volumes(server: MLflowServer) -> list[Object]:
    """The certificate as a pod's volume; whole, since a file that is mounted by itself never changes."""
    name = names.certificate_secret(server)
    return [{"name": _VOLUME, "secret": {"secretName": name}}] if name else []


def mounts(server: MLflowServer) -> list[Object]:
    """Where the server finds it."""
    return [{"name": _VOLUME, "mountPath": FOLDER, "readOnly": True}] if server.spec.tls else []


def of_service(server: MLflowServer) -> dict[str, str]:
    """Annotations of the Service for controllers that look there how to speak to it."""
    return {"traefik.ingress.kubernetes.io/service.serversscheme": "https"} if server.spec.tls else {}


def of_ingress(server: MLflowServer) -> dict[str, str]:
    """Annotations of the Ingress for controllers that look there; else they would speak HTTP to the pods."""
    if server.spec.tls is None:
        return {}
    return {
        "nginx.ingress.kubernetes.io/backend-protocol": "HTTPS",
        "nginx.org/ssl-services": names.instance(server),
        "haproxy.org/server-ssl": "true",
        "haproxy-ingress.github.io/backend-protocol": "h1-ssl",
    }


def _is_followed(server: MLflowServer) -> bool:
    """Whether MLflow serves the certificate itself, and so each new one."""
    return server.spec.auth.oauth2_proxy is None
