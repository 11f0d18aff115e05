"""Whose turn it is where this operator builds servers otherwise than the one before did: not all pods go at once.

Nothing is remembered: who is at it is seen in statuses and Deployments, so another process goes on where this one was
killed. Only between looking and writing a server is noted, lest two find the same room.
"""

from datetime import datetime, timedelta

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import Desired, Object, names
from mlflow_operator.engine.queue import Key
from mlflow_operator.reconcile.objects import SERVER
from mlflow_operator.reconcile.world import World
from mlflow_operator.status.rollout import Rollout

GIVEN_UP = timedelta(minutes=10)
"""A server that has not been Ready for so long holds up no other one; a Deployment gives up after as long."""
_PODS = ("Deployment", "StatefulSet")
WAITS = "UpdateWaits"


def waits(world: World, server: MLflowServer, wanted: Desired) -> bool:
    """Whether a server is left as it is for now; where it is not, it has its turn until ``finish``.

    A preparation that has begun goes on: the status says nothing of what was prepared until it is over.
    """
    me = Key(SERVER, server.metadata.namespace, server.metadata.name)
    begun = server.status.prepared is None
    if begun or not _built_otherwise(world, server, wanted):
        return False
    others = [key for key in world.store.keys(SERVER) if key != me and _at_it(world, key)]
    if len(others) >= world.settings.rollouts:
        return True
    world.turns.add(me)
    return False


def finish(world: World, key: Key) -> None:
    """What a pass has begun is in the cluster by now."""
    world.turns.discard(key)


def wake(world: World) -> None:
    """Wake those that wait, since one may go."""
    for key in world.store.keys(SERVER):
        if _condition(world.store.get(*key[:3]) or {}, "Ready").get("reason") == WAITS:
            world.queue.add(key)


def _built_otherwise(world: World, server: MLflowServer, wanted: Desired) -> bool:
    """Whether pods would be replaced, and neither the spec nor a Secret that they read has changed."""
    if server.status.deployed_generation != server.metadata.generation:
        return False
    changed = False
    for obj in (o for o in (*wanted.objects, *wanted.later) if o["kind"] in _PODS):
        live = world.store.get(obj["kind"], server.metadata.namespace, obj["metadata"]["name"])
        if live is None:
            continue
        if _mark(obj["spec"]["template"], names.DIGESTS_ANNOTATION) != _mark(
            live["spec"]["template"], names.DIGESTS_ANNOTATION
        ):
            return False
        # One that somebody has edited is put back at once: it still says as what it was applied.
        changed |= _mark(obj, names.APPLIED_ANNOTATION) != _mark(live, names.APPLIED_ANNOTATION)
    return changed


def _at_it(world: World, key: Key) -> bool:
    """Whether a server's pods are being replaced, or it has yet to come back from that."""
    if key in world.turns:
        return True
    obj = world.store.get(*key[:3]) or {}
    spec, status = obj.get("spec", {}), obj.get("status", {})
    if spec.get("external") or spec.get("suspend") or status.get("deployedGeneration") is None:
        return False
    if any(_condition(obj, type_).get("status") == "True" for type_ in ("Stalled", "Suspended")):
        return False
    ready = _condition(obj, "Ready")
    if ready.get("status") == "True":
        name = names.bounded(key.name)
        deployment = world.store.get("Deployment", key.namespace, name)
        return deployment is not None and not Rollout.of(deployment).complete
    since = ready.get("lastTransitionTime")
    return since is not None and world.clock() - datetime.fromisoformat(since) < GIVEN_UP


def _condition(obj: Object, type_: str) -> Object:
    conditions = obj.get("status", {}).get("conditions", [])
    return next((c for c in conditions if c["type"] == type_), {})


def _mark(obj: Object, annotation: str) -> str | None:
    found: str | None = obj.get("metadata", {}).get("annotations", {}).get(annotation)
    return found
