"""A policy that would not do what it seems to say is refused by the API server, with what to write instead."""

import json
from typing import Any

import pytest

from cluster.host.errors import ClusterError
from cluster.plane.control_plane import ControlPlane
from mlflow_operator.api.schema import API_VERSION

pytestmark = pytest.mark.integration

AUC = {"name": "auc", "metric": "val_auc", "min": 0.9}
ASKS = {"requires": {"signature": True}}
HOOK = {"name": "cab", "type": "Confirm", "url": "https://cab.example.com"}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing is asked": ({"governs": {"models": ["a"]}}, "a policy that asks for nothing governs nothing"),
    "a name that no model has": ({"governs": {"models": ["team/fraud"]}, **ASKS}, "spec.governs.models[0]"),
    "a name twice": ({"governs": {"models": ["a", "a"]}, **ASKS}, "Duplicate value"),
    "a slot that is none": ({"governs": {"slots": [{}]}, **ASKS}, "set exactly one of stage and alias"),
    "a stage and an alias": (
        {"governs": {"slots": [{"stage": "Staging", "alias": "a"}]}, **ASKS},
        "set exactly one of stage and alias",
    ),
    "an empty selector": ({"governs": {"namespaces": {}}, **ASKS}, "an empty selector would be of all namespaces"),
    "a server without its namespace": ({"governs": {"servers": [{"name": "mlflow"}]}, **ASKS}, "namespace: Required"),
    "a metric without bounds": (
        {"gates": {"metrics": [{"name": "auc", "metric": "val_auc"}]}},
        "a metric needs a bound: write min, max or both",
    ),
    "a pod": ({"gates": {"jobs": []}}, 'unknown field "spec.gates.jobs"'),
    "what a pod reports": (
        {"gates": {"metrics": [AUC | {"source": "Job", "job": "fairness"}]}},
        "jobs are a claim's own: their pods run in its namespace",
    ),
    "a webhook with a Secret": (
        {"gates": {"webhooks": [HOOK | {"secretRef": {"name": "cab"}}]}},
        "a policy has no namespace, and so no Secret that its messages could be signed with; leave secretRef out",
    ),
    "a webhook that is told": (
        {"gates": {"webhooks": [HOOK | {"type": "Post"}]}},
        "a policy asks, and tells nobody anything: write type: Confirm, or the webhook into the claims",
    ),
    "a gate that cannot be skipped": ({**ASKS, "rollback": {"skipGates": ["signature"]}}, "Unsupported value"),
    "a field that is none": ({**ASKS, "minimumGates": {}}, 'unknown field "spec.minimumGates"'),
}
ACCEPTED: dict[str, dict[str, Any]] = {
    "of everything": ASKS,
    "all of it": {
        "governs": {
            "models": ["fraud-*", "?"],
            "slots": [{"stage": "Production"}, {"alias": "champion"}],
            "namespaces": {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["a"]}]},
            "servers": [{"name": "mlflow", "namespace": "platform"}],
        },
        **ASKS,
        "gates": {
            "metrics": [AUC],
            "webhooks": [HOOK],
            "windows": {"deny": [{"cron": "0 0 24 DEC *", "duration": "48h"}]},
        },
        "rollback": {"skipGates": ["metrics", "comparisons", "windows"]},
    },
}


def created(plane: ControlPlane, spec: dict[str, Any]) -> str:
    """What kubectl says when the policy is created, by a dry run."""
    body = {"apiVersion": API_VERSION, "kind": "PromotionPolicy", "metadata": {"name": "x"}, "spec": spec}
    words = ("create", "--dry-run=server", "--validate=strict", "-f", "-")
    return plane.kubectl(*words, text=json.dumps(body))


@pytest.mark.parametrize(("spec", "message"), REFUSED.values(), ids=REFUSED)
def test_a_bad_policy_is_refused(installed: ControlPlane, spec: dict[str, Any], message: str) -> None:
    """The sentence says what is wrong."""
    with pytest.raises(ClusterError) as refused:
        created(installed, spec)
    assert message in str(refused.value)


@pytest.mark.parametrize("spec", ACCEPTED.values(), ids=ACCEPTED)
def test_a_good_policy_is_accepted(installed: ControlPlane, spec: dict[str, Any]) -> None:
    """No rule is stricter than it means to be."""
    assert "created (server dry run)" in created(installed, spec)
