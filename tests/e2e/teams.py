"""Teams on the node, each in a namespace that takes restricted pods only."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from cluster.providers.provider import Cluster
from cluster.services.team import Object, Team
from demo import installation
from demo.story import PROFILES

START_SECONDS = 400.0
"""From nothing to a server that is ready, on a busy machine."""
_SERVER_PODS = "app.kubernetes.io/component=server,app.kubernetes.io/instance={name}"


@contextmanager
def restricted_team(node: Cluster) -> Iterator[Team]:
    """A team without a server, beside the operator; its namespace goes afterwards, which is not waited for."""
    node.recycle_volumes()
    for image in {image for profile in PROFILES.values() for image in profile.images}:
        node.load(image)
    installation.install(node)
    name = f"test-{uuid.uuid4().hex[:8]}"
    node.kubectl("create", "namespace", name)
    node.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    try:
        yield Team(node, name)
    finally:
        node.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def pods(team: Team, server: str = "mlflow") -> list[Object]:
    """The server's pods that are not on their way out."""
    labels = _SERVER_PODS.format(name=server)
    found: list[Object] = json.loads(
        team.plane.kubectl("-n", team.namespace, "get", "pods", "-l", labels, "-o", "json")
    )["items"]
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def restarts(team: Team, server: str = "mlflow") -> dict[str, int]:
    """Those pods by name, with the restarts of their containers."""
    return {
        pod["metadata"]["name"]: sum(c["restartCount"] for c in pod["status"].get("containerStatuses", []))
        for pod in pods(team, server)
    }


def give(team: Team, name: str, kind: str = "Opaque", **values: str) -> None:
    """Write values into a Secret."""
    body = {"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": {"name": name}, "stringData": values}
    team.plane.kubectl("-n", team.namespace, "apply", "-f", "-", text=json.dumps(body))
