"""Looks after the artifact store of a running server: by reading each minute, by writing where that is due.

In a versioned bucket, or one that is written once, everything that was ever written stays: a look that writes each
minute would fill it.
"""

import secrets

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.clients.mlflow.registry import Registry
from mlflow_operator.desired import digest, names
from mlflow_operator.errors import OperatorError, Terminal
from mlflow_operator.reconcile.servers import probe
from mlflow_operator.reconcile.world import World
from mlflow_operator.status.seen import Probe

_CHANCE_BYTES = 8


async def look(world: World, server: MLflowServer, registry: Registry) -> Probe | None:
    """What was found, or None where the store is not to be tried.

    A bucket is written once for each kind of pods, and again when their rollout is over: whatever a preparation has
    tried anew is in their template. And after a look that failed, and by a process that has just begun.
    """
    store = server.spec.artifact_store
    if store is None or store.verify == "None":
        return None
    me = (server.metadata.namespace, server.metadata.name)
    pods = _pods(world, server)
    kind, last = world.written.pop(me, (None, None))
    try:
        if store.verify == "Read":
            await probe.list_artifacts(registry, probe.folder(server))
            return Probe(True, "Readable", "artifacts were listed through the server; nothing was written")
        if last is None or kind != pods or store.persistent_volume is not None:
            last = await _written(registry, server)
        else:
            await probe.list_artifacts(registry, probe.folder(server))
    except OperatorError as error:
        return Probe(False, error.reason, error.message, terminal=isinstance(error, Terminal))
    world.written[me] = (pods, last)
    return last


def _pods(world: World, server: MLflowServer) -> str:
    deployment = world.store.get("Deployment", server.metadata.namespace, names.instance(server)) or {}
    status = deployment.get("status", {})
    exchanged = status.get("updatedReplicas") == status.get("replicas")
    return digest([deployment.get("spec", {}).get("template"), exchanged])


async def _written(registry: Registry, server: MLflowServer) -> Probe:
    name = f"{server.metadata.uid}-{secrets.token_hex(_CHANCE_BYTES)}"
    kept = await probe.write_artifact(registry, probe.folder(server), name)
    if kept:
        message = f"an artifact was written and read through the server; it could not be deleted: {kept}"
        return Probe(True, "Writable", message)
    return Probe(True, "Writable", "an artifact was written, read and deleted through the server")
