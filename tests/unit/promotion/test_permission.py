"""Which namespaces a server takes claims of."""

from typing import Any

import pytest

from mlflow_operator.api.server.promotions import AllowedNamespaces
from mlflow_operator.promotion.permission import is_allowed

LABELS = {"team": "risk", "tier": "gold"}


def selector(*expressions: dict[str, Any], **labels: str) -> dict[str, Any]:
    """A selector, as it is written."""
    return {"from": "Selector", "selector": {"matchLabels": labels, "matchExpressions": list(expressions)}}


def where(key: str, operator: str, *values: str) -> dict[str, Any]:
    """One expression."""
    return {"key": key, "operator": operator, "values": list(values)}


CASES: dict[str, tuple[dict[str, Any], bool]] = {
    "nothing said": ({}, False),
    "its own": ({"from": "Same"}, False),
    "all": ({"from": "All"}, True),
    "a label": (selector(team="risk"), True),
    "another value": (selector(team="fraud"), False),
    "one of two labels": (selector(team="risk", stage="live"), False),
    "one of the values": (selector(where("team", "In", "fraud", "risk")), True),
    "none of the values": (selector(where("team", "In", "fraud")), False),
    "not one of the values": (selector(where("team", "NotIn", "fraud")), True),
    "a label that is not there is not one of them": (selector(where("stage", "NotIn", "live")), True),
    "one of those that are not to be": (selector(where("team", "NotIn", "risk")), False),
    "there": (selector(where("tier", "Exists")), True),
    "not there": (selector(where("stage", "Exists")), False),
    "absent": (selector(where("stage", "DoesNotExist")), True),
    "not absent": (selector(where("tier", "DoesNotExist")), False),
    "all of it": (selector(where("tier", "Exists"), team="fraud"), False),
}


@pytest.mark.parametrize(("written", "allowed"), CASES.values(), ids=CASES)
def test_who_is_allowed(written: dict[str, Any], allowed: bool) -> None:
    """As Kubernetes reads selectors; by default nobody else is."""
    assert is_allowed(AllowedNamespaces.model_validate(written), LABELS) is allowed


def test_labels_that_nobody_knows_yet_decide_nothing() -> None:
    """They have to be read first, and only where they matter."""
    assert is_allowed(AllowedNamespaces.model_validate(selector(team="risk")), None) is None
    assert is_allowed(AllowedNamespaces.model_validate({"from": "All"}), None) is True
    assert is_allowed(AllowedNamespaces(), None) is False
