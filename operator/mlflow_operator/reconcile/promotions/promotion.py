"""One pass over a ModelPromotion: look, decide, write the intent, write the registry, look again, write the result.

Passes on one model take turns, so what a pass has read is what it writes on, as far as MLflow allows that at all.
"""

from dataclasses import replace

from mlflow_operator.api.attempt import AttemptResult
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.promotionpolicy import PromotionPolicy
from mlflow_operator.clients.mlflow.measuring import measure
from mlflow_operator.clients.mlflow.registry import Registry
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import (
    Conflict,
    NotFound,
    OperatorError,
    RegistryNotFound,
    RegistryRefused,
    RegistryUnavailable,
    Unreadable,
)
from mlflow_operator.promotion.attempt import is_settled
from mlflow_operator.promotion.decision import Decision, Step, concluded, is_behind
from mlflow_operator.promotion.evidence import Evidence
from mlflow_operator.promotion.facts import Facts, needs, wants_file
from mlflow_operator.promotion.plan import is_empty, repair
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import Snapshot, slot_name
from mlflow_operator.promotion.wish import Wish
from mlflow_operator.reconcile import objects, telemetry
from mlflow_operator.reconcile.access import registry_at
from mlflow_operator.reconcile.evidence import jobs, webhooks
from mlflow_operator.reconcile.evidence.approvals import said
from mlflow_operator.reconcile.evidence.collect import ask_for
from mlflow_operator.reconcile.objects import MODEL, PROMOTION, SERVER
from mlflow_operator.reconcile.policies.governing import depend_on_labels, governing
from mlflow_operator.reconcile.promotions import telling
from mlflow_operator.reconcile.promotions.carry_out import carry_out
from mlflow_operator.reconcile.promotions.grants import check, rest
from mlflow_operator.reconcile.promotions.model import read, tell
from mlflow_operator.reconcile.promotions.rivals import outdone, rival
from mlflow_operator.reconcile.publish import publish, publish_unreadable
from mlflow_operator.reconcile.world import World
from mlflow_operator.status.promotion import compute, compute_failed

_REPAIRS = 5
_EARLY, _AFTER = 0.9, 1.0
"""The part of the time until a moment after which a claim is looked at, and seconds: rests are jittered by a tenth, and
it comes close in a few steps, instead of a minute late."""
_PASSING = 180.0
"""Seconds for which a refusal that may be a proxy's, or of credentials that are being changed, is waited out."""


async def reconcile(world: World, key: Key) -> float | None:
    """Bring one claim to its spec; the seconds to rest, or None where there is nothing to come back to.

    Raises:
        OperatorError: As ``status.conditions.of_error`` reads it; the status says so already.
    """
    try:
        claim = objects.promotion(world.store, key.namespace, key.name)
    except Unreadable as error:
        await publish_unreadable(world, error)
        raise
    if claim is None:
        telemetry.forget(PROMOTION, key.namespace, key.name)
        return None
    server = Key(SERVER, claim.server_namespace, claim.spec.server_ref.name)
    await _permit(world, key, claim, server)
    pass_ = _Pass(world, key, claim)
    try:
        await pass_.run()
    except (Conflict, NotFound):
        raise  # somebody was faster: the next pass sees what they wrote
    except Exception as error:
        told = await pass_.fail(error)
        if told is error:
            raise
        raise told from error
    finally:
        pass_.leave()
    return min(pass_.rest, rest(world, key, server))


async def _permit(world: World, key: Key, claim: ModelPromotion, server: Key) -> None:
    """Ask whether the server takes the claim, before it is asked anything; what is not taken leaves the slot to others.

    Raises:
        OperatorError: It does not, or nobody can say; the status says so already.
    """
    try:
        await check(world, key, server)
    except OperatorError as error:
        await publish(world, claim, compute_failed(claim, error, world.clock(), telling.reports(world, claim)))
        telling.see_to(world, key, claim.status.untold)
        for other in outdone(world.store, key):
            world.queue.add(other)
        raise


class _Pass:
    """What one pass carries along: the claim as last written, and what it looks at."""

    def __init__(self, world: World, key: Key, claim: ModelPromotion) -> None:
        self.world = world
        self.key = key
        self.claim = claim
        ref = claim.spec.server_ref
        self.model = Key(MODEL, claim.server_namespace, ref.name, claim.spec.model, ref.workspace or "")
        self.registry = objects.registry_of(self.model)
        self.watch = world.models.watch(self.registry, claim.spec.model)
        self.wish = world.store.news_of(key)
        """The sequence of what the claim asks for."""
        self.policies: tuple[PromotionPolicy, ...] = ()
        """What governs the claim, as of the latest decision."""
        self.looked = False
        """Whether the snapshot was read in this pass."""
        self.rest = world.settings.resync
        """Seconds until the next look at the claim, where nothing happens."""

    async def run(self) -> None:
        settled = is_settled(self.claim)
        registry = await registry_at(self.world, self.registry, ready=not settled)
        snapshot = await self._known(registry, settled=settled)
        decision = await self._decide(registry, snapshot)
        begins = decision.step is Step.WRITE or (not settled and decision.attempt != self.claim.status.attempt)
        if begins:  # what opens or ends an attempt goes into the history, and has to be true now
            snapshot = snapshot if self.looked else await self._look(registry)
            decision = await self._decide(registry, snapshot, anew=True)
        if decision.step is Step.WRITE:
            decision, snapshot = await self._write(registry, snapshot, decision)
        await self._publish(snapshot, decision)
        self._settle(decision, snapshot)

    async def fail(self, error: Exception) -> Exception:
        """Say what went wrong; the error as the engine should take it."""
        refused = isinstance(error, RegistryRefused) and error.maybe_passing
        if refused or isinstance(error, RegistryUnavailable | RegistryNotFound):
            since = self.watch.failed.setdefault(self.key, self.world.now())
            if isinstance(error, RegistryRefused) and self.world.now() - since < _PASSING:
                error = RegistryUnavailable(error.reason, error.message)
        told = telling.reports(self.world, self.claim)
        await publish(self.world, self.claim, compute_failed(self.claim, error, self.world.clock(), told))
        return error

    def leave(self) -> None:
        """However the pass went: webhooks are told what is left, and the registry is looked at from time to time."""
        telling.see_to(self.world, self.key, self.claim.status.untold)
        self.world.queue.ensure(self.registry, self.world.settings.registry_poll)

    async def _known(self, registry: Registry, *, settled: bool) -> Snapshot:
        """The latest look, if it is good enough: for a wish that is not settled it has to be younger than the wish."""
        known = self.watch.snapshot
        young = settled or self.watch.sequence >= self.wish
        aliases = objects.knows_aliases(self.claim.spec.wire()) or self.world.book.knows_aliases()
        if known is not None and young and known.serves(aliases=aliases):
            return known
        return await self._look(registry)

    async def _look(self, registry: Registry) -> Snapshot:
        self.looked = True
        return await read(self.world, registry, self.model)

    async def _decide(self, registry: Registry, snapshot: Snapshot, *, anew: bool = False) -> Decision:
        """Decide on what is known, or on what is measured in this moment; what is not known yet is found out later."""
        now, other = self.world.clock(), rival(self.world, self.key)
        policies = self.policies = await governing(self.world, self.claim)
        if other is not None:  # whose slot it is not has nothing found out for it
            return decide(self.claim, snapshot, now, rival=other, policies=policies)
        evidence = await self._evidence(registry, Facts(self.claim, snapshot, now, policies=policies), anew=anew)
        inquiries = Facts(self.claim, snapshot, now, evidence, policies=policies).inquiries
        webhooks.ask_for(self.world, self.key, inquiries)
        return decide(self.claim, snapshot, now, evidence, policies=policies)

    async def _evidence(self, registry: Registry, facts: Facts, *, anew: bool) -> Evidence:
        file = None
        if wants_file(facts) and facts.version is not None:
            file = await self.watch.file(registry, self.claim.spec.model, facts.version)
        wanted, findings = needs(facts), self.watch.findings
        measured = findings.of(wanted)
        if anew and wanted:
            measured = await measure(registry, wanted)
            findings.learn(measured, self.world.now())
        approvals = await said(self.world, self.key, anew=anew) if facts.asks_people else ()
        checked = self.world.settings.approvals == "Count"
        known, replies = self.watch.jobs.get(self.key, {}), webhooks.replies(self.world, facts, anew=anew)
        evidence = Evidence(
            file, measured, approvals, approvers_checked=checked, jobs=known, replies=replies, anew=anew
        )
        facts = replace(facts, evidence=evidence)
        if anew and facts.trials:  # also those that are in nobody's way have begun before the version moves
            self.watch.jobs[self.key] = await jobs.find_out(self.world, facts)
            facts = replace(facts, evidence=replace(facts.evidence, jobs=self.watch.jobs[self.key]))
        ask_for(self.world, self.key, facts, findings.missing(wanted))
        return facts.evidence

    async def _write(self, registry: Registry, snapshot: Snapshot, decision: Decision) -> tuple[Decision, Snapshot]:
        """Write the plan, behind a write to the API server: who has an old copy of the claim stops there."""
        if decision.attempt is None:
            raise RuntimeError("a plan belongs to an attempt")
        status = self.claim.status
        if decision.attempt == status.attempt and decision.gates in (None, tuple(status.gates)):
            # The intent is there already; saying it each time would take turns with what went wrong.
            self.claim = await publish(self.world, self.claim, status, always=True)
        else:
            await self._publish(snapshot, decision)
        wish = Wish.of(self.claim)
        snapshot = await carry_out(registry, wish, decision.plan, snapshot)
        self.watch.learn(snapshot)
        if wish.exclusive and decision.plan.moves:
            snapshot = await self._alone(registry, wish, snapshot)
        after = concluded(self.claim, decision.attempt, wish.tagged, self.world.clock())
        return decide(after, snapshot, self.world.clock(), policies=self.policies), snapshot

    async def _alone(self, registry: Registry, wish: Wish, written: Snapshot) -> Snapshot:
        """The registry after a move into a slot that has one holder; what came in beside ours is archived.

        Raises:
            RegistryUnavailable: What is read is older than what was written: nothing can be said about the slot yet.
        """
        for _ in range(_REPAIRS):
            found = await self._look(registry)
            if is_behind(found, wish.version, written.versions[wish.version].updated):
                message = "MLflow reads an older state than it has written, as from a replica; waiting for it to follow"
                raise RegistryUnavailable("ReadsBehindWrites", message)
            surplus = repair(self.claim.spec.target, wish, found)
            if is_empty(surplus):
                return found
            await carry_out(registry, wish, surplus, found)
        return await self._look(registry)

    async def _publish(self, snapshot: Snapshot, decision: Decision) -> None:
        before = self.claim
        status = compute(before, snapshot, decision, self.world.clock(), telling.reports(self.world, before))
        self.claim = await publish(self.world, before, status)
        _measure(before, self.claim, decision)

    def _settle(self, decision: Decision, snapshot: Snapshot) -> None:
        """The pass went well: what its claim waits for, and what others have to know."""
        if decision.until is not None:
            seconds = (decision.until - self.world.clock()).total_seconds()
            self.rest = min(self.rest, _EARLY * max(seconds, 0.0) + _AFTER)
        if not is_settled(self.claim) and depend_on_labels(self.world, self.claim):
            self.rest = min(self.rest, self.world.settings.registry_poll)
        if is_settled(self.claim):  # its Jobs have done their work
            evidence = Evidence(jobs=self.watch.jobs.get(self.key, {}))
            ask_for(self.world, self.key, Facts(self.claim, snapshot, self.world.clock(), evidence), frozenset())
        self.watch.failed.pop(self.key, None)
        now, poll = self.world.now(), self.world.settings.registry_poll
        every = None if decision.look_again is None else min(decision.look_again, poll)
        self.watch.await_(self.key, self.wish, every, now)
        if (rest := self.watch.rest(now)) is not None:
            self.world.queue.hasten(self.model, rest)
        # What somebody else has found meanwhile is news to this claim too.
        tell(self.world, self.model, but=self.key if snapshot is self.watch.snapshot else None)


def _measure(before: ModelPromotion, after: ModelPromotion, decision: Decision) -> None:
    meta, status = after.metadata, after.status
    held = (after.spec.model, slot_name(after.spec.target), status.current_version) if status.current_version else None
    telemetry.show_slot(meta.namespace, meta.name, held)
    gates = {(gate.name, gate.type, gate.mode, gate.result.value) for gate in status.gates}
    telemetry.show_gates(meta.namespace, meta.name, sorted(gates))
    _measure_waiting(after, decision)
    known = {attempt.number for attempt in before.status.history}
    for attempt in status.history:
        if attempt.number not in known and attempt.result and attempt.finished_at:
            telemetry.ATTEMPTS.labels(attempt.type, attempt.result).inc()
            if attempt.result is AttemptResult.PROMOTED:
                telemetry.ATTEMPT_TIME.observe((attempt.finished_at - attempt.started_at).total_seconds())
    drifted = any(c.type == "InSync" and c.reason == decision.reason for c in before.status.conditions)
    if decision.step is Step.REPORT and not drifted:
        telemetry.DRIFTS.inc()


def _measure_waiting(claim: ModelPromotion, decision: Decision) -> None:
    meta, asked = claim.metadata, claim.status.approval if decision.step is Step.ASK else None
    slot = (claim.spec.model, slot_name(claim.spec.target)) if asked else None
    telemetry.show_asked(meta.namespace, meta.name, slot, asked.since.timestamp() if asked else 0)
