"""The objects of the store as what they are: who claims which model, and what belongs to which server."""

from collections.abc import Iterable, Iterator
from typing import Any

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.promotionapproval import PromotionApproval
from mlflow_operator.api.promotionpolicy import PromotionPolicy
from mlflow_operator.clients.kinds import DECISIONS, OWN
from mlflow_operator.desired import names
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Index, Object, Store
from mlflow_operator.status.conditions import READY
from mlflow_operator.status.promotion import CONFLICT_FREE

SERVER = MLflowServer.NAMES.kind
PROMOTION = ModelPromotion.NAMES.kind
POLICY = PromotionPolicy.NAMES.kind
APPROVAL = PromotionApproval.NAMES.kind
MODEL = "RegisteredModel"
"""A key that is no object: one model of a server."""
REGISTRY = "Registry"
"""A key that is no object: all promoted models of a server, or of one of its workspaces."""
EVIDENCE = "Evidence"
"""A key that is no object: what the gates of a claim need to know."""
INQUIRY = "Inquiry"
"""A key that is no object: what a claim asks webhooks."""
MESSAGES = "Messages"
"""A key that is no object: what a claim tells webhooks."""


def server(store: Store, namespace: str, name: str) -> MLflowServer | None:
    """An MLflowServer that is not being deleted."""
    obj = store.get(SERVER, namespace, name)
    return MLflowServer.parse(obj) if obj and not obj["metadata"].get("deletionTimestamp") else None


def promotion(store: Store, namespace: str, name: str) -> ModelPromotion | None:
    """A ModelPromotion that is not being deleted."""
    obj = store.get(PROMOTION, namespace, name)
    return ModelPromotion.parse(obj) if obj and not obj["metadata"].get("deletionTimestamp") else None


def policy(store: Store, name: str) -> PromotionPolicy | None:
    """A PromotionPolicy; one that is being deleted counts until it is gone."""
    obj = store.get(POLICY, "", name)
    return PromotionPolicy.parse(obj) if obj else None


def policies(store: Store) -> set[Key]:
    """All PromotionPolicies."""
    return store.find("policy", Key(POLICY, "", ""))


def waiting(store: Store) -> set[Key]:
    """The claims that have not come to rest: a policy holds for what they begin next."""
    return store.find("waiting", Key(PROMOTION, "", ""))


def children(store: Store, owner: Key) -> Iterator[Object]:
    """What a server or a claim owns, as its labels say."""
    found = (store.get(*key[:3]) for key in store.find("owner", owner))
    return (obj for obj in found if obj is not None)


def owned(store: Store, owner: Key, uid: str) -> Iterator[Object]:
    """What a server or a claim owns, as the owner's uid says; what is on its way out too."""
    for obj in children(store, owner):
        if uid in [o["uid"] for o in obj["metadata"].get("ownerReferences", []) if o.get("controller")]:
            yield obj


def claims(store: Store, model: Key) -> set[Key]:
    """The claims on a model's slots; those that are being deleted claim nothing any more."""
    return store.find("model", model)


def claims_on(store: Store, of: Key) -> set[Key]:
    """The claims on any model of a server."""
    return store.find("server", of)


def claims_by_name(store: Store, model: str) -> set[Key]:
    """The claims on models of a name, of whatever registry and in whatever namespace, also those that are deleted."""
    return store.find("name", Key(MODEL, "", "", model))


def outdone(store: Store, model: str) -> set[Key]:
    """The claims on models of a name that write nothing, since another one has their slot."""
    return store.find("outdone", Key(MODEL, "", "", model))


def decisions(store: Store, claim: Key) -> Iterator[Object]:
    """What people have said about a claim of this name."""
    found = (store.get(*key[:3]) for key in store.find("about", claim))
    return (obj for obj in found if obj is not None)


def has_aliases(store: Store, model: Key) -> bool:
    """Whether any claim on a model has to know where aliases point."""
    return bool(store.find("aliased", model))


def knows_aliases(spec: Object) -> bool:
    """Whether a claim has to know where aliases point: its slot is one, or it compares or counts time by one."""
    target, requires, gates = (spec.get(name) or {} for name in ("target", "requires", "gates"))
    baselines = [comparison.get("baseline") or {} for comparison in gates.get("comparisons") or []]
    places = [target, (requires.get("minSoak") or {}).get("slot") or {}, *baselines]
    return any(place.get("alias") for place in places) or bool(target.get("mirrorAlias"))


def server_of(key: Key) -> Key:
    """The server that a model or a registry is on."""
    return Key(SERVER, key.namespace, key.name)


def registry_of(model: Key) -> Key:
    """The registry that a model is in."""
    return Key(REGISTRY, model.namespace, model.name, workspace=model.workspace)


def model_of(claim: Object) -> Key:
    """The registered model that a claim is on."""
    spec = claim["spec"]
    at = spec["serverRef"]
    return Key(
        MODEL, at.get("namespace") or claim["metadata"]["namespace"], at["name"], spec["model"], at.get("workspace", "")
    )


def owner_of(kind: str, obj: Object) -> Key | None:
    """The server or claim that an object belongs to: its owner, or by label where data has to outlive its owner."""
    meta = obj["metadata"]
    labels = meta.get("labels", {})
    if kind in (*OWN, *DECISIONS) or labels.get(names.MANAGED_BY_LABEL) != names.MANAGER:
        return None
    owners = ((o["kind"], o["name"]) for o in meta.get("ownerReferences", []) if o["kind"] in (SERVER, PROMOTION))
    said = meta.get("annotations", {}).get(names.SERVER_ANNOTATION) or labels.get(names.INSTANCE_LABEL)
    of, name = next(owners, (SERVER, said))
    return Key(of, meta["namespace"], name) if name else None


def is_at_rest(obj: Object) -> bool:
    """Whether an object of the operator's own kinds was found to be as it should be, with the spec that it has now."""
    generation = obj.get("metadata", {}).get("generation")
    conditions = obj.get("status", {}).get("conditions", [])
    ready: Object = next((c for c in conditions if c.get("type") == READY), {})
    return ready.get("status") == "True" and ready.get("observedGeneration") == generation


def said(key: Key, obj: Object) -> Any:
    """The part of an object whose change wakes whom it concerns: in one of the operator's own kinds, what others say.

    Its status is the operator's own word. A watch may bring a status before the answer to its write has come: if that
    woke its object, then what fails again and again, and says so in the status, would be tried again at once.
    """
    if key.kind not in (*OWN, *DECISIONS):
        return obj
    meta = {name: value for name, value in obj["metadata"].items() if name not in ("resourceVersion", "managedFields")}
    return meta, obj.get("spec")


def _by_model(key: Key, obj: Object) -> Iterable[Key]:
    claiming = key.kind == PROMOTION and not obj["metadata"].get("deletionTimestamp")
    return (model_of(obj),) if claiming else ()


def _by_name(key: Key, obj: Object) -> Iterable[Key]:
    return (Key(MODEL, "", "", obj["spec"]["model"]),) if key.kind == PROMOTION else ()


def _by_outdone(key: Key, obj: Object) -> Iterable[Key]:
    conditions = obj.get("status", {}).get("conditions", []) if key.kind == PROMOTION else []
    waits = any(c["type"] == CONFLICT_FREE and c["status"] == "False" for c in conditions)
    return _by_name(key, obj) if waits else ()


def _by_aliased_model(key: Key, obj: Object) -> Iterable[Key]:
    return _by_model(key, obj) if key.kind == PROMOTION and knows_aliases(obj["spec"]) else ()


def _by_server(key: Key, obj: Object) -> Iterable[Key]:
    return (server_of(model) for model in _by_model(key, obj))


def _by_claim(key: Key, obj: Object) -> Iterable[Key]:
    return (Key(PROMOTION, key.namespace, obj["spec"]["promotionRef"]["name"]),) if key.kind == APPROVAL else ()


def _by_owner(key: Key, obj: Object) -> Iterable[Key]:
    owner = owner_of(key.kind, obj)
    return (owner,) if owner else ()


def _policies(key: Key, _: Object) -> Iterable[Key]:
    return (Key(POLICY, "", ""),) if key.kind == POLICY else ()


def _by_waiting(key: Key, obj: Object) -> Iterable[Key]:
    return (Key(PROMOTION, "", ""),) if key.kind == PROMOTION and not is_at_rest(obj) else ()


INDEXES: dict[str, Index] = {
    "model": _by_model,
    "name": _by_name,
    "outdone": _by_outdone,
    "aliased": _by_aliased_model,
    "server": _by_server,
    "owner": _by_owner,
    "policy": _policies,
    "waiting": _by_waiting,
    "about": _by_claim,
}
