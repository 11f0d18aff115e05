"""A team whose objects are in Git: what it commits, and what comes of it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from cluster.companions.git_server import Repository
from cluster.host import folders, waiting
from cluster.plane.audit import WRITES
from cluster.plane.control_plane import ControlPlane
from cluster.services.registry import Registry
from cluster.services.team import Object, Team
from unit.documentation import DOCS, snippets

SAMPLE = folders.CHECKOUT / "manifests" / "samples" / "quickstart" / "mlflowserver.yaml"
SERVER_FILE, CLAIM_FILE = "team-a/server.yaml", "team-a/promotion.yaml"
PATIENCE = 120.0
"""Seconds; tools look every few, the machine may be busy."""
CHILDREN = ("deployments", "services", "jobs", "serviceaccounts", "persistentvolumeclaims", "secrets", "replicasets")


@dataclass
class GitTeam:
    """A team with a repository of its own, a model, and a namespace where a tool applies what is committed."""

    plane: ControlPlane
    team: Team
    repository: Repository
    registry: Registry
    model: str
    claim: Object = field(default_factory=dict)
    """What is added to the metadata of the claim."""

    def promote(self, version: int) -> str:
        """Commit the claim with a version."""
        target = {"stage": "Production"}
        spec = {"serverRef": {"name": "mlflow"}, "model": self.model, "target": target, "version": version}
        obj = self.team.object("ModelPromotion", "fraud-production", spec)
        obj["metadata"] = {"name": "fraud-production", **self.claim}
        return self.repository.commit(f"version {version} to Production", {CLAIM_FILE: yaml.safe_dump(obj)})

    def begin(self) -> None:
        """Commit the sample of a server, and the claim with version 1."""
        self.repository.commit("a server", {SERVER_FILE: SAMPLE.read_text()})
        self.promote(1)

    def end(self) -> None:
        """Commit without both objects; another stays, since Argo CD prunes no last one by itself."""
        other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "notes"}}
        files = {SERVER_FILE: None, CLAIM_FILE: None, "team-a/notes.yaml": yaml.safe_dump(other)}
        self.repository.commit("no server any more", files)

    def holder(self) -> list[str]:
        """Who is in Production."""
        return self.registry.holders(self.model, "Production")

    def until_held_by(self, version: str) -> None:
        """Wait until a version is in Production, alone."""
        until(lambda: self.holder() == [version], f"version {version} in Production")

    def history(self) -> list[str]:
        """What happened to the slot, the newest last."""
        found = self.team.status("modelpromotion", "fraud-production")["history"]
        return [f"{entry['type']} {entry['toVersion']}" for entry in reversed(found)]


def until(holds: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Wait, as long as a busy machine may need."""
    waiting.until(holds, what=what, seconds=seconds, pause=0.3)


def documented(kind: str) -> Object:
    """The object of a kind that docs/gitops.md shows to users of a tool."""
    shown = (yaml.safe_load(text) for text in snippets(DOCS / "gitops.md", "yaml"))
    found: Object = next(obj for obj in shown if obj["kind"] == kind)
    return found


def apply(plane: ControlPlane, obj: Object) -> None:
    """Apply any object."""
    plane.kubectl("apply", "--server-side", "-f", "-", text=json.dumps(obj))


def names(team: Team, kinds: str) -> set[str]:
    """What there is in the namespace, less what every namespace has."""
    items = json.loads(team.plane.kubectl("get", kinds, "-n", team.namespace, "-o", "json"))["items"]
    return {f"{o['kind']}/{o['metadata']['name']}" for o in items if o["metadata"]["name"] != "default"}


def writes_to_children(plane: ControlPlane, mark: int, user: str, namespace: str) -> list[Any]:
    """What a user wrote to children in a namespace since a mark."""
    found = []
    for event in plane.audit.events(mark, user):
        about = event.get("objectRef", {})
        if event["verb"] in WRITES and about.get("namespace") == namespace and about.get("resource") in CHILDREN:
            found.append((event["verb"], about["resource"], about.get("name")))
    return found
