"""What another release of MLflow waits for: that it was said, its window, and a backup."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mlflow_operator.api.server.upgrade import Migration
from mlflow_operator.errors import Paused, Terminal
from mlflow_operator.status.conditions import of_error
from unit.reconcile.servers.test_bringing import SQLITE, Bench, Object, reasons

BACKUP = {"schedule": "30 2 * * *", "destination": {"persistentVolume": {}}}
SATURDAYS = {"cron": "0 2 * * SAT", "duration": "4h", "timeZone": "Europe/Rome"}
SUNDAY_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SATURDAY_NIGHT = datetime(2026, 3, 7, 2, tzinfo=UTC)


class Upgrade(Bench):
    """A server of 3.14.0 that is to become one of 3.17.2."""

    def __init__(self, spec: Object) -> None:
        super().__init__({**SQLITE, **spec, "version": "3.14.0"})

    async def plan(self) -> None:
        """Serve, be told of the other release, and have the migration planned."""
        await self.serve()
        self.spec = {**self.spec, "version": "3.17.2"}
        self.remember(prepared=None, version="3.14.0")
        await self.bring()
        (job,) = self.jobs("prepare")
        del self.api.objects["Job", job]
        self.world.store.drop(next(key for key in self.world.store.keys("Job") if key.name == job))
        stores = (await self.bring()).wanted.stores
        assert stores is not None
        for name in self.jobs("prepare"):
            await self.api.delete(self.api.objects["Job", name])
        self.remember(migration=Migration(revision="old", to="new", stores=stores))
        self.api.calls.clear()

    def jobs(self, component: str) -> list[str]:
        """Names of Jobs of a component."""
        label = "app.kubernetes.io/component"
        found = ((name, obj) for (kind, name), obj in self.api.objects.items() if kind == "Job")
        return [name for name, obj in found if obj["metadata"]["labels"][label] == component]

    def end(self, name: str, how: str) -> None:
        """Have a Job end."""
        condition = {"type": how, "status": "True", "lastTransitionTime": "2026-03-01T11:59:00Z"}
        self.api.keep({**self.api.objects["Job", name], "status": {"conditions": [condition]}})

    def release(self) -> str:
        """That of the Deployment."""
        found: str = self.api.objects["Deployment", "mlflow"]["metadata"]["labels"]["app.kubernetes.io/version"]
        return found


async def test_a_backup_comes_before_the_migration_and_once() -> None:
    """It belongs to the CronJob, which clears it away; while it is made, nothing else is."""
    bench = Upgrade({"backup": BACKUP, "upgrade": {"backupFirst": True}})
    await bench.plan()
    for _ in range(3):
        assert reasons(await bench.bring()) == ["BackingUpFirst"]
    (backup,) = bench.jobs("backup")
    assert [kind for kind, _ in bench.api.applied()] == ["Job"]
    (owner,) = bench.api.objects["Job", backup]["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("CronJob", "mlflow-backup")
    assert bench.jobs("prepare") == []
    bench.end(backup, "Complete")
    assert reasons(await bench.bring()) == []
    assert len(bench.jobs("prepare")) == 1
    assert bench.release() == "3.14.0"


async def test_without_the_backup_nothing_is_migrated() -> None:
    """The reason says what the backup said and what to do; a Job that is deleted is made again."""
    bench = Upgrade({"backup": BACKUP, "upgrade": {"backupFirst": True}})
    await bench.plan()
    await bench.bring()
    (backup,) = bench.jobs("backup")
    bench.end(backup, "Failed")
    end = {"exitCode": 1, "message": '{"ok": false, "reason": "Full", "message": "no room at the destination"}'}
    container = {"name": "backup", "state": {"terminated": end}}
    bench.api.pods = [{"metadata": {"name": "p"}, "status": {"containerStatuses": [container]}}]
    (error,) = (await bench.bring()).errors
    assert isinstance(error, Terminal)
    assert error.reason == "BackupFirstFailed"
    assert "no room at the destination" in error.message
    assert f"delete Job {backup}" in error.message
    assert bench.jobs("prepare") == []
    await bench.api.delete(bench.api.objects["Job", backup])
    assert reasons(await bench.bring()) == ["BackingUpFirst"]


async def test_a_migration_waits_for_its_window_and_its_backup_with_it() -> None:
    """The condition says until when; in the window the backup is begun."""
    bench = Upgrade({"backup": BACKUP, "upgrade": {"backupFirst": True, "window": SATURDAYS}})
    await bench.plan()
    (error,) = (await bench.bring()).errors
    assert (error.reason, of_error(error).state) == ("UpgradeWindowClosed", "Suspended")
    assert "waits until 2026-03-07T01:00:00Z" in error.message
    assert isinstance(error, Paused)
    assert 0 < error.after <= 600
    assert bench.jobs("backup") == []
    bench.world.clock = lambda: SATURDAY_NIGHT
    assert reasons(await bench.bring()) == ["BackingUpFirst"]


async def test_pods_of_another_release_wait_where_no_schema_changes() -> None:
    """A change that is none of release does not, and nor does the first Deployment."""
    bench = Upgrade({"upgrade": {"window": SATURDAYS}})
    await bench.serve()
    bench.spec = {**bench.spec, "replicas": 1, "workers": 3}
    assert reasons(await bench.bring()) == []
    assert ("Deployment", "mlflow") in bench.api.applied() or bench.jobs("prepare")
    bench.spec = {**bench.spec, "version": "3.17.2"}
    bench.remember(prepared=None)
    await bench.bring()
    done: dict[str, Any] = {"conditions": [{"type": "Complete", "status": "True"}]}
    for name in bench.jobs("prepare"):
        bench.api.keep({**bench.api.objects["Job", name], "status": done})
    assert reasons(await bench.bring()) == ["UpgradeWindowClosed"]
    assert bench.release() == "3.14.0"
    bench.world.clock = lambda: SATURDAY_NIGHT
    assert reasons(await bench.bring()) == []
    assert bench.release() == "3.17.2"


@pytest.mark.parametrize("spec", [{}, {"upgrade": {}}])
async def test_without_either_what_was_planned_begins(spec: Object) -> None:
    """At once."""
    bench = Upgrade(spec)
    await bench.plan()
    assert (await bench.bring()).begins
    assert len(bench.jobs("prepare")) == 1
