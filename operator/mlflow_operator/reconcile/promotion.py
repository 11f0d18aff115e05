"""One pass over a ModelPromotion: look, decide, write the intent, write the registry, look again, write the result."""

from mlflow_operator.api.modelpromotion import AttemptResult, ModelPromotion, Plan
from mlflow_operator.clients.registry import Registry
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import Conflict, NotFound
from mlflow_operator.promotion.attempt import finish, is_settled
from mlflow_operator.promotion.decision import Decision, Step, decide, observe, repair, wants_signature
from mlflow_operator.promotion.plan import archives, is_empty
from mlflow_operator.promotion.snapshot import Snapshot, slot_name
from mlflow_operator.reconcile import objects, telemetry
from mlflow_operator.reconcile.access import registry_for
from mlflow_operator.reconcile.model import tell
from mlflow_operator.reconcile.models import PATIENCE
from mlflow_operator.reconcile.objects import MODEL, PROMOTION
from mlflow_operator.reconcile.publish import publish
from mlflow_operator.reconcile.world import World
from mlflow_operator.status.promotion import compute, compute_failed

_REPAIRS = 5


async def reconcile(world: World, key: Key) -> float | None:
    """Bring one claim to its spec; the seconds to rest, or None where there is nothing to come back to.

    Raises:
        OperatorError: As ``status.conditions.of_error`` reads it; the status says so already.
    """
    claim = objects.promotion(world.store, key.namespace, key.name)
    if claim is None:
        telemetry.show_ready(PROMOTION, key.namespace, key.name, None)
        telemetry.show_slot(key.namespace, key.name, None)
        return None
    pass_ = _Pass(world, claim)
    try:
        await pass_.run()
    except (Conflict, NotFound):
        raise  # somebody was faster: the next pass sees what they wrote
    except Exception as error:
        await publish(world, pass_.claim, compute_failed(pass_.claim, error, world.clock()))
        raise
    finally:
        world.queue.ensure(pass_.model, world.settings.registry_poll)
    return world.settings.resync


class _Pass:
    """What one pass carries along: the claim as last written, and what it looks at."""

    def __init__(self, world: World, claim: ModelPromotion) -> None:
        self.world = world
        self.claim = claim
        self.model = Key(MODEL, claim.metadata.namespace, claim.spec.server_ref.name, claim.spec.model)
        self.watch = world.models.watch(self.model)

    async def run(self) -> None:
        settled = is_settled(self.claim)
        registry = await registry_for(self.world, self.claim, ready=not settled)
        if self.watch.failures >= PATIENCE:
            self.watch.snapshot = None  # what was known is too old to go by
        snapshot = await self.watch.known(registry, self.claim.spec.model)
        decision = await self._decide(registry, snapshot)
        if decision.step is Step.WRITE:
            async with self.watch.turn:
                decision, snapshot = await self._write(registry)
        await self._publish(snapshot, decision)
        # What somebody else has found meanwhile is news to this claim too.
        me = Key(PROMOTION, self.claim.metadata.namespace, self.claim.metadata.name)
        tell(self.world, self.model, but=me if snapshot is self.watch.snapshot else None)

    async def _decide(self, registry: Registry, snapshot: Snapshot) -> Decision:
        signature = None
        if wants_signature(self.claim, snapshot):
            version = snapshot.versions[self.claim.spec.version]
            signature = await self.watch.signature(registry, self.claim.spec.model, version)
        return decide(self.claim, snapshot, self.world.clock(), signature=signature)

    async def _write(self, registry: Registry) -> tuple[Decision, Snapshot]:
        """The attempt: decided anew on what the registry holds now, since the turn has only just come."""
        model = self.claim.spec.model
        snapshot = await self.watch.read(registry, model)
        decision = await self._decide(registry, snapshot)
        if decision.step is not Step.WRITE or decision.attempt is None:
            return decision, snapshot
        if decision.attempt != self.claim.status.attempt:
            # An attempt that goes on has its intent there; saying it each time would take turns with what went wrong.
            await self._publish(snapshot, decision)
        await _carry_out(registry, self.claim, decision.plan)
        snapshot = await self.watch.read(registry, model)
        for _ in range(_REPAIRS):
            surplus = repair(self.claim, snapshot)
            if is_empty(surplus):
                break
            await _carry_out(registry, self.claim, surplus)
            snapshot = await self.watch.read(registry, model)
        attempt = finish(decision.attempt, AttemptResult.PROMOTED, self.world.clock())
        return observe(self.claim, snapshot, attempt), snapshot

    async def _publish(self, snapshot: Snapshot, decision: Decision) -> None:
        before = self.claim
        status = compute(before, snapshot, decision, self.world.clock())
        self.claim = await publish(self.world, before, status)
        _measure(before, self.claim)


async def _carry_out(registry: Registry, claim: ModelPromotion, plan: Plan) -> None:
    """Write a plan. Moving the version archives the others in the same transaction, as far as MLflow's reach."""
    spec = claim.spec
    moving = [move for move in plan.moves if move.version == spec.version]
    for move in moving:
        await registry.move(spec.model, move.version, move.to_stage, archive_existing=archives(spec))
    for move in [] if moving else plan.moves:
        await registry.move(spec.model, move.version, move.to_stage, archive_existing=False)
    for alias in plan.aliases:
        await registry.set_alias(spec.model, alias.name, alias.to_version)
    for tag, value in plan.tags.items():
        await registry.set_version_tag(spec.model, spec.version, tag, value)


def _measure(before: ModelPromotion, after: ModelPromotion) -> None:
    meta, status = after.metadata, after.status
    held = (after.spec.model, slot_name(after.spec.target), status.current_version) if status.current_version else None
    telemetry.show_slot(meta.namespace, meta.name, held)
    attempt = status.attempt
    if attempt and attempt.finished_at and attempt.result and attempt != before.status.attempt:
        telemetry.ATTEMPTS.labels(attempt.type, attempt.result).inc()
        telemetry.ATTEMPT_TIME.observe((attempt.finished_at - attempt.started_at).total_seconds())
    if status.phase == "Drifted" and before.status.phase != "Drifted":
        telemetry.DRIFTS.inc()
