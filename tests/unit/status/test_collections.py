"""What users read of the collections of what they have deleted."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.garbage_collection import CollectionStatus
from mlflow_operator.status import collections
from unit.desired.servers import EXISTING, server
from unit.status.test_backups import NOW, job

REPORT: dict[str, Any] = {
    "ok": True,
    "dryRun": False,
    "runs": 12,
    "loggedModels": 3,
    "experiments": 1,
    "kept": 2,
    "bytes": 5000,
    "seconds": 7,
}
REFUSED = {"ok": False, "reason": "ArtifactsNotDeleted", "message": "s3://b: the store keeps what was deleted"}


def collecting(**more: Any) -> MLflowServer:
    """A server whose garbage is collected every night."""
    return server(EXISTING | {"garbageCollection": {"schedule": "0 4 * * *", **more}})


def after(message: str, ended: dict[str, Any], before: CollectionStatus | None = None) -> CollectionStatus:
    """The status when a Job has ended."""
    return collections.after(before or CollectionStatus(), ended, message)


DONE = after(json.dumps(REPORT), job())


def test_what_was_removed_is_told() -> None:
    """How much of what, and how much stays though it is old enough."""
    found = collections.answer(collecting(), DONE, NOW)
    assert (found.status, found.reason) == ("True", "Collected")
    assert "12 runs, 3 logged models and 1 experiments, 5000 bytes; 2 stay" in found.message
    assert DONE.last_successful is not None
    assert (DONE.last_successful.time, DONE.last_successful.seconds) == (NOW, 7)


def test_what_was_only_counted_is_not_said_to_be_removed() -> None:
    """A dry run says what would go."""
    found = collections.answer(collecting(dryRun=True), after(json.dumps(REPORT | {"dryRun": True}), job()), NOW)
    assert (found.status, found.reason) == ("True", "Counted")
    assert found.message.startswith("would remove 12 runs")


@pytest.mark.parametrize(
    ("message", "ended", "reason", "told"),
    [
        (json.dumps(REFUSED), job("Failed"), "ArtifactsNotDeleted", "the store keeps what was deleted"),
        ("Killed", job("Failed"), "CollectionFailed", "Killed"),
        ("", job("Failed", reason="DeadlineExceeded", message="too long"), "CollectionFailed", "DeadlineExceeded"),
        ("{}", job("Complete"), "CollectionFailed", "{}"),
        (json.dumps({"ok": True}), job("Complete"), "CollectionFailed", "ok"),
    ],
)
def test_one_that_failed_says_why(message: str, ended: dict[str, Any], reason: str, told: str) -> None:
    """In the words of the program, or of its Job; what was collected before stays known."""
    later = ended | {
        "status": {
            "conditions": [
                c | {"lastTransitionTime": (NOW + timedelta(days=1)).isoformat()} for c in ended["status"]["conditions"]
            ]
        }
    }
    status = after(message, later, DONE)
    found = collections.answer(collecting(), status, NOW)
    assert (found.status, found.reason) == ("False", reason)
    assert told in found.message
    assert status.last_successful == DONE.last_successful
    assert (
        collections.answer(collecting(), after(json.dumps(REPORT), job(at=NOW + timedelta(days=2)), status), NOW).status
        == "True"
    )


def test_before_the_first_the_user_learns_how_to_have_one_now() -> None:
    """By the name that the CronJob has."""
    found = collections.answer(collecting(), CollectionStatus(), NOW)
    assert (found.status, found.reason) == ("Unknown", "NoCollectionYet")
    assert "--from=cronjob/mlflow-gc" in found.message


@pytest.mark.parametrize(
    ("more", "days", "reason"),
    [({}, 1, "Collected"), ({}, 3, "CollectionOverdue"), ({"suspend": True}, 3, "Collected")],
)
def test_a_schedule_that_is_not_kept_is_noticed(more: dict[str, Any], days: int, reason: str) -> None:
    """When it has asked twice, unless it was told to rest."""
    now = datetime(2026, 3, 4, 12, 0, tzinfo=UTC) + timedelta(days=days)
    assert collections.answer(collecting(**more), DONE, now).reason == reason
