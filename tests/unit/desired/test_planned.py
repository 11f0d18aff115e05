"""A preparation asks before it migrates what is there, and comes again when that was planned."""

from dataclasses import replace

from mlflow_operator import desired
from mlflow_operator.desired import names
from unit.desired.servers import EXISTING, SQLITE, inputs, only, planned, server, variables

BACKUP = {"schedule": "30 2 * * *", "destination": {"persistentVolume": {}}}
FIRST = {"backup": BACKUP, "upgrade": {"backupFirst": True}}


def test_what_was_planned_is_another_job_for_the_same_stores() -> None:
    """The first one asks; what was planned for other stores lets none migrate."""
    wanted = server(EXISTING)
    first = desired.build(wanted, inputs(wanted))
    assert variables(only(first, "Job"))["PREPARE_ASK"] == "true"
    second = desired.build(wanted, replace(inputs(wanted), planned=first.stores))
    assert "PREPARE_ASK" not in variables(only(second, "Job"))
    assert (second.migrates, second.stores) == (True, first.stores)
    assert second.preparation != first.preparation
    other = desired.build(wanted, replace(inputs(wanted), planned="other stores"))
    assert (other.migrates, other.preparation) == (False, first.preparation)


def test_the_backup_before_it_is_what_the_cron_job_makes() -> None:
    """The same pod, by a name that is the same for the same migration; the release in it is the one with the data."""
    wanted = server({**SQLITE, **FIRST})
    backup, job = planned(wanted)
    (again, _) = planned(wanted)
    cron = only(desired.build(wanted, inputs(wanted)), "CronJob")
    assert backup["spec"] == cron["spec"]["jobTemplate"]["spec"]
    assert backup["metadata"]["annotations"] == {names.SERVER_ANNOTATION: "mlflow"}
    assert backup["metadata"]["name"] == again["metadata"]["name"] != job["metadata"]["name"]
    first = desired.build(wanted, inputs(wanted))
    later = desired.build(wanted, replace(inputs(wanted), planned=first.stores, migrated_by="3.14.0"))
    assert later.backup is not None
    assert variables(later.backup)["BACKUP_SERVER_VERSION"] == "3.14.0"


def test_no_backup_is_made_first_unless_the_spec_says_so() -> None:
    """Nor where the migration has been."""
    for spec in ({**SQLITE, "backup": BACKUP}, {**SQLITE, "backup": BACKUP, "upgrade": {}}, SQLITE):
        assert len(planned(server(spec))) == 1
    wanted = server({**SQLITE, **FIRST})
    stores = desired.build(wanted, inputs(wanted)).stores
    assert stores is not None
    done = desired.build(wanted, replace(inputs(wanted, prepared=frozenset({stores})), planned=stores))
    assert done.backup is None
