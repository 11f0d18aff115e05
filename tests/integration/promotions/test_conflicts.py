"""Claims on one slot, as teams write them that do not know of each other: one of them writes."""

import uuid
from collections.abc import Iterator

import pytest

from cluster.plane.control_plane import ControlPlane
from cluster.services.operator_process import OperatorProcess
from cluster.services.registry import Registry
from cluster.services.team import Team, condition, has_reason

pytestmark = pytest.mark.integration


@pytest.fixture
def neighbour(installed: ControlPlane) -> Iterator[Team]:
    """Another team, in a namespace of its own."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    installed.kubectl("create", "namespace", name)
    yield Team(installed, name)
    installed.kubectl("delete", "namespace", name, "--wait=false")


def test_the_second_claim_waits_and_goes_on_when_the_first_is_deleted(
    served: Team, registry: Registry, model: str
) -> None:
    """Named in the same namespace; what is in the slot stays until the second moves it."""
    served.promote("first", model, 7)
    served.ready("modelpromotion", "first")
    served.promote("second", model, 8)
    second = served.until("modelpromotion", "second", has_reason("Conflict"))
    assert "ModelPromotion first has stage/Production" in condition(second, "Ready")["message"]
    assert [condition(second, t).get("status") for t in ("Stalled", "ConflictFree")] == ["True", "False"]
    assert registry.holders(model, "Production") == ["7"]
    served.delete("modelpromotion", "first")
    served.ready("modelpromotion", "second")
    assert registry.holders(model, "Production") == ["8"]


def test_a_mirror_alias_is_claimed_too(served: Team, registry: Registry, model: str) -> None:
    """A claim on the alias does not pull it away from the stage."""
    served.promote("stage", model, 7, target={"stage": "Production", "mirrorAlias": "champion"})
    served.ready("modelpromotion", "stage")
    served.promote("alias", model, 8, target={"alias": "champion"})
    served.until("modelpromotion", "alias", has_reason("Conflict"))
    served.promote("elsewhere", model, 8, target={"alias": "challenger"})
    served.ready("modelpromotion", "elsewhere")


def test_teams_with_a_server_each_meet_at_one_registry(
    served: Team, neighbour: Team, registry: Registry, model: str, operator: OperatorProcess
) -> None:
    """Whatever their servers are called; neither learns what the other's claim is called, nor where it is."""
    neighbour.external_server(f"{registry.url}/", name="ours")
    served.promote("held", model, 7)
    served.ready("modelpromotion", "held")
    neighbour.promote("wanted", model, 8, serverRef={"name": "ours"})
    message = condition(neighbour.until("modelpromotion", "wanted", has_reason("Conflict")), "Ready")["message"]
    assert message.startswith("another claim, of another namespace, has stage/Production")
    assert not [word for word in (served.namespace, "held") if word in message]
    operator.kill()
    operator.start()
    served.delete("modelpromotion", "held")
    neighbour.ready("modelpromotion", "wanted")
    assert registry.holders(model, "Production") == ["8"]


def test_of_many_claims_applied_at_once_one_writes(served: Team, registry: Registry, model: str) -> None:
    """In one second, so that only the uid tells them apart: one is in the slot, and all others name it."""
    spec = {"serverRef": {"name": "mlflow"}, "model": model, "target": {"stage": "Production"}}
    names = [f"claim-{number}" for number in range(1, 7)]
    served.apply_all([served.object("ModelPromotion", n, spec | {"version": int(n[-1])}) for n in names])
    for name in names:
        served.until("modelpromotion", name, lambda o: condition(o, "Ready").get("reason") in ("Promoted", "Conflict"))
    reasons = {name: condition(served.get("modelpromotion", name), "Ready")["reason"] for name in names}
    (winner,) = [name for name, reason in reasons.items() if reason == "Promoted"]
    assert registry.holders(model, "Production") == [winner[-1]]
    assert {served.status("modelpromotion", n)["attempt"]["number"] for n in names if n == winner} == {1}
    assert not [n for n in names if n != winner and "attempt" in served.status("modelpromotion", n)]
