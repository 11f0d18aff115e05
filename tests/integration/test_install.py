"""manifests/install.yaml on a real API server: it applies twice, and its rights are what they should be."""

from pathlib import Path

import pytest
import yaml

from cluster.host.errors import ClusterError
from cluster.plane.control_plane import ControlPlane
from mlflow_operator import generate

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
INSTALL = str(ROOT / generate.INSTALL)
OPERATOR = f"system:serviceaccount:{generate.NAMESPACE}:mlflow-operator"


@pytest.fixture(scope="module", autouse=True)
def applied(control_plane: ControlPlane) -> None:
    """The manifest, applied as a user would."""
    control_plane.kubectl("apply", "--server-side", "-f", INSTALL)


def may(plane: ControlPlane, who: str, verb: str, resource: str, namespace: str) -> bool:
    """The API server's own answer."""
    plural, _, subresource = resource.partition("/")
    try:
        words = ("auth", "can-i", verb, plural, f"--subresource={subresource}", "-n", namespace, "--as", who)
        return plane.kubectl(*words).strip() == "yes"
    except ClusterError:
        return False


def test_a_second_apply_changes_nothing(control_plane: ControlPlane) -> None:
    """No field is one that the API server writes differently."""
    path = "jsonpath={range .items[*]}{.metadata.name}={.metadata.generation} {end}"
    words = ("get", "deployments,crds", "-n", generate.NAMESPACE, "-o", path)
    before = control_plane.kubectl(*words)
    control_plane.kubectl("apply", "--server-side", "-f", INSTALL)
    assert control_plane.kubectl(*words) == before
    assert "mlflow-operator=1 " in before


@pytest.mark.parametrize(
    ("verb", "resource", "allowed"),
    [
        ("watch", "mlflowservers.mlflow.talentflow.ai", True),
        ("patch", "modelpromotions.mlflow.talentflow.ai/status", True),
        ("update", "mlflowservers.mlflow.talentflow.ai/finalizers", True),
        ("create", "deployments.apps", True),
        ("create", "secrets", True),
        ("get", "namespaces", True),
        ("watch", "customresourcedefinitions.apiextensions.k8s.io", True),
        ("patch", "mlflowservers.mlflow.talentflow.ai", False),
        ("delete", "modelpromotions.mlflow.talentflow.ai", False),
        ("patch", "secrets", False),
        ("delete", "secrets", False),
        ("delete", "persistentvolumeclaims", False),
        ("create", "pods", False),
        ("create", "pods/exec", False),
        ("create", "roles.rbac.authorization.k8s.io", False),
        ("patch", "customresourcedefinitions.apiextensions.k8s.io", False),
        ("list", "nodes", False),
        ("list", "namespaces", False),
        ("promote", "modelslots.mlflow.talentflow.ai", False),
    ],
)
def test_what_the_operator_may_do(control_plane: ControlPlane, verb: str, resource: str, allowed: bool) -> None:
    """RBAC grants the work of the operator, and neither users' objects nor ways to more rights."""
    assert may(control_plane, OPERATOR, verb, resource, "default") is allowed


def test_the_role_edit_covers_both_kinds(control_plane: ControlPlane, namespace: str) -> None:
    """Whoever may edit a namespace may run servers and promote models in it; whoever may view it can look."""
    for role in ("view", "edit"):
        control_plane.kubectl("-n", namespace, "create", "rolebinding", role, f"--clusterrole={role}", f"--user={role}")
    promotions, servers = (f"{plural}.mlflow.talentflow.ai" for plural in ("modelpromotions", "mlflowservers"))
    assert may(control_plane, "edit", "create", promotions, namespace)
    assert may(control_plane, "edit", "patch", f"{servers}/scale", namespace)
    assert not may(control_plane, "edit", "patch", f"{promotions}/status", namespace)
    assert may(control_plane, "view", "list", servers, namespace)
    assert not may(control_plane, "view", "patch", servers, namespace)


def test_with_namespaces_the_operator_sees_nothing_elsewhere(control_plane: ControlPlane, namespace: str) -> None:
    """A Role in the watched namespace is all that it gets."""
    who = f"system:serviceaccount:{namespace}:limited"
    # A name of its own, since what is cluster-wide belongs to the operator of the other tests.
    values = {"fullnameOverride": "limited", "watchNamespaces": [namespace], "crds": {"install": False}}
    values |= {"rbac": {"aggregate": False}}
    objects = generate.render(ROOT / generate.CHART, namespace, values)
    control_plane.kubectl("apply", "--server-side", "-f", "-", text=yaml.safe_dump_all(objects))
    assert may(control_plane, who, "list", "secrets", namespace)
    assert may(control_plane, who, "get", "namespaces", namespace)
    assert not may(control_plane, who, "get", "namespaces", "default")
    assert not may(control_plane, who, "list", "secrets", "default")
    assert not may(control_plane, who, "list", "mlflowservers.mlflow.talentflow.ai", "default")
