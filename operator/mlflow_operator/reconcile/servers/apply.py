"""One object of a server into the cluster: not over somebody else's, not without need, and what a refusal means."""

from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.clients.cluster import without_managed_fields
from mlflow_operator.desired import Object, names
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import ApiError, Conflict, NotFound, Terminal, Waiting
from mlflow_operator.reconcile.objects import SERVER
from mlflow_operator.reconcile.world import World


async def apply(world: World, server: MLflowServer, obj: Object) -> None:
    """Make an object as it is wanted, where it is not.

    Raises:
        Terminal: It is invalid, belongs to somebody else, or held data and is gone.
        Waiting: The API server refuses it for now, for lack of a quota or a right; or a predecessor is leaving.
        Conflict, NotFound: Somebody was faster.
    """
    live = await _live(world, obj)
    if live is not None:
        refuse_stranger(server, obj, live)
        obj = desired.fitted(obj, live)
        if not desired.differs(obj, live) or _in_vain(world, server, obj, live):
            return
    elif obj["kind"] == "PersistentVolumeClaim" and obj["metadata"]["name"] in server.status.volumes:
        raise _data_missing(obj["metadata"]["name"])
    after = await _sent(world, obj)
    world.store.put(obj["kind"], after)
    if live is not None and _version(after) == _version(live):
        _unmoved(world, server)[_key(obj)] = (*_version(live), desired.digest(obj))


async def try_out(world: World, server: MLflowServer, obj: Object) -> None:
    """See whether an object could be applied now, and change nothing.

    Raises:
        As ``apply``, with what it means for what comes before.
    """
    live = await _live(world, obj)
    if live is not None:
        refuse_stranger(server, obj, live)
    try:
        await world.cluster.try_out(obj)
    except (Conflict, NotFound):
        raise
    except ApiError as error:
        raise refusal(obj, error, "; until it would be taken, the stores are left as they are") from error


async def has(world: World, server: MLflowServer, obj: Object) -> bool:
    """Whether the server has an object of this kind and name, in whatever shape."""
    live = await _live(world, obj)
    if live is None:
        return False
    try:
        refuse_stranger(server, obj, live)
    except (Terminal, Waiting):
        return False
    return True


async def look_up(world: World, obj: Object) -> bool:
    """Learn how an object stands that nobody watches; whether it is there."""
    kind, meta = obj["kind"], obj["metadata"]
    asked = world.store.sequence
    live = await world.cluster.get(kind, meta["namespace"], meta["name"])
    if live is None:
        world.store.drop(Key(kind, meta["namespace"], meta["name"]))
        return False
    world.store.learn(kind, without_managed_fields(live), asked)
    return True


async def create_once(world: World, secret: Object) -> None:
    """Generated credentials open data that outlives them, so an existing Secret always wins.

    Raises:
        Terminal, Waiting: As ``apply``.
    """
    try:
        await world.cluster.create(secret)
    except Conflict:
        return
    except ApiError as error:
        raise refusal(secret, error) from error


def refuse_stranger(server: MLflowServer, obj: Object, live: Object) -> None:
    """A forced apply would take over whatever has the name; what belongs to somebody else is left alone.

    Raises:
        Terminal: It is somebody else's.
        Waiting: It is that of a deleted server of the same name.
    """
    meta = live["metadata"]
    owner = next((o for o in meta.get("ownerReferences", []) if o.get("controller")), None)
    ours = meta.get("labels", {}).get(names.MANAGED_BY_LABEL) == names.MANAGER
    if owner["uid"] == server.metadata.uid if owner else ours:
        return
    if owner and (owner["kind"], owner["name"]) == (SERVER, server.metadata.name):
        # Its deletion wakes the server; the garbage collector may take half a minute for a kind that is new to it.
        message = f"{obj['kind']} {meta['name']} belongs to a deleted MLflowServer of this name, and has yet to go"
        raise Waiting("PredecessorLeaving", message, after=30)
    holder = f"{owner['kind']} {owner['name']}" if owner else "somebody else"
    message = f"{obj['kind']} {meta['name']} exists and belongs to {holder}; delete or rename it, or rename the server"
    raise Terminal("ChildConflict", message)


def refusal(obj: Object, error: ApiError, note: str = "") -> Terminal | Waiting:
    """What it means that the API server refuses an object; ``note`` ends the message."""
    message = f"{obj['kind']} {obj['metadata']['name']} was refused: {error.message}{note}"
    if error.status in (400, 422):
        return Terminal("ChildInvalid", message)
    return Waiting("ChildForbidden", message, after=60)


async def _live(world: World, obj: Object) -> Object | None:
    kind, meta = obj["kind"], obj["metadata"]
    live = world.store.get(kind, meta["namespace"], meta["name"])
    return live if live is not None else await world.cluster.get(kind, meta["namespace"], meta["name"])


async def _sent(world: World, obj: Object) -> Object:
    try:
        return await world.cluster.apply(obj)
    except (Conflict, NotFound):
        raise
    except ApiError as error:
        raise refusal(obj, error) from error


def _data_missing(name: str) -> Terminal:
    message = (
        f"PersistentVolumeClaim {name} had data of this server and is gone; restore it from a backup under this name, "
        "labels included; or, to begin empty, delete the MLflowServer and apply it again"
    )
    return Terminal("DataMissing", message)


def _in_vain(world: World, server: MLflowServer, obj: Object, live: Object) -> bool:
    """Whether this very object was applied to this very one before, and admission changed it back."""
    return _unmoved(world, server).get(_key(obj)) == (*_version(live), desired.digest(obj))


def _unmoved(world: World, server: MLflowServer) -> dict[tuple[str, str], tuple[str, str, str]]:
    return world.unmoved.setdefault((server.metadata.namespace, server.metadata.name), {})


def _key(obj: Object) -> tuple[str, str]:
    return obj["kind"], obj["metadata"]["name"]


def _version(obj: Object) -> tuple[str, str]:
    return obj["metadata"]["uid"], obj["metadata"]["resourceVersion"]
