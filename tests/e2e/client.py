"""A pod of a user: what it can reach, the users of the team can."""

import json
from typing import Any

from cluster.host.errors import ClusterError
from cluster.nodes import images
from cluster.providers.provider import Cluster
from cluster.services.registry import Registry

NAME = "client"

_REQUEST = """
import json, os, ssl, sys, urllib.error, urllib.request
trust = ssl.create_default_context(cadata=os.environ.get("AUTHORITY"))
method, url, body = json.loads(sys.argv[1])
data = None if body is None else json.dumps(body).encode()
request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
try:
    answer = urllib.request.urlopen(request, timeout=20, context=trust)
    print(json.dumps([answer.status, answer.read().decode()]))
except urllib.error.HTTPError as error:
    print(json.dumps([error.code, error.read().decode(errors="replace")]))
"""


class ClientPod(Registry):
    """A restricted pod in the namespace, and MLflow's registry as it sees it."""

    def __init__(
        self, node: Cluster, namespace: str, url: str, *, env: dict[str, dict[str, str]] | None = None
    ) -> None:
        """Start it; ``env`` has more variables, each from a key of a Secret: {variable: {name, key}}.

        AUTHORITY among them is one that the pod trusts for https.
        """
        super().__init__(url)
        self._node, self._namespace = node, namespace
        node.kubectl("-n", namespace, "apply", "-f", "-", text=json.dumps(_pod(env or {})))
        node.kubectl("-n", namespace, "wait", f"pod/{NAME}", "--for=condition=Ready", "--timeout=90s")

    def python(self, program: str, *words: str) -> str:
        """Run a Python program in the pod."""
        return self._node.kubectl("-n", self._namespace, "exec", NAME, "--", "python", "-c", program, *words)

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


def _pod(env: dict[str, dict[str, str]]) -> dict[str, Any]:
    container = {
        "name": "client",
        "image": images.SERVER.reference,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "86400"],
        "env": [{"name": name, "valueFrom": {"secretKeyRef": ref}} for name, ref in env.items()],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    security = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"containers": [container], "securityContext": security, "terminationGracePeriodSeconds": 0}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": NAME}, "spec": spec}
