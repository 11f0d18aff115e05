"""Finds out what a claim's gates need to know: outside its model's turn, so that nobody waits for slow answers."""

from collections.abc import Iterable

from mlflow_operator.api.gates import GateResult
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import Terminal, Unreadable
from mlflow_operator.promotion.evidence import Measured, Need
from mlflow_operator.promotion.facts import Facts, needs
from mlflow_operator.promotion.snapshot import Snapshot
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.access import registry_at
from mlflow_operator.reconcile.evidence.metrics import measure
from mlflow_operator.reconcile.objects import EVIDENCE, MODEL, PROMOTION, registry_of, server_of
from mlflow_operator.reconcile.policies.governing import governing
from mlflow_operator.reconcile.promotions.grants import is_refused
from mlflow_operator.reconcile.promotions.rivals import rival
from mlflow_operator.reconcile.world import World

_UNANSWERED, _NEGATIVE, _POSITIVE = 15.0, 60.0, 600.0
"""Seconds until what was found is asked again: where nobody answered, where it is in the way, and where it is not. It
is asked once more in any case before anything is written."""
_THROUGH = (GateResult.PASSED, GateResult.SKIPPED)


def key_of(claim: Key) -> Key:
    """The key of what a claim's gates need to know."""
    return claim._replace(kind=EVIDENCE)


def ask_for(world: World, claim: Key, wanted: frozenset[Need], missing: frozenset[Need]) -> None:
    """See to it that what a claim needs is found out: at once, or from time to time."""
    if missing:
        world.queue.add(key_of(claim))
    elif wanted:
        world.queue.ensure(key_of(claim), _NEGATIVE)


async def collect(world: World, key: Key) -> float | None:
    """Find out what a claim needs; the seconds until it is asked again, or None where nothing is needed any more."""
    owner = key._replace(kind=PROMOTION)
    claim = _claim(world, owner)
    if claim is None:
        return None
    at = claim.spec.server_ref
    model = Key(MODEL, claim.server_namespace, at.name, claim.spec.model, at.workspace or "")
    watch = world.models.watch(registry_of(model), model.model)
    if watch.snapshot is None or is_refused(world, owner, server_of(model)) or rival(world, owner):
        return None  # the claim's own pass looks first, and asks again where it may write
    wanted = await _needs(world, claim, watch.snapshot)
    if not wanted:
        return None
    registry = await registry_at(world, registry_of(model))
    found = await measure(registry, watch.findings.due(wanted, world.now()))
    if watch.findings.learn(found, world.now()):
        world.queue.add(owner)
    return _rest(claim, watch.findings.of(wanted).values())


async def _needs(world: World, claim: ModelPromotion, snapshot: Snapshot) -> frozenset[Need]:
    try:
        return needs(Facts(claim, snapshot, world.clock(), policies=await governing(world, claim)))
    except Terminal:
        return frozenset()  # a policy cannot be read, and the claim's own pass says so


def _claim(world: World, key: Key) -> ModelPromotion | None:
    try:
        return objects.promotion(world.store, key.namespace, key.name)
    except Unreadable:
        return None  # the claim's own pass says so


def _rest(claim: ModelPromotion, found: Iterable[Measured]) -> float:
    if any(measured.refused for measured in found):
        return _UNANSWERED
    measured = [gate for gate in claim.status.gates if gate.digest]
    return _POSITIVE if measured and all(gate.result in _THROUGH for gate in measured) else _NEGATIVE
