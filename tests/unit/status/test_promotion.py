"""What users, kstatus and kubectl read of a claim."""

from typing import Any

import pytest

from mlflow_operator.api.modelpromotion import ModelPromotionStatus
from mlflow_operator.errors import RegistryUnavailable, Terminal, Waiting
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import Snapshot
from mlflow_operator.status.promotion import compute, compute_failed

from ..promotion.claims import LATER, NOW, claim, promoted, registry
from ..promotion.test_decision import SETTLED


def true(status: ModelPromotionStatus) -> set[str]:
    """The conditions that hold, but for the one that nothing here disturbs."""
    return {c.type for c in status.conditions if c.status == "True"} - {"ConflictFree"}


STATES: dict[str, tuple[dict[str, Any], Snapshot, str, set[str]]] = {
    "promoting": ({}, registry(v7="None"), "Promoting", {"Reconciling", "VersionResolved", "RequirementsMet"}),
    "waiting": ({}, registry(), "Waiting", {"Reconciling"}),
    "refused": (
        {"requires": {"signature": True}},
        registry(v7="None"),
        "Refused",
        {"Stalled", "VersionResolved"},
    ),
    "dry run": ({"dryRun": True}, registry(v7="None"), "DryRun", {"Ready", "VersionResolved", "RequirementsMet"}),
    "suspended": ({"suspend": True}, registry(v7="None"), "Suspended", {"Suspended", "Reconciling", "VersionResolved"}),
}


@pytest.mark.parametrize(("spec", "snapshot", "phase", "holding"), STATES.values(), ids=STATES)
def test_states(spec: dict[str, Any], snapshot: Snapshot, phase: str, holding: set[str]) -> None:
    """Every state has its phase and its conditions; Reconciling and Stalled are never both true."""
    made = claim(**spec)
    status = compute(made, snapshot, decide(made, snapshot, NOW), NOW)
    assert (status.phase, true(status)) == (phase, holding)
    assert status.observed_generation == 3
    assert all(c.observed_generation == 3 for c in status.conditions)


def test_a_promoted_claim_is_ready() -> None:
    """Ready, with the version that holds the slot, the one before it, and the URI to load it with."""
    assert true(SETTLED) == {"Ready", "VersionResolved", "RequirementsMet", "Promoted", "InSync"}
    assert (SETTLED.current_version, SETTLED.previous_version, SETTLED.holders) == ("7", "6", ["7"])
    assert SETTLED.model_uri == "models:/fraud/7"
    assert SETTLED.plan is None
    assert [(a.from_version, a.to_version) for a in SETTLED.history] == [("6", "7")]


def test_drift_is_stalled_and_says_what_would_put_it_back() -> None:
    """A failure for kstatus; the holder is the one that MLflow has, and the plan leads back."""
    drifted = registry(v7="Archived", v8="Production")
    status = compute(claim(SETTLED), drifted, decide(claim(SETTLED), drifted, LATER), LATER)
    assert true(status) == {"Stalled", "VersionResolved", "RequirementsMet", "Promoted"}
    assert (status.phase, status.current_version, status.previous_version) == ("Drifted", "8", "6")
    assert status.plan is not None
    assert [m.version for m in status.plan.moves] == ["7", "8"]


def test_an_unchanged_world_changes_nothing() -> None:
    """The same look later is the same status, so it is not written."""
    held = registry(v6="Archived", v7="Production")
    assert compute(claim(SETTLED), held, decide(claim(SETTLED), held, LATER), LATER) == SETTLED


@pytest.mark.parametrize(
    ("error", "phase", "ready", "extra"),
    [
        (Waiting("ServerNotReady", "not yet"), "Waiting", "False", "Reconciling"),
        (Terminal("Refused", "no"), "Failed", "False", "Stalled"),
        (RegistryUnavailable("RegistryUnavailable", "no answer"), "Waiting", "Unknown", "Reconciling"),
        (KeyError("s3cret"), "Waiting", "False", "Reconciling"),
    ],
)
def test_a_failed_look_keeps_the_last_known_facts(error: Exception, phase: str, ready: str, extra: str) -> None:
    """The status never says that nothing is there because it could not look; nor what an exception holds."""
    status = compute_failed(claim(SETTLED), error, LATER)
    conditions = {c.type: c.status for c in status.conditions}
    assert (status.phase, conditions["Ready"], conditions[extra]) == (phase, ready, "True")
    assert (status.current_version, status.history, conditions["InSync"]) == ("7", SETTLED.history, "True")
    assert "s3cret" not in status.model_dump_json()


def test_the_history_is_bounded() -> None:
    """status.history keeps historyLimit attempts, newest first."""
    status: ModelPromotionStatus | None = None
    for version in range(1, 9):
        made = claim(status, version=version, historyLimit=3)
        name = f"v{version}"
        status = promoted(made, registry(None, **{name: "None"}), registry(None, **{name: "Production"}))
    assert status is not None
    assert [a.to_version for a in status.history] == ["8", "7", "6"]
