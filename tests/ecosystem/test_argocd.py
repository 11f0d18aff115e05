"""A real Argo CD and the real operator: Git to MLflow, and what Argo CD says of it."""

import json
import time
from collections.abc import Iterator

import pytest

from cluster.companions.argocd import NAMESPACE, USER, ArgoCd
from cluster.plane.paper_node import PaperNode
from ecosystem.steps import (
    SAMPLE,
    SERVER_FILE,
    GitTeam,
    documented,
    names,
    until,
    writes_to_children,
)

pytestmark = pytest.mark.ecosystem

QUIET_SECONDS = 8.0
"""Several looks of Argo CD."""


class Application:
    """The application of docs/gitops.md, with the repository and the namespace of a team."""

    def __init__(self, git: GitTeam, name: str | None = None) -> None:
        self.git = git
        self._plane = git.plane
        self._name = name or git.team.namespace

    def create(self) -> None:
        """Apply it; its deletion takes its objects along."""
        shown = documented("Application")
        finalizers = ["resources-finalizer.argocd.argoproj.io"]
        shown["metadata"] = {"name": self._name, "namespace": NAMESPACE, "finalizers": finalizers}
        shown["spec"]["source"]["repoURL"] = self.git.repository.url
        shown["spec"]["destination"]["namespace"] = self.git.team.namespace
        self._plane.kubectl("apply", "-f", "-", text=json.dumps(shown))

    def delete(self) -> None:
        """Delete it and wait until its objects are gone."""
        words = ("application", self._name, "-n", NAMESPACE, "--ignore-not-found", "--timeout=60s")
        self._plane.kubectl("delete", *words)

    def state(self) -> str:
        """Whether it is as Git says, and how it is."""
        status = "jsonpath={.status.sync.status}/{.status.health.status}"
        return self._plane.kubectl("get", "application", self._name, "-n", NAMESPACE, "-o", status)

    def until(self, state: str) -> None:
        """Wait for a state."""
        until(lambda: self.state() == state, f"the application to be {state}; it is {self.state()}")

    def resources(self) -> set[str]:
        """What it looks after."""
        found = self._plane.kubectl(
            "get", "application", self._name, "-n", NAMESPACE, "-o", "jsonpath={.status.resources[*].kind}"
        )
        return set(found.split())


@pytest.fixture
def application(argocd: ArgoCd, git_team: GitTeam) -> Iterator[Application]:
    """An application that is not there yet."""
    found = Application(git_team)
    yield found
    found.delete()


@pytest.fixture
def synced(application: Application) -> Application:
    """An application with the sample, version 1 in Production."""
    application.git.begin()
    application.create()
    application.git.until_held_by("1")
    application.until("Synced/Healthy")
    return application


def test_waves_wait_until_the_server_is_ready(application: Application, paper_node: PaperNode) -> None:
    """With the health checks that we ship: the claim of a later wave is applied when the server answers."""
    git = application.git
    git.claim = {"annotations": {"argocd.argoproj.io/sync-wave": "10"}}
    paper_node.held[git.team.namespace] = "Running"
    git.begin()
    application.create()
    until(lambda: "Job" in " ".join(names(git.team, "job")), "a preparation")
    time.sleep(QUIET_SECONDS)
    assert application.state().endswith("/Progressing") or application.state() == "OutOfSync/Missing"
    assert names(git.team, "modelpromotion") == set()
    paper_node.let_go(git.team.namespace)
    application.until("Synced/Healthy")
    assert git.holder() == ["1"]


def test_a_commit_promotes_and_a_revert_rolls_back(synced: Application) -> None:
    """The registry follows Git, and the history says which was which."""
    git = synced.git
    git.promote(2)
    git.until_held_by("2")
    synced.until("Synced/Healthy")
    git.repository.revert()
    git.until_held_by("1")
    synced.until("Synced/Healthy")
    assert git.history()[-2:] == ["Promote 2", "Rollback 1"]


def test_a_slot_that_somebody_moved_is_degraded_and_left(synced: Application) -> None:
    """The object is as Git says, so the application is Synced; it is not well; nobody moves the slot back."""
    git = synced.git
    git.registry.move(git.model, "3", "Production")
    synced.until("Synced/Degraded")
    time.sleep(QUIET_SECONDS)
    assert (synced.state(), git.holder()) == ("Synced/Degraded", ["3"])
    git.promote(3)
    synced.until("Synced/Healthy")


def test_a_version_that_is_not_there_yet_is_progressing(synced: Application) -> None:
    """Git is faster than training: neither failed nor done, until it is registered."""
    git = synced.git
    git.promote(6)
    synced.until("Synced/Progressing")
    git.registry.add_version(git.model)
    git.until_held_by("6")
    synced.until("Synced/Healthy")


def test_a_server_that_cannot_be_is_degraded(application: Application) -> None:
    """A version that we do not run, and the sentence why is the application's message."""
    git = application.git
    git.begin()
    git.repository.commit("one of last year", {SERVER_FILE: SAMPLE.read_text().replace("3.17.2", "3.13.0")})
    application.create()
    application.until("Synced/Degraded")


def test_a_child_changed_by_hand_is_the_operators(synced: Application) -> None:
    """It comes back, Argo CD writes no child, and sees no difference at any moment."""
    git, plane = synced.git, synced.git.plane
    mark = plane.audit.mark()
    plane.kubectl("scale", "deployment/mlflow", "--replicas=5", "-n", git.team.namespace)
    plane.kubectl("delete", "service/mlflow", "-n", git.team.namespace)
    until(lambda: git.team.get("deployment", "mlflow")["spec"]["replicas"] == 1, "one replica")
    until(lambda: "Service/mlflow" in names(git.team, "service"), "the Service")
    seen = set()
    end = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < end:
        seen.add(synced.state())
        time.sleep(0.3)
    assert {state.split("/")[0] for state in seen} == {"Synced"}
    assert writes_to_children(plane, mark, USER, git.team.namespace) == []
    assert synced.resources() == {"MLflowServer", "ModelPromotion"}


def test_pruning_a_server_leaves_its_data(synced: Application) -> None:
    """A commit without both objects deletes them and all children; the volumes, and the slot, stay."""
    git = synced.git
    claims = names(git.team, "pvc")
    assert claims
    git.end()
    until(lambda: names(git.team, "mls,mp,deployment,service,job,pod") == set(), "everything to be gone")
    assert names(git.team, "pvc") == claims
    assert git.holder() == ["1"]


def test_deleting_the_application_leaves_the_data_too(synced: Application) -> None:
    """The cascade deletes what was in Git, nothing hangs, and the volumes stay."""
    git = synced.git
    claims = names(git.team, "pvc")
    synced.delete()
    until(lambda: names(git.team, "mls,mp,deployment,service,job,pod") == set(), "everything to be gone")
    assert names(git.team, "pvc") == claims
    assert git.holder() == ["1"]


def test_an_application_that_is_called_like_the_server_deletes_no_data(argocd: ArgoCd, git_team: GitTeam) -> None:
    """Tracking by label it takes volumes for its own; it is Synced all the same, and never deletes them."""
    application = Application(git_team, "mlflow")
    with argocd.tracking("label"):
        git_team.begin()
        application.create()
        git_team.until_held_by("1")
        claims = names(git_team.team, "pvc")
        until(lambda: "PersistentVolumeClaim" in application.resources(), "the volumes to be taken")
        time.sleep(QUIET_SECONDS)
        assert application.state().startswith("Synced/")
        assert names(git_team.team, "pvc") == claims
        application.delete()
        until(lambda: names(git_team.team, "mls,mp,deployment,service") == set(), "the server to be gone")
        assert names(git_team.team, "pvc") == claims
