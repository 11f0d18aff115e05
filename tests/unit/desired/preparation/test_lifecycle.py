"""The server's rule in the lifecycle of a bucket, at a store that does what some do."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from mlflow_operator.desired.preparation.program.lifecycle import apply
from mlflow_operator.desired.preparation.program.patience import Hopeless, Passing

Rule = dict[str, Any]

OWN: Rule = {
    "ID": "own",
    "Status": "Enabled",
    "Filter": {"Prefix": "a/"},
    "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 90, "StorageClass": "GLACIER_IR"}],
}
THEIRS: Rule = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "b/"}, "Expiration": {"Days": 3}}
OF_OLD: Rule = {"ID": "of-old", "Status": "Enabled", "Prefix": "c/", "Expiration": {"Days": 3}}


class Answer(Exception):
    """A refusal of S3, as botocore raises it."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(f"An error occurred ({code})")
        self.response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}


class Store:
    """A bucket's lifecycle; ``keeping`` is what becomes of rules that are put."""

    def __init__(self, *rules: Rule, keeping: Callable[[list[Rule]], list[Rule]] = list, **beside: str) -> None:
        self.rules = list(rules)
        self.beside = beside
        self.writes = 0
        self._keeping = keeping

    def get_bucket_lifecycle_configuration(self, **_: Any) -> dict[str, Any]:
        """The lifecycle, or that there is none."""
        if not self.rules:
            raise Answer("NoSuchLifecycleConfiguration", 404)
        return {"Rules": copy.deepcopy(self.rules), "ResponseMetadata": {}, **self.beside}

    def put_bucket_lifecycle_configuration(self, **wanted: Any) -> None:
        """Replace it."""
        self.writes += 1
        self.rules = self._keeping(wanted["LifecycleConfiguration"]["Rules"])
        self.beside = {name: wanted[name] for name in wanted.keys() - {"Bucket", "LifecycleConfiguration"}}

    def delete_bucket_lifecycle(self, **_: Any) -> None:
        """Remove it."""
        self.writes += 1
        self.rules = []


def test_a_rule_that_is_there_is_not_written_again() -> None:
    """Its parts may come in another order, and each preparation looks."""
    turned = OWN | {"Transitions": [dict(reversed(move.items())) for move in reversed(OWN["Transitions"])]}
    store = Store(THEIRS, turned)
    assert apply(store, "bucket", OWN) == "its lifecycle has the rule own"
    assert apply(Store(THEIRS), "bucket", {"ID": "own"}) == "its lifecycle has no rule own"
    assert store.writes == 0


def test_all_that_others_have_set_is_put_again() -> None:
    """Their rules, in the one way that S3 takes beside ours, and what is said of all rules."""
    store = Store(OF_OLD, THEIRS, OWN | {"Status": "Disabled"}, TransitionDefaultMinimumObjectSize="varies")
    apply(store, "bucket", OWN)
    moved = {"ID": "of-old", "Status": "Enabled", "Expiration": {"Days": 3}, "Filter": {"Prefix": "c/"}}
    assert store.rules == [moved, THEIRS, OWN]
    assert store.beside == {"TransitionDefaultMinimumObjectSize": "varies"}


def test_the_last_rule_goes_with_the_lifecycle() -> None:
    """S3 takes no lifecycle without a rule."""
    store = Store(OWN)
    assert apply(store, "bucket", {"ID": "own"}) == "its lifecycle has no rule own"
    assert (store.rules, store.writes) == ([], 1)


@pytest.mark.parametrize(
    ("keeping", "named"),
    [
        (lambda rules: [], "Filter, ID, Status, Transitions"),
        (lambda rules: [rules[0], rules[1] | {"Status": "Disabled"}], "another Status"),
        (lambda rules: [rules[0], {k: v for k, v in rules[1].items() if k != "Transitions"}], "another Transitions"),
        (lambda rules: [rules[1]], "rules of others in the lifecycle of bucket are not as they were: theirs"),
        (lambda rules: [rules[0] | {"Expiration": {"Days": 1}}, rules[1]], "not as they were: theirs"),
    ],
)
def test_a_store_that_keeps_another_lifecycle_is_told_of(keeping: Any, named: str) -> None:
    """One that ignores rules, or changes them, its own or those of others."""
    with pytest.raises(Hopeless) as found:
        apply(Store(THEIRS, keeping=keeping), "bucket", OWN)
    assert found.value.reason == "LifecycleDiffers"
    assert named in found.value.message


class Refusing(Store):
    """A store that answers in another way than it should."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def put_bucket_lifecycle_configuration(self, **_: Any) -> None:
        """Raise it."""
        raise self._error


@pytest.mark.parametrize(
    ("error", "kind", "reason", "advice"),
    [
        (Answer("AccessDenied", 403), Hopeless, "LifecycleRefused", "grant s3:GetLifecycleConfiguration"),
        (Answer("MalformedXML", 400), Hopeless, "LifecycleRefused", "leave out of s3.lifecycle"),
        (Answer("NotImplemented", 501), Hopeless, "LifecycleRefused", "leave out of s3.lifecycle"),
        (Answer("SlowDown", 503), Passing, "StoreUnreachable", "SlowDown"),
    ],
)
def test_a_store_that_takes_no_rule_is_told_of(error: Exception, kind: type, reason: str, advice: str) -> None:
    """Only what may pass is waited for."""
    with pytest.raises(kind) as found:
        apply(Refusing(error), "bucket", OWN)
    assert found.value.reason == reason  # type: ignore[attr-defined]
    assert advice in str(found.value)
