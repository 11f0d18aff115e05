"""What another release of MLflow waits for: its window, and a backup before a schema is migrated."""

from mlflow_operator import desired
from mlflow_operator.api.gates.windows import Window, Windows
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import Desired, Object, names
from mlflow_operator.errors import ApiError, Conflict, NotFound, Paused, Terminal, Waiting
from mlflow_operator.promotion.gates.windows import BadWindow, state
from mlflow_operator.reconcile.servers.apply import refusal
from mlflow_operator.reconcile.servers.scheduled import last_words
from mlflow_operator.reconcile.world import World
from mlflow_operator.status.preparations import condition, succeeded
from mlflow_operator.status.scheduled import failure

_LOOK = 30.0
_LONGEST = 600.0
"""Seconds until the next look, while a window is closed."""


async def may_migrate(world: World, server: MLflowServer, wanted: Desired) -> None:
    """Go on only where a planned migration may begin.

    The window comes first, so that the backup is one of the moment before.

    Raises:
        Paused: The window is closed.
        Waiting: The backup is being made, or cannot be yet.
        Terminal: The backup was not made, or the window says nothing.
    """
    if wanted.migrates:
        _in_window(world, server, f"the schema is to be migrated, as SchemaReady says, to MLflow {_version(server)}")
        if wanted.backup is not None:
            await _backed_up(world, server, wanted.backup)


def may_replace(world: World, server: MLflowServer, deployment: Object) -> None:
    """Go on only where the server's pods may be replaced by these.

    Raises:
        Paused: They are of another release, and the window is closed.
        Terminal: The window says nothing.
    """
    live = world.store.get("Deployment", server.metadata.namespace, deployment["metadata"]["name"])
    if live is not None and _release(live) != _release(deployment):
        _in_window(world, server, f"pods of MLflow {_release(live)} are to be replaced by those of {_version(server)}")


def _in_window(world: World, server: MLflowServer, what: str) -> None:
    window = server.spec.upgrade.window if server.spec.upgrade else None
    runs = world.store.get("Deployment", server.metadata.namespace, names.instance(server))
    if window is None or runs is None:  # where nothing runs, nobody is disturbed
        return
    allowed = Window(cron=window.cron, duration=window.duration)
    try:
        found = state([Windows(time_zone=window.time_zone, allow=[allowed])], world.clock())
    except BadWindow as error:
        raise Terminal("UpgradeWindowInvalid", f"{error}; correct spec.upgrade.window") from None
    if found.open:
        return
    opens = found.next_open
    until = f"waits until {opens:%Y-%m-%dT%H:%M:%SZ}, when spec.upgrade.window opens" if opens else "never opens"
    rest = min((opens - world.clock()).total_seconds() + 1 if opens else _LONGEST, _LONGEST)
    raise Paused("UpgradeWindowClosed", f"{what}: it {until}; what runs goes on", after=rest)


async def _backed_up(world: World, server: MLflowServer, job: Object) -> None:
    name, namespace = job["metadata"]["name"], server.metadata.namespace
    there = world.store.get("Job", namespace, name) or await world.cluster.get("Job", namespace, name)
    if there is None:
        there = await _made(world, server, job)
    if succeeded(there):
        return
    if condition(there, "Failed"):
        why = failure(there, await last_words(world, there, names.BACKUP), "BackupFailed").message
        message = (
            f"the backup before the migration was not made, so nothing was changed: {why};"
            f" mend that and delete Job {name}, which makes another one, or take upgrade.backupFirst away"
        )
        raise Terminal("BackupFirstFailed", message)
    raise Waiting("BackingUpFirst", f"Job {name} makes the backup before the migration; what runs goes on", after=_LOOK)


async def _made(world: World, server: MLflowServer, job: Object) -> Object:
    """Make the Job, which goes with the CronJob as its others do."""
    cron = world.store.get("CronJob", server.metadata.namespace, names.backup(server))
    if cron is None:
        raise Waiting("BackingUpFirst", f"the backup waits for CronJob {names.backup(server)}", after=_LOOK)
    owner = {"apiVersion": cron["apiVersion"], "kind": "CronJob", "controller": True}
    owner |= {key: cron["metadata"][key] for key in ("name", "uid")}
    try:
        made: Object = await world.cluster.apply(job | {"metadata": job["metadata"] | {"ownerReferences": [owner]}})
    except (Conflict, NotFound):
        raise
    except ApiError as error:
        raise refusal(job, error) from error
    world.store.put("Job", made)
    return made


def _release(deployment: Object) -> str:
    return str(deployment["metadata"].get("labels", {}).get(names.VERSION_LABEL, ""))


def _version(server: MLflowServer) -> str:
    return desired.version(server)
