"""Everything that a rule may look at, computed once."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from mlflow_operator.api.attempt import Attempt, Plan
from mlflow_operator.api.modelpromotion import ModelPromotion, Stage
from mlflow_operator.promotion import attempt as attempts
from mlflow_operator.promotion.conflict import Contender
from mlflow_operator.promotion.plan import plan
from mlflow_operator.promotion.requirements import Question, Unmet, unmet
from mlflow_operator.promotion.snapshot import READY, ModelVersion, Snapshot
from mlflow_operator.promotion.wish import Wish

_HIGHER = {Stage.NONE: (Stage.STAGING, Stage.PRODUCTION), Stage.STAGING: (Stage.PRODUCTION,)}


@dataclass(frozen=True)
class Facts:
    """A claim, its registry, and what the one says about the other."""

    claim: ModelPromotion
    snapshot: Snapshot
    now: datetime
    signature: bool | None = None
    """Whether the version has one; None where nobody asked."""
    rival: Contender | None = None
    """Another claim that has the slot."""

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
        held = attempts.held_before(self.claim, self.version)
        return tuple(unmet(Question(self.claim.spec, self.snapshot, self.version, held, self.signature)))


def wants_signature(facts: Facts) -> bool:
    """Whether the decision needs to know if the version has a signature; before it is ready it has no files."""
    ready = facts.version is not None and facts.version.status == READY
    return facts.claim.spec.requires.signature and ready and facts.settled is None
