"""Finds out what a claim's gates need to know: outside its model's turn, so that nobody waits for slow answers."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mlflow_operator.api.gates.gates import GateResult
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.clients.mlflow.measuring import measure
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import Terminal, Unreadable
from mlflow_operator.promotion.evidence import Evidence, Measured, Need
from mlflow_operator.promotion.facts import Facts, needs
from mlflow_operator.promotion.gates.webhooks import WEBHOOK
from mlflow_operator.promotion.snapshot import Snapshot
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.access import registry_at
from mlflow_operator.reconcile.evidence import jobs
from mlflow_operator.reconcile.objects import EVIDENCE, MODEL, PROMOTION, registry_of, server_of
from mlflow_operator.reconcile.policies.governing import governing
from mlflow_operator.reconcile.promotions.grants import is_refused
from mlflow_operator.reconcile.promotions.models import ModelWatch
from mlflow_operator.reconcile.promotions.rivals import rival
from mlflow_operator.reconcile.world import World

_UNANSWERED, _NEGATIVE, _POSITIVE = 15.0, 60.0, 600.0
"""Seconds until what was found is asked again: where nobody answered, where it is in the way, and where it is not. It
is asked once more in any case before anything is written."""
_THROUGH = (GateResult.PASSED, GateResult.SKIPPED)


def key_of(claim: Key) -> Key:
    """The key of what a claim's gates need to know."""
    return claim._replace(kind=EVIDENCE)


def ask_for(world: World, claim: Key, facts: Facts, missing: frozenset[Need]) -> None:
    """See to it that what a claim needs is found out: at once, or from time to time."""
    known = facts.evidence.jobs
    if missing or jobs.is_due(world, facts, known):
        world.queue.add(key_of(claim))
    elif needs(facts) or known:
        world.queue.ensure(key_of(claim), _NEGATIVE)


@dataclass(frozen=True)
class Standing:
    """A claim that may write, and what is known of its model."""

    claim: ModelPromotion
    model: Key
    watch: ModelWatch
    snapshot: Snapshot


def standing(world: World, key: Key) -> Standing | None:
    """A claim for which something is found out; None where its own pass looks first, and asks where it may write."""
    claim = _claim(world, key)
    if claim is None:
        return None
    at = claim.spec.server_ref
    model = Key(MODEL, claim.server_namespace, at.name, claim.spec.model, at.workspace or "")
    watch = world.models.watch(registry_of(model), model.model)
    if watch.snapshot is None or is_refused(world, key, server_of(model)) or rival(world, key):
        return None
    return Standing(claim, model, watch, watch.snapshot)


async def collect(world: World, key: Key) -> float | None:
    """Find out what a claim needs; the seconds until it is asked again, or None where nothing is needed any more."""
    owner = key._replace(kind=PROMOTION)
    at = standing(world, owner)
    facts = await facts_of(world, at) if at else None
    if at is None or facts is None:
        return None
    rests = [await _measure(world, owner, registry_of(at.model), facts, at.watch)]
    rests.append(await _validate(world, owner, facts, at.watch))
    return min((rest for rest in rests if rest is not None), default=None)


async def _measure(world: World, owner: Key, registry: Key, facts: Facts, watch: ModelWatch) -> float | None:
    """Ask MLflow for metrics; the seconds until it is asked again."""
    wanted = needs(facts)
    if not wanted:
        return None
    found = await measure(await registry_at(world, registry), watch.findings.due(wanted, world.now()))
    if watch.findings.learn(found, world.now()):
        world.queue.add(owner)
    return _rest(facts.claim, watch.findings.of(wanted).values())


async def _validate(world: World, owner: Key, facts: Facts, watch: ModelWatch) -> float | None:
    """Start Jobs, look at them and delete them; the seconds until they are looked at again."""
    known = watch.jobs.get(owner, {})
    facts = replace(facts, evidence=found_out(owner, facts, watch))
    found = await jobs.find_out(world, facts)
    if found != known:
        watch.jobs[owner] = found
        world.queue.add(owner)
    await jobs.clean_up(world, facts)
    return jobs.rest(found)


async def facts_of(world: World, at: Standing) -> Facts | None:
    """A claim and its registry; None while a policy cannot be read, which the claim's own pass says."""
    try:
        return Facts(at.claim, at.snapshot, world.clock(), policies=await governing(world, at.claim))
    except Terminal:
        return None


def found_out(claim: Key, facts: Facts, watch: ModelWatch) -> Evidence:
    """What was found out for a claim already, by MLflow and by Jobs."""
    jobs_ = watch.jobs.get(claim, {})
    return Evidence(watch.seen(facts.version), watch.findings.of(needs(facts)), jobs=jobs_)


def _claim(world: World, key: Key) -> ModelPromotion | None:
    try:
        return objects.promotion(world.store, key.namespace, key.name)
    except Unreadable:
        return None  # the claim's own pass says so


def _rest(claim: ModelPromotion, found: Iterable[Measured]) -> float:
    if any(measured.refused for measured in found):
        return _UNANSWERED
    measured = [gate for gate in claim.status.gates if gate.digest and gate.type != WEBHOOK]
    return _POSITIVE if measured and all(gate.result in _THROUGH for gate in measured) else _NEGATIVE
