"""Objects of a server, one by one: what one of them suffers stops only what needs it."""

import json
import time
from collections import Counter

import pytest

from cluster.plane.audit import AuditLog
from cluster.services.operator_process import USER
from cluster.services.team import Object, Team, condition, has_reason, is_ready
from integration.server.neighbours.admission import LIMITS, MIRROR, mutating
from integration.server.steps import MANAGED, SQLITE, children, patch, serve, template, until_children

pytestmark = pytest.mark.integration


def workers(team: Team) -> str | None:
    """How many worker processes the server's pods are told to have."""
    env: list[Object] = template(team)["spec"]["containers"][0]["env"]
    return next(e.get("value") for e in env if e["name"] == "MLFLOW_WORKERS")


def growing(team: Team, claim: str, size: str) -> Object:
    """A storage class that lets volumes grow, with a volume for one claim; the spec that uses it."""
    name = f"grows-{team.namespace}"
    reference = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": team.namespace, "name": claim}
    spec = {
        "capacity": {"storage": size},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": name,
        "claimRef": reference,
        "hostPath": {"path": "/nowhere"},
    }
    grows = {"provisioner": "kubernetes.io/no-provisioner", "allowVolumeExpansion": True}
    objects = [
        {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}, **grows},
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec},
    ]
    team.plane.kubectl("apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    return {**MANAGED, "backendStore": {"managed": {"storageClassName": name}}}


def test_a_claim_grows_by_the_spec_and_from_outside(team: Team) -> None:
    """A size is a minimum: what somebody else has grown is no difference, and all else follows the spec."""
    claim = "PersistentVolumeClaim/mlflow-postgres"
    spec = growing(team, "mlflow-postgres", "5Gi")
    serve(team, spec)
    until_children(team, lambda c: c[claim]["status"].get("phase") == "Bound", "the claim to be bound")
    patch(team, claim, {"spec": {"resources": {"requests": {"storage": "20Gi"}}}})
    patch(team, claim, {"metadata": {"labels": {"app.kubernetes.io/part-of": "somebody-else"}}})
    until_children(
        team,
        lambda c: c[claim]["metadata"]["labels"]["app.kubernetes.io/part-of"] == "mlflow-operator",
        "the claim's label to be put back",
    )
    serve(team, spec, workers=3)
    assert workers(team) == "3"
    assert children(team)[claim]["spec"]["resources"]["requests"]["storage"] == "20Gi"
    spec["backendStore"]["managed"]["size"] = "30Gi"
    serve(team, spec)
    until_children(team, lambda c: c[claim]["spec"]["resources"]["requests"]["storage"] == "30Gi", "the claim to grow")


def test_a_service_in_the_way_blocks_nothing_else(team: Team) -> None:
    """The conflict is reported, and pods and their changes come all the same; ServerReady is about the server."""
    serve(team)
    team.plane.kubectl("delete", "service", "mlflow", "-n", team.namespace)
    until_children(team, lambda c: "Service/mlflow" in c, "the Service to come back")
    patch(team, "service/mlflow", {"metadata": {"ownerReferences": None, "labels": None}})
    team.apply("MLflowServer", "mlflow", {**SQLITE, "workers": 3, "service": {"port": 80}})
    stalled = team.until("mlflowserver", "mlflow", has_reason("ChildConflict"))
    assert "Service mlflow exists and belongs to somebody else" in condition(stalled, "Ready")["message"]
    team.until("mlflowserver", "mlflow", lambda o: condition(o, "ServerReady")["status"] == "True")
    assert workers(team) == "3"
    team.delete("service", "mlflow")
    team.until("mlflowserver", "mlflow", is_ready, seconds=40)


def test_pods_never_run_as_somebody_elses_account(team: Team) -> None:
    """Where the name is taken, nothing that would use it starts; what does not need it does."""
    team.plane.kubectl("create", "serviceaccount", "mlflow", "-n", team.namespace)
    team.apply("MLflowServer", "mlflow", MANAGED)
    team.until("mlflowserver", "mlflow", has_reason("ChildConflict"))
    until_children(team, lambda c: "StatefulSet/mlflow-postgres" in c and "Service/mlflow" in c, "the stores")
    assert not [name for name in children(team) if name.startswith(("Job/", "Deployment/"))]


@pytest.mark.parametrize("expression", [MIRROR, LIMITS], ids=["images", "resources"])
def test_what_admission_changes_back_is_not_applied_for_ever(team: Team, audit: AuditLog, expression: str) -> None:
    """Quiet is quiet: no write in a minute, though the server is looked at every two seconds."""
    with mutating(team, expression, "apps", "deployments", "statefulsets"):
        serve(team, MANAGED)
        time.sleep(5)
        mark = audit.mark()
        time.sleep(60)
        assert audit.writes(mark, USER, team.namespace) == Counter()
        assert audit.since(mark, USER, team.namespace).total() > 0
