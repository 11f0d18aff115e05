"""Who takes turns, and how many of the workers one MLflow or one team gets."""

from typing import Any

import pytest

from mlflow_operator.config import Settings
from mlflow_operator.engine.lanes import Lane
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Store
from mlflow_operator.reconcile.lanes import lanes_of
from mlflow_operator.reconcile.objects import INDEXES, MODEL, PROMOTION, REGISTRY, SERVER, said

URL = "https://mlflow.test/prefix"


def store(url: str = URL, **more: str) -> Store:
    """Teams with a server and a claim each, by namespace the server's URL."""
    found = Store(INDEXES, said)
    for namespace, at in ({"team": url} | more).items():
        found.put(SERVER, thing(namespace, "mlflow", {"external": {"url": at}}))
        spec = {"serverRef": {"name": "mlflow"}, "model": "fraud", "target": {"stage": "Production"}, "version": 7}
        found.put(PROMOTION, thing(namespace, "fraud", spec))
    return found


def thing(namespace: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """An object of the API server."""
    return {"metadata": {"namespace": namespace, "name": name, "resourceVersion": "1"}, "spec": spec}


def lanes(of: Store, kind: str, namespace: str = "team", workers: int = 16) -> tuple[Lane, ...]:
    """The lanes of a key of a kind."""
    name, model = ("fraud", "") if kind == PROMOTION else ("mlflow", "fraud" if kind == MODEL else "")
    return lanes_of(of, Settings(workers=workers))(Key(kind, namespace, name, model))


@pytest.mark.parametrize(
    ("kind", "rooms"), [(PROMOTION, [1, 4, 8]), (MODEL, [1, 4, 8]), (SERVER, [4, 8]), (REGISTRY, [4, 8])]
)
def test_each_key_has_its_lanes_the_narrowest_first(kind: str, rooms: list[int]) -> None:
    """A model has one pass at a time, an MLflow a quarter of the workers, a team half of them."""
    assert [room for _, room in lanes(store(), kind)] == rooms


def test_a_claim_and_the_look_at_its_model_take_turns() -> None:
    """MLflow has no compare-and-swap: nothing is written while somebody reads what follows from it."""
    assert lanes(store(), PROMOTION) == lanes(store(), MODEL)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (URL, True),
        ("https://MLflow.test:443/prefix/", True),
        ("https://mlflow.test/", False),
        ("http://mlflow.test/prefix", False),
    ],
)
def test_two_servers_with_one_url_are_one_mlflow(other: str, same: bool) -> None:
    """Two teams that promote a model of the same registry take turns, however they spell its URL."""
    found = store(team=URL, other=other)
    (model, mlflow, tenant), (model_, mlflow_, tenant_) = (lanes(found, PROMOTION, ns) for ns in ("team", "other"))
    assert ((model == model_), (mlflow == mlflow_)) == (same, same)
    assert tenant != tenant_


def test_two_workspaces_are_two_registries_of_one_mlflow() -> None:
    """The same name is another model there; that the server is slow is the same for both."""
    found, other = store(), store()
    changed = thing("team", "mlflow", {"external": {"url": URL, "workspace": "team-a"}})
    changed["metadata"]["resourceVersion"] = "2"
    found.put(SERVER, changed)
    mine, theirs = lanes(found, PROMOTION), lanes(other, PROMOTION)
    assert mine[0] != theirs[0]
    assert mine[1:] == theirs[1:]


def test_a_single_worker_has_room_for_everybody() -> None:
    """A share is never nothing."""
    assert {room for _, room in lanes(store(), PROMOTION, workers=1)} == {1}


def test_the_lanes_follow_the_url() -> None:
    """A server that moves is another MLflow from then on."""
    found = store()
    route = lanes_of(found, Settings())
    key = Key(SERVER, "team", "mlflow")
    before = route(key)
    moved = thing("team", "mlflow", {"external": {"url": "http://moved.test"}})
    moved["metadata"]["resourceVersion"] = "2"
    found.put(SERVER, moved)
    assert route(key) != before


@pytest.mark.parametrize(
    "spec", [None, {"external": {"url": "nonsense"}}, {"backendStore": 3}], ids=["none", "url", "spec"]
)
def test_a_server_that_nobody_can_read_is_a_lane_of_its_own(spec: dict[str, Any] | None) -> None:
    """Its passes end soon, with what is wrong with it."""
    found = Store(INDEXES, said)
    if spec is not None:
        found.put(SERVER, thing("team", "mlflow", spec))
    (at, room), _ = lanes(found, SERVER)
    assert (at, room) == (("mlflow", Key(SERVER, "team", "mlflow")), 4)


def test_a_claim_that_is_gone_needs_its_team_only() -> None:
    """The pass over it asks nobody."""
    assert lanes(Store(INDEXES, said), PROMOTION) == ((("namespace", "team"), 8),)


def test_a_guest_takes_turns_with_the_servers_own_claims() -> None:
    """A claim of another namespace is on the same model, and has its own team's share of the workers."""
    found = store()
    at = {"name": "mlflow", "namespace": "team"}
    spec = {"serverRef": at, "model": "fraud", "target": {"stage": "Production"}, "version": 7}
    found.put(PROMOTION, thing("guest", "fraud", spec))
    own, guest = lanes(found, PROMOTION), lanes(found, PROMOTION, "guest")
    assert guest[:-1] == own[:-1]
    assert guest[-1] == (("namespace", "guest"), 8)


@pytest.mark.parametrize("spelling", ["http://mlflow.ml", "http://mlflow.ml.svc:80"])
def test_a_service_by_a_shorter_name_is_the_same_mlflow(spelling: str) -> None:
    """Two teams that reach one Service by two of its names take turns."""
    found = store(team="http://mlflow.ml.svc.cluster.local", other=spelling)
    assert lanes(found, PROMOTION)[:-1] == lanes(found, PROMOTION, "other")[:-1]
