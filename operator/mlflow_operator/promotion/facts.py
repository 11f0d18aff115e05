"""Everything that a rule may look at, computed once."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from mlflow_operator.api.attempt import Attempt, Plan, Soak
from mlflow_operator.api.gates.gates import GateJob, GateStatus
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.promotionpolicy import PromotionPolicy
from mlflow_operator.api.slots import Stage
from mlflow_operator.promotion import attempt as attempts
from mlflow_operator.promotion import soak
from mlflow_operator.promotion.conflict import Contender
from mlflow_operator.promotion.evidence import NOTHING, Evidence, Need
from mlflow_operator.promotion.gates import checklist, jobs
from mlflow_operator.promotion.gates.case import Asking, Case
from mlflow_operator.promotion.gates.checklist import Checklist, evaluate
from mlflow_operator.promotion.gates.webhooks import Inquiry
from mlflow_operator.promotion.plan import plan
from mlflow_operator.promotion.policies.demand import Demand, own
from mlflow_operator.promotion.policies.governing import demand
from mlflow_operator.promotion.requirements import Question, age_ends, soak_ends, unmet, unregistered
from mlflow_operator.promotion.snapshot import READY, ModelVersion, Snapshot
from mlflow_operator.promotion.unmet import Unmet
from mlflow_operator.promotion.wish import Wish

_HIGHER = {Stage.NONE: (Stage.STAGING, Stage.PRODUCTION), Stage.STAGING: (Stage.PRODUCTION,)}


@dataclass(frozen=True)
class Facts:
    """A claim, its registry, and what the one says about the other."""

    claim: ModelPromotion
    snapshot: Snapshot
    now: datetime
    evidence: Evidence = NOTHING
    """What was found out beside the registry."""
    rival: Contender | None = None
    """Another claim that has the slot."""
    policies: tuple[PromotionPolicy, ...] = ()
    """What governs the claim."""

    @cached_property
    def demands(self) -> tuple[Demand, ...]:
        """Everything that is asked of the version, by whom."""
        return (own(self.claim), *(demand(policy, self.claim) for policy in self.policies))

    @property
    def has_gates(self) -> bool:
        """Whether the version has to prove anything."""
        return any(demand.has_gates for demand in self.demands)

    @cached_property
    def wish(self) -> Wish:
        """What the claim wants."""
        return Wish.of(self.claim)

    @cached_property
    def version(self) -> ModelVersion | None:
        """The version that is wanted, as it is registered."""
        return self.snapshot.versions.get(self.wish.version)

    @cached_property
    def attempt(self) -> Attempt | None:
        """The attempt for this wish, under way or over; one that is under way is about the version of today."""
        attempt = attempts.of_wish(self.claim)
        if attempt is None or attempt.finished_at or not self.is_anew(attempt):
            return attempt
        return None

    @cached_property
    def left_behind(self) -> Attempt | None:
        """An attempt that was under way for another wish, with its end."""
        latest = self.claim.status.attempt
        if latest is None or latest.finished_at or self.attempt is not None:
            return None
        return attempts.left_behind(latest, self.claim, self.snapshot, self.now)

    @property
    def latest(self) -> Attempt | None:
        """The latest attempt as it stands: one for another wish has ended."""
        return self.attempt or self.left_behind or self.claim.status.attempt

    @cached_property
    def settled(self) -> Attempt | None:
        """The attempt for this wish, if it is over: from now on the slot is watched, not moved."""
        return self.attempt if self.attempt and self.attempt.finished_at else None

    def is_anew(self, attempt: Attempt) -> bool:
        """Whether what has the attempt's number today was registered after it."""
        return self.version is not None and not attempts.is_about(attempt, self.version)

    @cached_property
    def is_onward(self) -> bool:
        """Whether the version is in a higher stage: a version has one stage."""
        stage = self.claim.spec.target.stage
        return self.version is not None and stage is not None and self.version.stage in _HIGHER.get(stage, ())

    @cached_property
    def holders(self) -> list[str]:
        """The versions in the slot, newest first."""
        return self.snapshot.holders(self.claim.spec.target)

    @cached_property
    def left(self) -> Plan:
        """What the slot lacks; tags are no part of it."""
        return plan(self.claim.spec.target, self.wish, self.snapshot, {}) if self.version else Plan()

    @cached_property
    def unmet(self) -> tuple[Unmet, ...]:
        """Everything that keeps the version from the slot."""
        if self.version is None:
            return ()
        asking = self.demands[:1] if self.is_passed else self.demands  # a policy that comes now is for the next attempt
        found = [demand.signed(each) for demand in asking for each in unmet(self._question(demand, self.version))]
        return (*unregistered(self.version), *found)

    def _question(self, demand: Demand, version: ModelVersion) -> Question:
        held = attempts.held_before(self.claim, version) or version.version in self.holders
        entry = soak.of(version.version, demand.requires, self.soaks)
        return Question(demand.requires, version, self.now, held, self.evidence.file, entry)

    @cached_property
    def soaks(self) -> list[Soak]:
        """Which versions are in the slots of ``minSoak``, and since when."""
        return soak.seen(self.claim, self.demands, self.snapshot, self.now)

    @cached_property
    def case(self) -> Case | None:
        """What the gates have to judge; None where they were passed, are not asked, or have nothing to judge yet."""
        if self.version is None or self.settled or self.claim.spec.suspend or self.is_passed:
            return None
        demands = self.demands
        if attempts.rolls_back(self.claim, self.version):
            demands = tuple(demand.of_rollback() for demand in demands)
        number = self.attempt.number if self.attempt else attempts.next_number(self.claim)
        people = Asking(number, self.wish.request, qualified=not self.unmet)
        return Case(self.claim, demands, self.version, self.snapshot, self.evidence, self.now, people)

    @property
    def asks_people(self) -> bool:
        """Whether the decision needs to know what people have said."""
        return self.case is not None and any(demand.gates.approval for demand in self.demands)

    @cached_property
    def trials(self) -> tuple[jobs.Trial, ...]:
        """The Jobs that should be there, or be started as soon as that may be."""
        return jobs.trials(self.case) if self.case else ()

    @cached_property
    def may_validate(self) -> bool:
        """Whether pods may be started for the version: everything that costs none is true and passed."""
        case = self.case
        if case is None or self.unmet or self.is_onward or self.rival is not None:
            return False
        return checklist.may_validate(case)

    @cached_property
    def going_on(self) -> dict[str, GateJob]:
        """By digest the Jobs that were in nobody's way and go on, although the gates are not asked any more."""
        return jobs.pending(self.claim) if self.case is None else {}

    @cached_property
    def late(self) -> tuple[GateStatus, ...] | None:
        """The results of the attempt that is over, where Jobs that were in nobody's way have ended since."""
        return checklist.late(self.claim.status.gates, self.evidence.jobs) if self.settled else None

    @cached_property
    def is_passed(self) -> bool:
        """Whether the attempt under way has passed these gates and brought the version into the slot.

        What is left of it is finished: half a promotion helps nobody.
        """
        attempt = self.attempt
        there = self.version is not None and self.version.version in self.holders
        if attempt is None or not there:
            return False
        ungated = attempt.gated is None and attempt.required is not None and not own(self.claim).has_gates
        return ungated or attempt.gated == self.wish.gated

    @cached_property
    def checklist(self) -> Checklist:
        """What came out of the gates."""
        if self.is_passed:
            status = self.claim.status
            return Checklist(tuple(status.gates), approval=status.approval, over=True)
        return evaluate(self.case) if self.case else Checklist()

    @cached_property
    def inquiries(self) -> tuple[Inquiry, ...]:
        """What webhooks are asked; nothing, while anything is in the way that costs less than somebody's attention."""
        asked = checklist.inquiries(self.case) if self.case else ()
        return () if not asked or self.unmet or self.checklist.is_blocked_here else asked

    @cached_property
    def until(self) -> datetime | None:
        """When time alone changes what keeps the version from the slot."""
        if self.version is None:
            return None
        questions = [self._question(demand, self.version) for demand in self.demands]
        moments = [*map(soak_ends, questions), *map(age_ends, questions), *self.checklist.changes]
        return min((moment for moment in moments if moment and moment > self.now), default=None)


def wants_file(facts: Facts) -> bool:
    """Whether the decision needs to know what the version's file says; before it is ready it has none."""
    wanted = any(demand.requires.signature or demand.requires.input_example for demand in facts.demands)
    ready = facts.version is not None and facts.version.status == READY
    return wanted and ready and facts.settled is None


def needs(facts: Facts) -> frozenset[Need]:
    """The metrics that the decision needs to know."""
    return checklist.needs(facts.case) if facts.case else frozenset()


def questions(facts: Facts) -> frozenset[str]:
    """What the questions to webhooks are known by, whether they are asked already or not."""
    return frozenset(inquiry.known_by for inquiry in checklist.inquiries(facts.case)) if facts.case else frozenset()
