"""A stand-in for metrics-server: it says of every pod that it uses as much as a test says it does.

All else of autoscaling is real: the API server asks it as it would ask metrics-server, for the controller in the
controller manager.
"""

import json
import time

from cluster.host import waiting
from cluster.host.errors import ClusterError
from cluster.nodes import images
from cluster.services.team import Object, Team
from e2e.teams import give
from unit.signing import signed

NAME, SERVICE = "metrics", "v1beta1.metrics.k8s.io"
_SERVE = """
import json, ssl, time, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

OWN = "/apis/metrics.k8s.io/v1beta1"
POD = {"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics", "verbs": ["get", "list"]}
KINDS = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": OWN[6:], "resources": [POD]}
account = Path("/var/run/secrets/kubernetes.io/serviceaccount")
trust = ssl.create_default_context(cafile=account / "ca.crt")

def listed(path):
    asking = urllib.request.Request("https://kubernetes.default.svc/api/v1" + path)
    asking.add_header("Authorization", "Bearer " + (account / "token").read_text())
    pods = json.load(urllib.request.urlopen(asking, context=trust))["items"]
    return {"kind": "PodMetricsList", "apiVersion": OWN[6:], "metadata": {}, "items": [measured(pod) for pod in pods]}

def measured(pod):
    usage = {"cpu": Path("/tmp/load").read_text(), "memory": "100Mi"}
    return {
        "metadata": {key: pod["metadata"][key] for key in ("name", "namespace", "labels")},
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "window": "1s",
        "containers": [{"name": each["name"], "usage": usage} for each in pod["spec"]["containers"]],
    }

class Metrics(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        rest = self.path.removeprefix(OWN)
        body = json.dumps(listed(rest) if rest.startswith("/namespaces/") else KINDS).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

Path("/tmp/load").write_text("1m")
server = ThreadingHTTPServer(("", 8443), Metrics)
certified = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
certified.load_cert_chain("/certificate/tls.crt", "/certificate/tls.key")
server.socket = certified.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


class Metrics:
    """It, in the namespace of a team; to be ended before that goes, since the API server counts on it."""

    def __init__(self, team: Team) -> None:
        self._team = team
        pair = signed(NAME)
        give(team, NAME, "kubernetes.io/tls", **{"tls.crt": pair.certificate, "tls.key": pair.key})
        team.plane.kubectl(
            "apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": _all(team)})
        )
        waiting.until(self._is_served, what="metrics of pods", seconds=90, pause=0.5)

    def load(self, cpu: str) -> None:
        """Say how much processor time each pod uses from now on, in Kubernetes' words for it."""
        words = ("-n", self._team.namespace, "exec", NAME, "--", "sh", "-c", f"printf {cpu} > /tmp/load")
        self._team.plane.kubectl(*words)

    def end(self) -> None:
        """Measure nothing any more."""
        self._team.plane.kubectl("delete", "apiservice", SERVICE)

    def _is_served(self) -> bool:
        try:
            self._team.plane.kubectl(
                "get", "--raw", f"/apis/metrics.k8s.io/v1beta1/namespaces/{self._team.namespace}/pods"
            )
        except ClusterError:
            time.sleep(0.5)
            return False
        return True


def _all(team: Team) -> list[Object]:
    here = {"name": NAME, "namespace": team.namespace}
    rights, group = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}, "rbac.authorization.k8s.io"
    reader = {"apiGroup": group, "kind": "Role", "name": NAME}
    registered = {
        "group": "metrics.k8s.io",
        "version": "v1beta1",
        "service": {**here, "port": 443},
        "insecureSkipTLSVerify": True,
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
    }
    ports = [{"port": 443, "targetPort": 8443}]
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": here},
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": here, "rules": [rights]},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": here,
            "roleRef": reader,
            "subjects": [{"kind": "ServiceAccount", **here}],
        },
        {"apiVersion": "v1", "kind": "Service", "metadata": here, "spec": {"selector": {"app": NAME}, "ports": ports}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {**here, "labels": {"app": NAME}}, "spec": _pod()},
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": SERVICE},
            "spec": registered,
        },
    ]


def _pod() -> Object:
    container = {
        "name": NAME,
        "image": images.SERVER.reference,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-c", _SERVE],
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}, {"name": "certificate", "mountPath": "/certificate"}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    return {
        "serviceAccountName": NAME,
        "containers": [container],
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": 0,
        "volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "certificate", "secret": {"secretName": NAME}}],
    }
