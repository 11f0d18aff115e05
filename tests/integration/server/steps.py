"""What a team does with a server, and what it sees."""

import json
from collections.abc import Callable
from typing import Any

from cluster.host import waiting
from cluster.services.team import Object, Team

SQLITE: Object = {"backendStore": {"sqlite": {}}, "artifactStore": {"persistentVolume": {}}}
MANAGED: Object = {"backendStore": {"managed": {}}, "artifactStore": {"managed": {}}}
URI: Object = {
    "backendStore": {"uriSecretRef": {"name": "database", "key": "uri"}},
    "artifactStore": {"s3": {"bucket": "models"}},
}
KINDS = (
    "deployment,statefulset,job,service,serviceaccount,persistentvolumeclaim,secret,poddisruptionbudget,ingress,"
    "networkpolicy,hpa,cronjob"
)
QUIET_SECONDS = 3.0


def serve(team: Team, spec: Object = SQLITE, **more: Any) -> Object:
    """Apply the server `mlflow`, wait until it is ready and said so, and return it."""
    team.apply("MLflowServer", "mlflow", {**spec, **more})
    server = team.ready("mlflowserver", "mlflow")
    team.announced("mlflow", "Ready")
    return server


def children(team: Team) -> dict[str, Object]:
    """All that carries the server's label, by kind and name."""
    words = ("get", KINDS, "-n", team.namespace, "-l", "app.kubernetes.io/instance=mlflow", "-o", "json")
    return {f"{o['kind']}/{o['metadata']['name']}": o for o in json.loads(team.plane.kubectl(*words))["items"]}


def until_children(team: Team, holds: Callable[[dict[str, Object]], bool], what: str) -> None:
    """Wait until something holds of the children."""
    waiting.until(lambda: holds(children(team)), what=what, seconds=20, pause=0.2)


def uids(objects: dict[str, Object]) -> dict[str, str]:
    """Who they are: an object that was made again is another one."""
    return {name: obj["metadata"]["uid"] for name, obj in objects.items()}


def secret(team: Team, name: str, **data: str) -> None:
    """Make a Secret, or change it."""
    metadata = {"name": name, "namespace": team.namespace}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}
    team.plane.kubectl("apply", "-f", "-", text=json.dumps(body))


def patch(team: Team, what: str, change: Object, *words: str) -> None:
    """Change an object as somebody else."""
    team.plane.kubectl("patch", what, "-n", team.namespace, *words, "-p", json.dumps(change))


def template(team: Team) -> Object:
    """What the server's pods are made from."""
    found: Object = team.get("deployment", "mlflow")["spec"]["template"]
    return found
