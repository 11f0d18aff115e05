"""The Ingress of a server: a route from outside the cluster, on which large artifacts pass.

A controller keeps artifacts out by limits that are meant for web pages: ingress-nginx takes 1 MiB, answers within 60 s,
and keeps each upload on its disk first (its ConfigMap's proxy-body-size, proxy-read-timeout, proxy-request-buffering).
Annotations of a controller that does not run are read by nobody.
"""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names
from mlflow_operator.desired.inputs import Object
from mlflow_operator.desired.server import encryption

_LARGE = {
    "nginx.ingress.kubernetes.io/proxy-body-size": "0",
    "nginx.ingress.kubernetes.io/proxy-request-buffering": "off",
    "nginx.ingress.kubernetes.io/proxy-read-timeout": "600",
    "nginx.ingress.kubernetes.io/proxy-send-timeout": "600",
    "nginx.org/client-max-body-size": "0",
    "nginx.org/proxy-read-timeout": "600s",
    "nginx.org/proxy-send-timeout": "600s",
    "haproxy.org/timeout-server": "600s",
    "haproxy-ingress.github.io/timeout-server": "600s",
}
_ISSUER = "cert-manager.io/cluster-issuer"


def ingress(server: MLflowServer) -> Object | None:
    """The Ingress; None where nobody asks for one."""
    wanted = server.spec.ingress
    if wanted is None:
        return None
    metadata = names.metadata(server, names.instance(server), names.SERVER)
    issuer = {_ISSUER: wanted.tls.cluster_issuer} if wanted.tls and wanted.tls.cluster_issuer else {}
    metadata["annotations"] = {**_LARGE, **encryption.of_ingress(server), **issuer, **wanted.annotations}
    backend = {"service": {"name": names.instance(server), "port": {"name": encryption.scheme(server)}}}
    path = {"path": server.spec.network.static_prefix or "/", "pathType": "Prefix", "backend": backend}
    spec: Object = {"rules": [{"host": wanted.host, "http": {"paths": [path]}}]}
    if wanted.class_name:
        spec["ingressClassName"] = wanted.class_name
    if wanted.tls:
        spec["tls"] = [{"hosts": [wanted.host], "secretName": wanted.tls.secret_name or names.certificate(server)}]
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}
