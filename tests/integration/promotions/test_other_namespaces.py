"""A platform's MLflow, and teams that promote on it from their own namespaces, as long as the platform lets them."""

import uuid
from collections.abc import Iterator

import pytest

from cluster.host.errors import ClusterError
from cluster.plane.control_plane import ControlPlane
from cluster.services.registry import Registry
from cluster.services.team import Object, Team, condition, has_reason

pytestmark = pytest.mark.integration

SELECTED = {"from": "Selector", "selector": {"matchLabels": {"promotes": "true"}}}


@pytest.fixture
def guest(installed: ControlPlane) -> Iterator[Team]:
    """A team that has no MLflow of its own."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    installed.kubectl("create", "namespace", name)
    yield Team(installed, name)
    installed.kubectl("delete", "namespace", name, "--wait=false")


def allow(platform: Team, registry: Registry, allowed: Object) -> None:
    """The platform says who may."""
    spec = {"external": {"url": registry.url}, "promotions": {"allowedNamespaces": allowed}}
    platform.apply("MLflowServer", "mlflow", spec)


def promote(guest: Team, platform: Team, model: str, version: int, name: str = "mlflow") -> None:
    """The guest's claim."""
    guest.promote("fraud", model, version, serverRef={"name": name, "namespace": platform.namespace})


def test_a_claim_waits_for_its_grant_and_stops_without_it(
    served: Team, guest: Team, registry: Registry, model: str
) -> None:
    """It goes on by itself; when the grant is withdrawn, a new wish is not carried out and the slot stays."""
    promote(guest, served, model, 7)
    guest.until("modelpromotion", "fraud", has_reason("RefNotPermitted"))
    assert registry.holders(model, "Production") == []
    allow(served, registry, {"from": "All"})
    guest.ready("modelpromotion", "fraud")
    allow(served, registry, {"from": "Same"})
    guest.until("modelpromotion", "fraud", has_reason("RefNotPermitted"))
    promote(guest, served, model, 8)
    refused = guest.until("modelpromotion", "fraud", has_reason("RefNotPermitted"))
    assert refused["status"]["currentVersion"] == "7"
    served.promote("own", model, 6)
    served.ready("modelpromotion", "own")
    allow(served, registry, {"from": "All"})
    guest.until("modelpromotion", "fraud", has_reason("Conflict"))
    assert registry.holders(model, "Production") == ["6"]


def test_the_answer_is_the_same_where_there_is_no_server(served: Team, guest: Team, model: str) -> None:
    """Nobody finds out what runs elsewhere by asking for it."""
    said = []
    for name in ("mlflow", "nobody"):
        promote(guest, served, model, 7, name)
        refused = guest.until("modelpromotion", "fraud", has_reason("RefNotPermitted"))
        said.append([c["message"].replace(name, "…") for c in refused["status"]["conditions"]])
        guest.delete("modelpromotion", "fraud")
    assert said[0] == said[1]


def test_a_label_of_the_namespace_is_a_grant(
    served: Team, guest: Team, registry: Registry, model: str, installed: ControlPlane
) -> None:
    """It is noticed when it comes and when it goes, under the rights that the chart gives."""
    allow(served, registry, SELECTED)
    promote(guest, served, model, 7)
    guest.until("modelpromotion", "fraud", has_reason("RefNotPermitted"))
    installed.kubectl("label", "namespace", guest.namespace, "promotes=true")
    guest.ready("modelpromotion", "fraud")
    installed.kubectl("label", "namespace", guest.namespace, "promotes-")
    guest.until("modelpromotion", "fraud", has_reason("RefNotPermitted"))
    assert registry.holders(model, "Production") == ["7"]


def test_the_server_it_refers_to_cannot_be_changed(served: Team, guest: Team, model: str) -> None:
    """Neither can its namespace; the claim is the one that it is."""
    promote(guest, served, model, 7)
    with pytest.raises(ClusterError, match="serverRef cannot be changed"):
        guest.promote("fraud", model, 7)


def test_with_a_role_in_each_namespace_their_labels_can_be_read(installed: ControlPlane, guest: Team) -> None:
    """A Namespace is in itself, as far as rights go: an installation for single namespaces needs no ClusterRole."""
    user = ("--as", "reader")
    installed.kubectl("-n", guest.namespace, "create", "role", "reads", "--resource=namespaces", "--verb=get")
    installed.kubectl("-n", guest.namespace, "create", "rolebinding", "reads", "--role=reads", "--user=reader")
    assert installed.kubectl("get", "namespace", guest.namespace, "-o", "name", *user).strip()
    with pytest.raises(ClusterError, match="cannot get resource"):
        installed.kubectl("get", "namespace", "default", "-o", "name", *user)


def test_a_claim_on_another_namespace_and_its_condition_agree(
    served: Team, guest: Team, registry: Registry, model: str
) -> None:
    """Two namespaces meet at one slot: the guest learns of a claim, and not of whose."""
    allow(served, registry, {"from": "All"})
    served.promote("own", model, 6)
    served.ready("modelpromotion", "own")
    promote(guest, served, model, 7)
    message = condition(guest.until("modelpromotion", "fraud", has_reason("Conflict")), "ConflictFree")["message"]
    assert served.namespace not in message
