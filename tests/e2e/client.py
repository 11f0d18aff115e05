"""A pod of a user: what it can reach, the users of the team can."""

import json
from typing import Any

from cluster.host.errors import ClusterError
from cluster.nodes import images
from cluster.providers.provider import Cluster
from cluster.services.registry import Registry

NAME = "client"

_REQUEST = """
import base64, json, os, ssl, sys, urllib.error, urllib.request
trust = ssl.create_default_context(cadata=os.environ.get("AUTHORITY"))
method, url, body = json.loads(sys.argv[1])
data = None if body is None else json.dumps(body).encode()
request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
login = [os.environ.get(f"MLFLOW_TRACKING_{part}") for part in ("USERNAME", "PASSWORD")]
if all(login):
    request.add_header("Authorization", "Basic " + base64.b64encode(":".join(login).encode()).decode())
try:
    answer = urllib.request.urlopen(request, timeout=20, context=trust)
    print(json.dumps([answer.status, answer.read().decode()]))
except urllib.error.HTTPError as error:
    print(json.dumps([error.code, error.read().decode(errors="replace")]))
"""


class ClientPod(Registry):
    """A restricted pod in the namespace, labelled app by its name, and MLflow's registry as it sees it."""

    def __init__(
        self,
        node: Cluster,
        namespace: str,
        url: str,
        *,
        name: str = NAME,
        env: dict[str, dict[str, str]] | None = None,
        hosts: dict[str, list[str]] | None = None,
    ) -> None:
        """Start it.

        Args:
            node: where.
            namespace: in which namespace.
            url: of the server that it is a client of.
            name: of the pod.
            env: more variables, each from a key of a Secret: {variable: {name, key}};
                AUTHORITY among them is one that the pod trusts for https, and with MLflow's own for a login it has one.
            hosts: names that it knows beside those of DNS, by their address.
        """
        super().__init__(url)
        self._node, self._namespace, self._name = node, namespace, name
        node.kubectl("-n", namespace, "apply", "-f", "-", text=json.dumps(_pod(name, env or {}, hosts or {})))
        node.kubectl("-n", namespace, "wait", f"pod/{name}", "--for=condition=Ready", "--timeout=90s")

    def python(self, program: str, *words: str, text: str | None = None) -> str:
        """Run a Python program in the pod; what nobody else on its node may see goes into ``text``, its input."""
        stdin = [] if text is None else ["-i"]
        command = ("exec", *stdin, self._name, "--", "python", "-c", program, *words)
        return self._node.kubectl("-n", self._namespace, *command, text=text)

    def get(self, url: str) -> tuple[int, str]:
        """GET a URL."""
        status, text = json.loads(self.python(_REQUEST, json.dumps(["GET", url, None])))
        return int(status), str(text)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        url = f"{self.url}/api/2.0/mlflow/{path}"
        status, text = json.loads(self.python(_REQUEST, json.dumps([method, url, body])))
        if status >= 300:
            raise ClusterError(f"{method} {path}: {status} {text[:300]}")
        answer: dict[str, Any] = json.loads(text)
        return answer


def _pod(name: str, env: dict[str, dict[str, str]], hosts: dict[str, list[str]]) -> dict[str, Any]:
    container = {
        "name": "client",
        "image": images.SERVER.reference,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "86400"],
        "env": [{"name": variable, "valueFrom": {"secretKeyRef": ref}} for variable, ref in env.items()],
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    security = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    # What is tested is servers: the DNS of a busy node may lose a question, and is asked more often than by default.
    patience = [
        {"name": "timeout", "value": "2"},
        {"name": "attempts", "value": "5"},
        {"name": "single-request-reopen"},
    ]
    spec = {
        "containers": [container],
        "dnsConfig": {"options": patience},
        "securityContext": security,
        "terminationGracePeriodSeconds": 0,
        "hostAliases": [{"ip": address, "hostnames": names} for address, names in hosts.items()],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}
