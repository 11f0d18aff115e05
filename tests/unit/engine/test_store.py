"""The store never goes back in time, and its indexes follow what it holds."""

import json
import tracemalloc
from typing import Any

import pytest

from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Change, Store, key_of
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.objects import INDEXES, MODEL, PROMOTION, SERVER, model_of, owner_of, said

FRAUD = Key(MODEL, "team", "mlflow", "fraud")
CHURN = Key(MODEL, "team", "mlflow", "churn")
OWNER = Key(SERVER, "team", "mlflow")
SECRET, OTHER = Key("Secret", "team", "s3"), Key("Secret", "team", "postgres")


def claim(
    version: int | str, *, name: str = "fraud", model: str = "fraud", uid: str = "a", **meta: Any
) -> dict[str, Any]:
    """A claim as the API server returns it."""
    metadata = {"name": name, "namespace": "team", "uid": uid, "resourceVersion": str(version), **meta}
    spec = {"serverRef": {"name": "mlflow"}, "model": model, "target": {"stage": "Production"}, "version": 7}
    return {"metadata": metadata, "spec": spec}


def child(version: int, *, owner: str = "mlflow", managed: bool = True) -> dict[str, Any]:
    """A Deployment of a server."""
    labels = {"app.kubernetes.io/managed-by": "mlflow-operator" if managed else "Helm"}
    references = [{"kind": SERVER, "name": owner, "uid": "u", "controller": True}]
    metadata = {"name": "web", "namespace": "team", "resourceVersion": str(version), "labels": labels}
    return {"metadata": {**metadata, "ownerReferences": references}}


def key(name: str = "fraud") -> Key:
    """The key of a claim."""
    return Key(PROMOTION, "team", name)


def version_of(store: Store, name: str = "fraud") -> str | None:
    """The resourceVersion that the store has."""
    obj = store.get(PROMOTION, "team", name)
    return obj["metadata"]["resourceVersion"] if obj else None


EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-01T00:00:07Z"


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (claim(5), claim(6), "6"),
        (claim(5), claim(5), "5"),
        (claim(6), claim(5), "6"),
        (claim(9), claim(10), "10"),  # numbers, not text
        (claim("x"), claim("a"), "a"),
        (claim("x"), claim("x"), "x"),
        (claim(5, uid="a"), claim(6, uid="b"), "6"),
        (claim(6, uid="b"), claim(5, uid="a"), "6"),
        (claim(6, uid="b", creationTimestamp=LATE), claim(7, uid="a", creationTimestamp=EARLY), "6"),
        (claim(6, uid="a", creationTimestamp=EARLY), claim(5, uid="b", creationTimestamp=LATE), "5"),
    ],
    ids=[
        "newer",
        "same",
        "older",
        "more digits",
        "versions that are no numbers",
        "same, no number",
        "its heir",
        "its predecessor",
        "what its predecessor became in the end",
        "an heir in an etcd that went back",
    ],
)
def test_an_older_copy_never_replaces_a_newer_one(first: dict[str, Any], second: dict[str, Any], kept: str) -> None:
    """Watches and answers to writes arrive in any order; a late copy of a predecessor is late too."""
    store = Store(INDEXES)
    assert store.put(PROMOTION, first) is Change.NEWS
    changed = store.put(PROMOTION, second) is not Change.NONE
    assert changed == (second["metadata"]["resourceVersion"] == kept and first != second)
    assert version_of(store) == kept


@pytest.mark.parametrize(
    ("last", "buried"),
    [
        (claim(6), True),
        (claim(5), True),
        (claim(4), False),
        (claim("x"), True),
        (claim(9, uid="predecessor"), False),
    ],
    ids=["its end", "as it is known", "an older copy", "a version that is no number", "another one's end"],
)
def test_a_deletion_buries_the_object_that_it_is_about(last: dict[str, Any], buried: bool) -> None:
    """A late deletion of its predecessor removes nothing of the heir."""
    store = Store(INDEXES)
    store.put(PROMOTION, claim(5))
    assert store.bury(PROMOTION, last) == buried
    assert (version_of(store) is None) == buried


def test_what_is_gone_is_not_brought_back_by_a_late_copy() -> None:
    """The watch of a deleted object, and that of its heir, are read one after the other in any order."""
    store = Store(INDEXES)
    store.bury(PROMOTION, claim(7))
    assert store.put(PROMOTION, claim(6)) is Change.NONE
    store.put(PROMOTION, claim(9, uid="heir"))
    store.bury(PROMOTION, claim(9, uid="heir"))
    assert store.put(PROMOTION, claim(8, uid="heir")) is Change.NONE
    assert version_of(store) is None


def test_what_comes_back_under_a_selector_is_there_again() -> None:
    """A label that somebody takes away ends an object for the watch; put back, it is the same object, and newer."""
    store = Store(INDEXES)
    store.put(PROMOTION, claim(5))
    store.bury(PROMOTION, claim(6))
    assert store.put(PROMOTION, claim(7)) is Change.NEWS


def test_a_list_is_the_truth_about_what_has_not_changed_since_it_was_asked_for() -> None:
    """An etcd that was restored from a backup has older versions, and objects that were deleted since."""
    store = Store(INDEXES)
    store.put(PROMOTION, claim(100))
    store.put(PROMOTION, claim(101, name="deleted", uid="b"))
    store.bury(PROMOTION, claim(102, name="deleted", uid="b"))
    asked = store.sequence
    assert store.learn(PROMOTION, claim(50, labels={"old": "yes"}), asked) is Change.NEWS
    assert store.learn(PROMOTION, claim(50, labels={"old": "yes"}), asked) is Change.NONE
    assert store.learn(PROMOTION, claim(51, name="deleted", uid="b"), asked) is Change.NEWS
    assert (version_of(store), version_of(store, "deleted")) == ("50", "51")
    assert store.put(PROMOTION, claim(52)) is not Change.NONE


def test_a_list_says_nothing_about_what_has_changed_since_it_was_asked_for() -> None:
    """A watch is faster than a list on its way."""
    store = Store(INDEXES)
    store.put(PROMOTION, claim(5))
    store.put(PROMOTION, claim(5, name="deleted", uid="b"))
    asked = store.sequence
    store.put(PROMOTION, claim(7))
    store.bury(PROMOTION, claim(8, name="deleted", uid="b"))
    store.put(PROMOTION, claim(9, name="created", uid="c"))
    for late in (claim(6), claim(5, name="deleted", uid="b")):
        assert store.learn(PROMOTION, late, asked) is Change.NONE
    assert store.missing(PROMOTION, None, asked, set()) == []
    assert {version_of(store), version_of(store, "deleted"), version_of(store, "created")} == {"7", None, "9"}


def test_a_list_of_one_namespace_says_nothing_about_another() -> None:
    """Where one namespace can be listed and another cannot, nothing of the other is taken for gone."""
    store = Store(INDEXES)
    store.put(PROMOTION, claim(5))
    assert store.missing(PROMOTION, "other", store.sequence, set()) == []
    assert store.missing(PROMOTION, "team", store.sequence, set()) == [key()]
    assert store.missing(PROMOTION, None, store.sequence, {key()}) == []


def test_what_is_long_gone_is_forgotten() -> None:
    """The uids of all objects that there have ever been are not kept."""
    store = Store(INDEXES)
    for number in range(9):
        store.bury(PROMOTION, claim(number, uid=str(number)))
    store.forget_gone(store.sequence - 1)
    assert len(store._gone) == 1


def test_five_thousand_claims_take_little_memory() -> None:
    """What is kept of a claim is a few kilobytes; as nested dictionaries it would be ten times as much."""
    status = {"conditions": [{"type": str(n), "status": "True", "message": "x" * 60} for n in range(6)]}
    tracemalloc.start()
    store = Store(INDEXES, said)
    for number in range(1000):
        obj = json.loads(json.dumps(claim(number, name=f"claim-{number}", uid=str(number), model=f"m{number}")))
        store.put(PROMOTION, {**obj, "status": json.loads(json.dumps(status))})
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert used / 1000 < 5000


def test_claims_are_found_by_model_and_by_server() -> None:
    """One look serves all claims on a model; a server that becomes ready wakes all of its claims."""
    store = Store(INDEXES)
    for made in (claim(1), claim(2, name="alias"), claim(3, name="churn", model="churn")):
        store.put(PROMOTION, made)
    assert objects.claims(store, FRAUD) == {key(), key("alias")}
    assert objects.claims_on(store, OWNER) == {key(), key("alias"), key("churn")}
    assert (
        objects.claims_on(store, OWNER._replace(namespace="other"))
        == objects.claims(store, CHURN._replace(namespace="other"))
        == set()
    )


def test_what_is_dropped_is_not_found_any_more() -> None:
    """The last claim on a model leaves nothing behind that would be polled."""
    store = Store(INDEXES)
    store.put(PROMOTION, claim(1))
    store.drop(key())
    store.drop(key())
    assert (version_of(store), objects.claims(store, FRAUD), objects.claims_on(store, OWNER)) == (None, set(), set())
    assert store.put(PROMOTION, claim(2, uid="b")) is Change.NEWS
    assert objects.claims(store, FRAUD) == {key()}


def test_a_claim_that_was_made_again_on_another_model_is_found_there_only() -> None:
    """A watch may skip the deletion in between: the heir replaces its predecessor in the indexes too."""
    store = Store(INDEXES)
    store.put(PROMOTION, claim(1))
    store.put(PROMOTION, claim(2, uid="b", model="churn"))
    assert (objects.claims(store, FRAUD), objects.claims(store, CHURN)) == (set(), {key()})
    store.drop(key())
    assert objects.claims_on(store, OWNER) == set()


def test_a_child_follows_its_owner() -> None:
    """A child that another server takes over is the other's."""
    store = Store(INDEXES)
    store.put("Deployment", child(1))
    assert [c["kind"] for c in objects.children(store, OWNER)] == ["Deployment"]
    store.put("Deployment", child(2, owner="other"))
    assert list(objects.children(store, OWNER)) == []
    assert len(list(objects.children(store, OWNER._replace(name="other")))) == 1
    store.drop(Key("Deployment", "team", "web"))
    assert list(objects.children(store, OWNER._replace(name="other"))) == []


def test_what_others_manage_belongs_to_nobody() -> None:
    """A label alone, or an owner alone, does not make a child."""
    assert owner_of("Deployment", child(1, managed=False)) is None
    assert owner_of("Deployment", child(1)) == OWNER
    assert owner_of(SERVER, child(1)) is None


def test_what_is_being_deleted_is_not_there() -> None:
    """An object whose deletion a finalizer holds up is neither served nor promoted."""
    store = Store(INDEXES)
    store.put(PROMOTION, claim(1, deletionTimestamp="2026-01-01T00:00:00Z"))
    assert objects.promotion(store, "team", "fraud") is None


def test_a_server_is_woken_by_what_it_refers_to_now() -> None:
    """References replace those before; a server that is gone is no user of anything, and leaves nothing behind."""
    store = Store(INDEXES)
    store.set_references(OWNER, {SECRET, OTHER})
    store.set_references(OWNER._replace(name="other"), {OTHER})
    store.set_references(OWNER, {OTHER})
    assert (store.users(SECRET), store.users(OTHER)) == (set(), {OWNER, OWNER._replace(name="other")})
    for name in ("mlflow", "other"):
        store.set_references(OWNER._replace(name=name), set())
    assert store.users(OTHER) == set()
    assert not store._users


@pytest.mark.parametrize("model", ['it\'s "new"', "Betrug: Köln", "a" * 256, "team.fraud v2"])
def test_models_have_names_of_any_kind(model: str) -> None:
    """What MLflow takes as a name is a key of its own."""
    made = claim(1, model=model)
    assert model_of(made) == Key(MODEL, "team", "mlflow", model)
    assert key_of(PROMOTION, made) == key()
    store = Store(INDEXES)
    store.put(PROMOTION, made)
    assert objects.claims(store, model_of(made)) == {key()}
