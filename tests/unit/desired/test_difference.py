import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_operator import desired
from unit.desired.servers import EXISTING, MANAGED, SQLITE, inputs, prepared, server

KEYED = {"containers": "name", "env": "name", "volumes": "name", "volumeMounts": "mountPath", "ownerReferences": "uid"}
OBJECTS = [
    o
    for spec in (MANAGED, EXISTING, SQLITE)
    for built in (desired.build(server(spec), inputs(server(spec))), prepared(server(spec)))
    for o in built.objects
]
WORDS = st.text("abcxyz", min_size=1, max_size=4)


def container_of(**fields: Any) -> dict[str, Any]:
    """A pod with one container."""
    return {"containers": [{"name": "a", **fields}]}


@pytest.mark.parametrize(
    ("wanted", "live"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": {}}, {}),
        ({"a": []}, {}),
        ({"a": None}, {}),
        ({"a": None}, {"a": 1}),
        ({"a": {"b": {}}}, {"a": None}),
        ({"a": ""}, {}),
        ({"a": False}, {}),
        ({"a": 0}, {}),
        ({"resources": {"limits": {"cpu": "0.5"}}}, {"resources": {"limits": {"cpu": "500m"}}}),
        ({"resources": {"requests": {"memory": "1024Mi"}}}, {"resources": {"requests": {"memory": "1Gi"}}}),
        ({"requests": {"cpu": 1}}, {"requests": {"cpu": "1"}}),
        ({"requests": {"cpu": "1e3"}}, {"requests": {"cpu": "1k"}}),
        ({"emptyDir": {"sizeLimit": "1024Ki"}}, {"emptyDir": {"sizeLimit": "1Mi"}}),
        (container_of(), {"containers": [{"name": "sidecar"}, {"name": "a", "image": "x"}]}),
        ({"ports": [{"port": 80}]}, {"ports": [{"port": 80, "nodePort": 30000}]}),
        (
            {"ports": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]},
            {"ports": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP", "nodePort": 30000}]},
        ),
        ({"args": ["a", "b"]}, {"args": ["a", "b"]}),
        ({"tolerations": [{"key": "k"}]}, {"tolerations": [{"key": "k", "operator": "Equal"}]}),
    ],
    ids=str,
)
def test_same(wanted: Any, live: Any) -> None:
    """What others added, what is empty, and how a quantity is written make no difference."""
    assert not desired.differs(wanted, live)


@pytest.mark.parametrize(
    ("wanted", "live"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {}),
        ({"a": 1}, {"a": "1"}),
        ({"a": True}, {"a": 1}),
        ({"a": False}, {"a": True}),
        ({"a": 0}, {"a": 3}),
        ({"a": ""}, {"a": "b"}),
        ({"a": {"b": 1}}, {"a": "b"}),
        ({"a": {"b": 1}}, {}),
        ({"args": ["a", "b"]}, {"args": ["b", "a"]}),
        ({"args": ["a"]}, {"args": ["a", "b"]}),
        ({"args": ["a"]}, {"args": "a"}),
        ({"resources": {"limits": {"cpu": "0.5"}}}, {"resources": {"limits": {"cpu": "501m"}}}),
        ({"requests": {"cpu": "1"}}, {"requests": {}}),
        ({"requests": {"cpu": "much"}}, {"requests": {"cpu": "1"}}),
        ({"value": "0.5"}, {"value": "500m"}),
        (container_of(image="x"), {"containers": [{"name": "a", "image": "y"}]}),
        (container_of(), {"containers": [{"name": "b"}]}),
        ({"tolerations": [{"key": "k"}]}, {"tolerations": [{"key": "k"}, {"key": "l"}]}),
        ({"rules": [{"name": "a"}]}, {"rules": [{"name": "b"}]}),
    ],
    ids=str,
)
def test_different(wanted: Any, live: Any) -> None:
    """What is missing, changed, or of another type does; a list without a key belongs to one writer."""
    assert desired.differs(wanted, live)


def with_additions(value: Any, draw: st.DataObject, field: str = "") -> Any:
    """The value after others wrote to it: more fields, more items of keyed lists, in another order."""
    if isinstance(value, dict):
        extra = draw.draw(st.dictionaries(WORDS.map("foreign-".__add__), st.integers(), max_size=2))
        return extra | {k: with_additions(v, draw, k) for k, v in value.items()}
    if isinstance(value, list):
        items = [with_additions(item, draw) for item in value]
        if (key := KEYED.get(field)) is None:
            return items
        extra_names = draw.draw(st.lists(WORDS.map("foreign-".__add__), max_size=2, unique=True))
        return draw.draw(st.permutations(items + [{key: name} for name in extra_names]))
    return value


@given(st.sampled_from(OBJECTS), st.data())
def test_an_object_never_differs_from_itself_plus_what_others_added(obj: dict[str, Any], data: st.DataObject) -> None:
    """So the operator never writes against another writer."""
    assert not desired.differs(obj, with_additions(obj, data))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all scalars."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(part, (*path, key))
    else:
        yield path


@given(st.sampled_from(OBJECTS), st.data())
def test_any_changed_or_removed_value_is_seen(obj: dict[str, Any], data: st.DataObject) -> None:
    """So an edited child is put back."""
    path = data.draw(st.sampled_from(list(leaves(obj))))
    changed = copy.deepcopy(obj)
    place = changed
    for key in path[:-1]:
        place = place[key]
    before = place[path[-1]]
    place[path[-1]] = (
        (not before) if isinstance(before, bool) else f"{before}x" if isinstance(before, str) else before + 1
    )
    assert desired.differs(obj, changed)
    if isinstance(place, dict) and before:
        del place[path[-1]]
        assert desired.differs(obj, changed)


def test_a_field_that_is_no_longer_wanted_is_seen() -> None:
    """By the annotation, since a subset alone would not tell."""
    labelled = server(EXISTING | {"podLabels": {"a": "b"}})
    plain = server(EXISTING)
    live = {o["kind"]: o for o in prepared(labelled).objects}
    wanted = {o["kind"]: o for o in prepared(plain).objects}
    assert desired.differs(wanted["Deployment"], live["Deployment"])
    assert not desired.differs(wanted["Service"], live["Service"])


def claim(size: str) -> dict[str, Any]:
    """A PersistentVolumeClaim of a size."""
    return {"kind": "PersistentVolumeClaim", "spec": {"resources": {"requests": {"storage": size}}}}


@pytest.mark.parametrize(
    ("wanted", "live", "applied"),
    [
        ("5Gi", "5Gi", "5Gi"),
        ("5Gi", "20Gi", "20Gi"),
        ("30Gi", "20Gi", "30Gi"),
        ("5Gi", "5120Mi", "5Gi"),
        ("1000", "1Ki", "1Ki"),
        ("5Gi", "what is this", "5Gi"),
    ],
)
def test_the_size_of_a_claim_is_a_minimum(wanted: str, live: str, applied: str) -> None:
    """What grew from outside is neither a difference nor put back."""
    assert desired.fitted(claim(wanted), claim(live)) == claim(applied)


def test_only_claims_are_fitted() -> None:
    """Everything else is wanted as it is written."""
    service = {"kind": "Service", "spec": {}}
    assert desired.fitted(service, {"kind": "Service", "spec": {"x": 1}}) is service
