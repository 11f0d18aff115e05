"""With `watchNamespaces` the operator works where it may, and knows nothing of the rest of the cluster."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.plane.control_plane import ControlPlane
from cluster.services.operator_process import OperatorProcess, install
from cluster.services.registry import Registry
from cluster.services.team import Team, has_reason, is_ready
from mlflow_operator.api.schema import API_VERSION

pytestmark = pytest.mark.integration

WATCHED, GUEST, ELSEWHERE = "watched", "guest", "elsewhere"
# kopf tries again and again, in case that the API server refuses only while it is being upgraded.
WITHOUT_DISCOVERY_SECONDS = 90


@pytest.fixture(scope="module", params=["with", "without"])
def plane(session_folder: Path, control_plane: ControlPlane, request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    """A cluster in which the operator has a Role in two namespaces, and cluster-wide next to nothing or nothing."""
    assert control_plane  # what it needs has been built
    limited = ControlPlane(session_folder / f"{request.param}-discovery")
    limited.start()
    for namespace in (WATCHED, GUEST, ELSEWHERE):
        limited.kubectl("create", "namespace", namespace)
    everywhere = request.param == "with"
    values = {"rbac": {"discovery": everywhere}, "policies": {"enabled": everywhere}}
    install(limited, {"watchNamespaces": [WATCHED, GUEST], **values})
    settings = {"NAMESPACES": f"{WATCHED},{GUEST}", "REGISTRY_POLL": "1", "POLICIES": str(everywhere).lower()}
    operator = OperatorProcess(limited.folder / "operator", limited, settings)
    operator.start()
    yield limited
    operator.stop()
    limited.remove()


def test_the_operator_works_in_its_namespace_only(plane: ControlPlane, registry: Registry) -> None:
    """A promotion is brought about there; the same objects elsewhere are not even looked at."""
    elsewhere = Team(plane, ELSEWHERE)
    elsewhere.apply("MLflowServer", "mlflow", {"external": {"url": registry.url}})
    team = Team(plane, WATCHED)
    team.apply("MLflowServer", "mlflow", {"external": {"url": registry.url}})
    team.until("mlflowserver", "mlflow", is_ready, seconds=WITHOUT_DISCOVERY_SECONDS)
    model = registry.create_model(plane.folder.name, versions=1)
    team.promote("limited", model, 1)
    team.ready("modelpromotion", "limited")
    assert elsewhere.status("mlflowserver", "mlflow") == {"observedGeneration": -1}


def test_a_server_takes_the_claims_of_another_watched_namespace_by_its_labels(
    plane: ControlPlane, registry: Registry
) -> None:
    """The Role in that namespace is enough to read them."""
    selector = {"matchLabels": {"kubernetes.io/metadata.name": GUEST}}
    allowed = {"allowedNamespaces": {"from": "Selector", "selector": selector}}
    Team(plane, WATCHED).apply("MLflowServer", "shared", {"external": {"url": registry.url}, "promotions": allowed})
    model, guest = registry.create_model(f"guest-{plane.folder.name}", versions=1), Team(plane, GUEST)
    guest.promote("fraud", model, 1, serverRef={"name": "shared", "namespace": WATCHED})
    guest.until("modelpromotion", "fraud", is_ready, seconds=WITHOUT_DISCOVERY_SECONDS)


def test_policies_hold_where_they_may_be_read(plane: ControlPlane, registry: Registry) -> None:
    """They are in no namespace; without the right to read them the operator works, and says that it asks none."""
    body = {"apiVersion": API_VERSION, "kind": "PromotionPolicy", "metadata": {"name": "vouched"}}
    model, name = registry.create_model(f"governed-{plane.folder.name}", versions=1), "governed"
    spec = {"governs": {"models": [model]}, "requires": {"tags": [{"key": "vouched"}]}}
    plane.kubectl("apply", "-f", "-", text=json.dumps({**body, "spec": spec}))
    team = Team(plane, WATCHED)
    team.apply("MLflowServer", "mlflow", {"external": {"url": registry.url}})
    team.until("mlflowserver", "mlflow", is_ready, seconds=WITHOUT_DISCOVERY_SECONDS)
    team.promote(name, model, 1)
    if plane.folder.name.startswith("without"):
        team.ready("modelpromotion", name)
        assert json.loads(plane.kubectl("get", "mpp", "vouched", "-o", "json"))["status"] == {"observedGeneration": -1}
    else:
        team.until("modelpromotion", name, has_reason("TagMissing"))
