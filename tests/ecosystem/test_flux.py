"""A real Flux and the real operator: Git to MLflow, and what Flux says of it."""

import json
import time
from collections.abc import Iterator

import pytest

from cluster.companions.flux import NAMESPACE, USER, Flux
from cluster.plane.paper_node import PaperNode
from cluster.services.team import Object, condition
from ecosystem.steps import GitTeam, apply, documented, names, until, writes_to_children

pytestmark = pytest.mark.ecosystem

INTERVAL = 3
TIMEOUT_SECONDS = 600
"""As in docs/gitops.md: who fails earlier does not wait for it."""
QUIET_SECONDS = 8.0


class Kustomization:
    """The Kustomization of docs/gitops.md, with the repository and the namespace of a team, and looked at often."""

    def __init__(self, git: GitTeam) -> None:
        self.git = git
        self._plane = git.plane
        self._name = git.team.namespace

    def create(self) -> None:
        """Apply it, and the source."""
        metadata = {"name": self._name, "namespace": NAMESPACE}
        every = {"interval": f"{INTERVAL}s"}
        spec = {**every, "url": self.git.repository.url, "ref": {"branch": "main"}}
        kind = {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository"}
        apply(self._plane, {**kind, "metadata": metadata, "spec": spec})
        shown = documented("Kustomization")
        assert shown["spec"]["timeout"] == f"{TIMEOUT_SECONDS // 60}m"
        shown["metadata"] = metadata
        shown["spec"] |= {**every, "retryInterval": f"{INTERVAL}s", "targetNamespace": self.git.team.namespace}
        shown["spec"]["sourceRef"]["name"] = self._name
        del shown["spec"]["dependsOn"]
        apply(self._plane, shown)

    def delete(self) -> None:
        """Delete both, and wait until the objects are gone."""
        words = (self._name, "-n", NAMESPACE, "--ignore-not-found", "--timeout=60s")
        self._plane.kubectl("delete", "kustomization.kustomize.toolkit.fluxcd.io", *words)
        self._plane.kubectl("delete", "gitrepository.source.toolkit.fluxcd.io", *words)

    def get(self) -> Object:
        """The Kustomization."""
        words = ("get", "kustomization.kustomize.toolkit.fluxcd.io", self._name, "-n", NAMESPACE, "-o", "json")
        found: Object = json.loads(self._plane.kubectl(*words))
        return found

    def ready(self) -> tuple[str | None, str | None]:
        """Status and reason of its Ready."""
        found = condition(self.get(), "Ready")
        return found.get("status"), found.get("reason")

    def applied(self) -> str:
        """The commit that it has brought to an end."""
        return str(self.get().get("status", {}).get("lastAppliedRevision", ""))

    def until(self, status: str, reason: str, seconds: float = 120) -> None:
        """Wait for a Ready."""
        until(lambda: self.ready() == (status, reason), f"{status} {reason}; it is {self.ready()}", seconds)

    def until_applied(self, commit: str) -> None:
        """Wait until a commit was brought to an end, health and all."""
        until(lambda: self.applied().endswith(commit), f"{commit}; it is {self.get().get('status')}")


@pytest.fixture
def kustomization(flux: Flux, git_team: GitTeam) -> Iterator[Kustomization]:
    """A Kustomization that is not there yet."""
    found = Kustomization(git_team)
    yield found
    found.delete()


@pytest.fixture
def applied(kustomization: Kustomization) -> Kustomization:
    """A Kustomization with the sample, version 1 in Production."""
    kustomization.git.begin()
    kustomization.create()
    kustomization.git.until_held_by("1")
    kustomization.until("True", "ReconciliationSucceeded")
    return kustomization


def test_it_waits_until_the_server_is_ready(kustomization: Kustomization, paper_node: PaperNode) -> None:
    """By wait: true alone, with nothing to configure: a preparation that goes on is not done."""
    git = kustomization.git
    paper_node.held[git.team.namespace] = "Running"
    git.begin()
    kustomization.create()
    until(lambda: names(git.team, "job") != set(), "a preparation")
    time.sleep(QUIET_SECONDS)
    assert kustomization.ready()[0] == "Unknown"
    paper_node.let_go(git.team.namespace)
    kustomization.until("True", "ReconciliationSucceeded")
    assert git.holder() == ["1"]


def test_a_commit_promotes_and_a_revert_rolls_back(applied: Kustomization) -> None:
    """A commit is applied when the registry holds it, and the history says which was which."""
    git = applied.git
    applied.until_applied(git.promote(2))
    assert git.holder() == ["2"]
    applied.until_applied(git.repository.revert())
    assert git.holder() == ["1"]
    assert git.history()[-2:] == ["Promote 2", "Rollback 1"]


def test_a_stalled_claim_fails_it_before_the_timeout(applied: Kustomization) -> None:
    """By name; nobody moves the slot back, and the commit that accepts the drift mends it."""
    git = applied.git
    git.registry.move(git.model, "3", "Production")
    git.team.until("modelpromotion", "fraud-production", lambda o: condition(o, "Stalled").get("status") == "True")
    applied.until("False", "HealthCheckFailed", TIMEOUT_SECONDS / 4)
    assert "ModelPromotion" in condition(applied.get(), "Ready")["message"]
    time.sleep(QUIET_SECONDS)
    assert git.holder() == ["3"]
    applied.until_applied(git.promote(3))
    assert git.holder() == ["3"]


def test_a_child_changed_by_hand_is_the_operators(applied: Kustomization) -> None:
    """It comes back, and Flux, which looks every few seconds, writes no child."""
    git, plane = applied.git, applied.git.plane
    mark = plane.audit.mark()
    plane.kubectl("scale", "deployment/mlflow", "--replicas=5", "-n", git.team.namespace)
    plane.kubectl("delete", "service/mlflow", "-n", git.team.namespace)
    until(lambda: git.team.get("deployment", "mlflow")["spec"]["replicas"] == 1, "one replica")
    until(lambda: "Service/mlflow" in names(git.team, "service"), "the Service")
    time.sleep(QUIET_SECONDS)
    assert writes_to_children(plane, mark, USER, git.team.namespace) == []
    applied.until("True", "ReconciliationSucceeded")


def test_pruning_a_server_leaves_its_data(applied: Kustomization) -> None:
    """A commit without both objects deletes them and all children; the volumes, and the slot, stay."""
    git = applied.git
    claims = names(git.team, "pvc")
    assert claims
    git.end()
    until(lambda: names(git.team, "mls,mp,deployment,service,job,pod") == set(), "everything to be gone")
    assert names(git.team, "pvc") == claims
    assert git.holder() == ["1"]
