"""What users read of a server's backups."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.backup import BackupStatus
from mlflow_operator.commands import backup
from mlflow_operator.status import backups, scheduled
from unit.desired.servers import EXISTING, server

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
REPORT: dict[str, Any] = {
    "ok": True,
    "name": "20260304T023000Z-9a7b8f",
    "began": "2026-03-04T02:30:00+00:00",
    "ended": "2026-03-04T02:31:30+00:00",
    "artifacts": 12,
    "bytes": 5000,
    "stored": 400,
}
REFUSED = {"ok": False, "reason": "DatabaseUnreachable", "message": "nobody listens at db:5432"}


def backed_up(**more: Any) -> MLflowServer:
    """A server that is copied every night."""
    spec = {"schedule": "30 2 * * *", "destination": {"s3": {"bucket": "backups"}}, **more}
    return server(EXISTING | {"backup": spec})


def job(end: str = "Complete", at: datetime = NOW, **condition: str) -> dict[str, Any]:
    """A Job that has ended."""
    said = {"type": end, "status": "True", "lastTransitionTime": at.isoformat(), **condition}
    return {"metadata": {"uid": f"{end} {at}", "name": "mlflow-backup-1"}, "status": {"conditions": [said]}}


def after(message: str, ended: dict[str, Any], before: BackupStatus | None = None) -> BackupStatus:
    """The status when it has."""
    return backups.after(before or BackupStatus(), ended, message)


MADE = after(json.dumps(REPORT), job())
NIGHT = datetime(2026, 3, 4, 2, 30, tzinfo=UTC)


def test_what_the_program_reports_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report of a real backup, as the container leaves it."""
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection:
        connection.execute("CREATE TABLE runs (name TEXT)")
    monkeypatch.setenv("BACKUP_REPORT", str(tmp_path / "report"))
    monkeypatch.setenv("BACKUP_PLACE", str(tmp_path / "backups"))
    assert backup.main(["make", "--database", f"sqlite:///{tmp_path}/mlflow.db"]) == 0
    report = (tmp_path / "report").read_text()
    found = after(report, job())
    assert found.last_successful
    assert found.last_successful.name == json.loads(report)["name"]
    assert len(report.encode()) < 4096, "a termination message has no more"


@pytest.mark.parametrize(
    ("status", "missing", "expected", "told"),
    [
        (BackupStatus(), None, ("Unknown", "NoBackupYet"), "kubectl create job --from=cronjob/mlflow-backup"),
        (MADE, None, ("True", "BackedUp"), "20260304T023000Z-9a7b8f: 12 artifacts, 5000 bytes, copied in 90 s"),
        (MADE, ("Secret", "keys"), ("False", "SecretNotFound"), "Secret keys, which spec.backup.destination.s3 names"),
        (
            after(json.dumps(REFUSED), job("Failed"), MADE),
            None,
            ("False", "DatabaseUnreachable"),
            "latest backup is 2026",
        ),
        (after("", job("Failed", reason="DeadlineExceeded")), None, ("False", "BackupFailed"), "DeadlineExceeded"),
        (after("Traceback", job("Failed")), None, ("False", "BackupFailed"), "Traceback; there is none yet"),
        (after("no report", job()), None, ("False", "BackupFailed"), "no report"),
        (
            after(json.dumps(REPORT), job(), after(json.dumps(REFUSED), job("Failed", NIGHT - timedelta(days=1)))),
            *(None, ("True", "BackedUp"), "20260304T023000Z-9a7b8f"),
        ),
    ],
)
def test_how_backups_stand(
    status: BackupStatus, missing: tuple[str, str] | None, expected: tuple[str, str], told: str
) -> None:
    """The last that ended counts, in the words of its program or, where it has none, of its Job."""
    found = backups.answer(backed_up(), status, NOW, missing)
    assert found[:2] == expected
    assert told in found[2]


@pytest.mark.parametrize(
    ("more", "now", "reason"),
    [
        ({}, NIGHT + timedelta(hours=47), "BackedUp"),
        ({}, NIGHT + timedelta(hours=50), "BackupOverdue"),
        ({"suspend": True}, NIGHT + timedelta(days=9), "BackedUp"),
        ({"schedule": "0 0 1 * *"}, NIGHT + timedelta(days=55), "BackedUp"),
        ({"schedule": "0 0 1 * *"}, NIGHT + timedelta(days=60), "BackupOverdue"),
        ({"timeZone": "Nowhere/Land"}, NIGHT + timedelta(days=9), "BackedUp"),
    ],
)
def test_a_backup_that_is_late_is_told(more: dict[str, Any], now: datetime, reason: str) -> None:
    """When the schedule has asked for two since the last one; where nobody can say when, nothing is claimed."""
    assert backups.answer(backed_up(**more), MADE, now, None)[1] == reason


def test_a_server_that_hibernates_is_not_late() -> None:
    """No copies are made meanwhile."""
    spec = {"schedule": "30 2 * * *", "destination": {"s3": {"bucket": "backups"}}}
    asleep = server(EXISTING | {"backup": spec, "hibernate": True})
    assert backups.answer(asleep, MADE, NOW + timedelta(days=9), None)[1] == "BackedUp"


def test_the_job_that_ended_last_counts() -> None:
    """Whichever began first; those under way do not count."""
    first, last = job(at=NOW), job("Failed", NOW + timedelta(hours=1))
    running: dict[str, Any] = {"metadata": {"uid": "r"}, "status": {}}
    assert scheduled.newest([last, running, first]) is last
    assert scheduled.newest([running]) is None
