"""A preparation is remembered, and never made for nothing nor interrupted."""

import json
import time
from collections import Counter

import pytest

from cluster.host import waiting
from cluster.plane.audit import AuditLog
from cluster.plane.paper_node import PaperNode
from cluster.services.operator_process import USER
from cluster.services.team import Team, condition, has_reason, is_ready
from integration.server.neighbours.admission import EXPIRE, mutating, refusing
from integration.server.steps import QUIET_SECONDS, SQLITE, URI, children, secret, serve, template, until_children

pytestmark = pytest.mark.integration


def jobs(team: Team) -> list[str]:
    """The preparations that are there."""
    return sorted(name for name in children(team) if name.startswith("Job/"))


def test_finished_jobs_may_be_cleaned_up(team: Team, audit: AuditLog) -> None:
    """A TTL that somebody's policy sets, or kubectl delete job: no new Job, no Event, and Ready stays."""
    with mutating(team, EXPIRE, "batch", "jobs"):
        secret(team, "database", uri="postgresql://me@database/mlflow")
        before = serve(team, URI)
        until_children(team, lambda c: not any(name.startswith("Job/") for name in c), "the Job to be cleaned up")
        mark = audit.mark()
        time.sleep(10)
        assert audit.writes(mark, USER, team.namespace) == Counter()
        assert team.get("mlflowserver", "mlflow")["status"] == before["status"]
    serve(team, URI, workers=3)
    assert jobs(team) == []


def test_a_key_that_nobody_refers_to_changes_nothing(team: Team, audit: AuditLog) -> None:
    """Neither a preparation nor a rollout; a key that is referred to is another matter."""
    secret(team, "database", uri="postgresql://me@database/mlflow", note="a")
    serve(team, URI)
    before, first = template(team), jobs(team)
    mark = audit.mark()
    secret(team, "database", uri="postgresql://me@database/mlflow", note="b")
    time.sleep(QUIET_SECONDS)
    assert audit.writes(mark, USER, team.namespace) == Counter()
    secret(team, "database", uri="postgresql://me:new@database/mlflow", note="b")
    waiting.until(lambda: template(team) != before, what="a rollout", seconds=20)
    assert jobs(team) != first


def test_a_correction_replaces_a_preparation_that_cannot_start(team: Team, paper_node: PaperNode) -> None:
    """Whatever of the pod is corrected, at once."""
    paper_node.held[team.namespace] = "Pending"
    team.apply("MLflowServer", "mlflow", {**SQLITE, "nodeSelector": {"no": "such-node"}})
    until_children(team, lambda c: any(name.startswith("Job/") for name in c), "the first preparation")
    (first,) = jobs(team)
    paper_node.held.pop(team.namespace)
    serve(team)
    assert first not in jobs(team)


def test_a_preparation_at_work_is_let_finish(team: Team, paper_node: PaperNode) -> None:
    """It may be migrating: a newer one waits, says for what, and begins when it has ended."""
    paper_node.held[team.namespace] = "Running"
    secret(team, "database", uri="postgresql://me@database/mlflow")
    team.apply("MLflowServer", "mlflow", URI)
    waiting.until(
        lambda: "Running" in team.plane.kubectl("get", "pods", "-n", team.namespace), what="the preparation", seconds=20
    )
    (first,) = jobs(team)
    team.apply("MLflowServer", "mlflow", {**URI, "env": [{"name": "A", "value": "1"}]})
    waits = team.until("mlflowserver", "mlflow", has_reason("PredecessorRunning"))
    assert first.removeprefix("Job/") in condition(waits, "Ready")["message"]
    time.sleep(QUIET_SECONDS)
    assert jobs(team) == [first]
    paper_node.let_go(team.namespace)
    team.until("mlflowserver", "mlflow", is_ready)
    assert first not in jobs(team)


def test_what_would_be_refused_is_found_before_the_database_is_migrated(team: Team) -> None:
    """No preparation begins for a Deployment that a policy does not admit; when it does, it goes on by itself."""
    serve(team)
    before, first = template(team), jobs(team)
    with refusing(team, "apps", "deployments", "object.metadata.labels['app.kubernetes.io/version'] != '3.16.1'"):
        team.apply("MLflowServer", "mlflow", {**SQLITE, "version": "3.16.1"})
        stalled = team.until("mlflowserver", "mlflow", has_reason("ChildInvalid"))
        assert "Deployment mlflow was refused" in condition(stalled, "Ready")["message"]
        assert "the stores are left as they are" in condition(stalled, "Ready")["message"]
        assert set(jobs(team)) <= set(first)
        assert template(team) == before
        assert condition(stalled, "ServerReady")["status"] == "True"
        assert stalled["status"]["prepared"]
    team.until("mlflowserver", "mlflow", is_ready, seconds=60)
    assert json.dumps(template(team)).count("3.16.1") > 0


def test_an_edit_back_after_another_preparation_began_is_prepared_again(team: Team, paper_node: PaperNode) -> None:
    """What the other one did to the stores is not known, so what was prepared before counts no more."""
    secret(team, "database", uri="postgresql://me@database/mlflow")
    serve(team, URI)
    first = jobs(team)
    paper_node.held[team.namespace] = "Pending"
    team.apply("MLflowServer", "mlflow", {**URI, "env": [{"name": "A", "value": "1"}]})
    until_children(team, lambda c: sorted(n for n in c if n.startswith("Job/")) not in ([], first), "another one")
    assert "prepared" not in team.status("mlflowserver", "mlflow")
    paper_node.held.pop(team.namespace)
    server = serve(team, URI, env=[])
    assert server["status"]["prepared"]
    assert jobs(team) == first  # of the same name, made again
