"""A platform that gives each namespace a range of users, as OpenShift does, and refuses every other."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.host import waiting
from cluster.host.errors import ClusterError
from cluster.plane.control_plane import ControlPlane
from cluster.plane.paper_node import PaperNode
from cluster.services.operator_process import OperatorProcess
from cluster.services.team import Object, Team
from integration.server.conftest import SETTINGS

pytestmark = pytest.mark.integration

SAMPLES = Path(__file__).resolve().parents[4] / "manifests" / "samples"
FIRST, LAST = 1000650000, 1000659999
GROUP = "admissionregistration.k8s.io"

CONTEXT = "object.spec.?securityContext"
IN_RANGE = " && ".join(
    f"({CONTEXT}.{field}.optMap(v, v >= {FIRST} && v <= {LAST}).orValue(true))" for field in ("?runAsUser", "?fsGroup")
)
CONTAINERS = "object.spec.containers.all(c, !has(c.securityContext.runAsUser))"
CHOSEN = f"Object{{spec: Object.spec{{securityContext: Object.spec.securityContext{{runAsUser: {FIRST}}}}}}}"


@pytest.fixture(scope="module")
def operator(
    session_folder: Path, installed: ControlPlane, operator_of_session: OperatorProcess, paper_node: PaperNode
) -> Iterator[OperatorProcess]:
    """An operator that leaves users to the platform; the one of the other files rests meanwhile."""
    operator_of_session.stop()
    settings, env = SETTINGS | {"USER_IDS": "Platform"}, paper_node.environment
    process = OperatorProcess(session_folder / "operator-without-users", installed, settings, env)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def ranged(team: Team) -> Iterator[Team]:
    """A team whose namespace has a range: other users are refused, and who names none gets the first."""
    name = f"range-of-{team.namespace}"
    validation = {"expression": f"{IN_RANGE} && {CONTAINERS}", "message": "must be in the ranges of the namespace"}
    named = f"{CONTEXT}.?runAsUser.hasValue()"
    policies = [
        policy("ValidatingAdmissionPolicy", name, team, {"validations": [validation]}),
        policy(
            "MutatingAdmissionPolicy",
            name,
            team,
            {
                "reinvocationPolicy": "Never",
                "matchConditions": [{"name": "names-none", "expression": f"!{named}"}],
                "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": CHOSEN}}],
            },
        ),
        binding("ValidatingAdmissionPolicy", name, {"validationActions": ["Deny"]}),
        binding("MutatingAdmissionPolicy", name, {}),
    ]
    team.plane.kubectl("apply", "-f", "-", text=yaml.safe_dump_all(policies))
    try:
        waiting.until(lambda: is_in_force(team), what="the policies to be in force", seconds=30, pause=0.2)
        yield team
    finally:
        kinds = ("validatingadmissionpolicybinding", "validatingadmissionpolicy")
        mutating = ("mutatingadmissionpolicybinding", "mutatingadmissionpolicy")
        team.plane.kubectl("delete", ",".join((*kinds, *mutating)), name, "--ignore-not-found")


def policy(kind: str, name: str, team: Team, spec: Object) -> Object:
    """A policy for the pods of a namespace."""
    only = {"matchLabels": {"kubernetes.io/metadata.name": team.namespace}}
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    constraints = {"namespaceSelector": only, "resourceRules": [pods]}
    body = {"failurePolicy": "Fail", "matchConstraints": constraints, **spec}
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": {"name": name}, "spec": body}


def binding(kind: str, name: str, spec: Object) -> Object:
    """What puts a policy in force."""
    body = {"policyName": name, **spec}
    return {"apiVersion": f"{GROUP}/v1", "kind": f"{kind}Binding", "metadata": {"name": name}, "spec": body}


def tried(team: Team, **context: int) -> Object:
    """A pod as the API server would make it.

    Raises:
        ClusterError: It would not.
    """
    spec: Object = {"securityContext": context, "containers": [{"name": "c", "image": "i", "securityContext": {}}]}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "tried"}, "spec": spec}
    words = ("-n", team.namespace, "create", "--dry-run=server", "-o", "json", "-f", "-")
    made: Object = json.loads(team.plane.kubectl(*words, text=json.dumps(body)))
    return made


def is_in_force(team: Team) -> bool:
    """Whether a pod of another user is refused, and one that names none gets a user."""
    try:
        tried(team, runAsUser=65532)
    except ClusterError as refused:
        named: dict[str, Any] = tried(team)["spec"]["securityContext"]
        return "must be in the ranges" in str(refused) and named.get("runAsUser") == FIRST
    return False


def test_the_production_sample_runs_where_the_platform_chooses_the_users(ranged: Team) -> None:
    """Server, preparation and both stores get pods, each with a user of the range, and it stays as it is."""
    sample = yaml.safe_load((SAMPLES / "production" / "mlflowserver.yaml").read_text())
    ranged.apply("MLflowServer", "mlflow", sample["spec"])
    ranged.ready("mlflowserver", "mlflow")
    pods = json.loads(ranged.plane.kubectl("get", "pods", "-n", ranged.namespace, "-o", "json"))["items"]
    components = {pod["metadata"]["labels"]["app.kubernetes.io/component"] for pod in pods}
    assert components == {"server", "prepare", "postgres", "object-store"}
    assert {pod["spec"]["securityContext"]["runAsUser"] for pod in pods} == {FIRST}


def test_a_spec_that_names_users_of_the_range_is_let_in(ranged: Team) -> None:
    """Without a setting of the operator: the numbers in the spec reach every pod."""
    spec: Object = {"backendStore": {"managed": {}}, "artifactStore": {"managed": {}}}
    user = {"runAsUser": LAST, "runAsGroup": LAST, "fsGroup": LAST}
    ranged.apply("MLflowServer", "mlflow", spec | {"podSecurityContext": user})
    ranged.ready("mlflowserver", "mlflow")
    pods = json.loads(ranged.plane.kubectl("get", "pods", "-n", ranged.namespace, "-o", "json"))["items"]
    assert {pod["spec"]["securityContext"]["runAsUser"] for pod in pods} == {LAST}
    assert len(pods) == 4
