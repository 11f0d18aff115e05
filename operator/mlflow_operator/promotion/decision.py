"""One look at a claim and at the registry, and what follows from it: the first rule that has an answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mlflow_operator.api.attempt import Attempt, AttemptResult, Plan, Soak
from mlflow_operator.api.gates.approvals import ApprovalStatus
from mlflow_operator.api.gates.gates import GateStatus, WindowStatus
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.promotion.attempt import ended
from mlflow_operator.promotion.facts import Facts
from mlflow_operator.promotion.snapshot import Snapshot
from mlflow_operator.promotion.unmet import Unmet


class Step(StrEnum):
    """What to do next."""

    WRITE = "Write"
    """Write the plan: bring the version into the slot, or tag it."""
    HOLD = "Hold"
    """Nothing: the slot is as the claim says."""
    ONWARD = "Onward"
    """Nothing: the version has gone on to a higher stage, and one version has one stage."""
    REPORT = "Report"
    """Nothing: somebody else has moved the slot, and people are not fought."""
    WAIT = "Wait"
    """Nothing yet: something has to come true first."""
    PAUSE = "Pause"
    """Nothing yet: a person has to look at it and decide."""
    ASK = "Ask"
    """Nothing yet: people have to approve it."""
    CLOSED = "Closed"
    """Nothing yet: a window has to open."""
    REFUSE = "Refuse"
    """Nothing: somebody has to change something."""
    SHOW = "Show"
    """Nothing: a dry run."""
    YIELD = "Yield"
    """Nothing: another claim has the slot."""
    REST = "Rest"
    """Nothing: suspended."""


@dataclass(frozen=True)
class Decision:
    """What to do, why, and the attempt that it belongs to."""

    step: Step
    reason: str
    message: str
    attempt: Attempt | None = None
    """The latest attempt, as it is from now on."""
    left_behind: Attempt | None = None
    """The attempt before it, if this look has ended that."""
    plan: Plan = field(default_factory=Plan)
    """What has to be written, or would have to be."""
    unmet: tuple[Unmet, ...] = ()
    """What is required and not true."""
    blocked: tuple[Unmet, ...] = ()
    """The gates that are in the way."""
    unapproved: tuple[Unmet, ...] = ()
    """People, where they are: those that have to approve, or one who has rejected."""
    gates: tuple[GateStatus, ...] | None = None
    """What came out of each gate; None: as it was when the attempt began."""
    approval: ApprovalStatus | None = None
    """What people are asked for; as the gates, it stays as it was where those do."""
    late: tuple[GateStatus, ...] | None = None
    """The same with what has come since, from gates that were in nobody's way; None: nothing can."""
    window: WindowStatus | None = None
    soak: tuple[Soak, ...] = ()
    """Which versions are in the slots in which they have to spend time first, and since when."""
    until: datetime | None = None
    """When time alone changes something."""
    look_again: float | None = None
    """Seconds until the model is looked at again for the sake of this claim, which waits for something that a list of
    all models does not show; None: it is looked at as all models are."""


Rule = Callable[[Facts], Decision | None]
"""An answer, or None: ask the next rule."""


def first_answer(rules: tuple[Rule, ...], facts: Facts) -> Decision:
    """What the first rule that has an answer says; the last one always has."""
    return next(decision for rule in rules if (decision := rule(facts)) is not None)


def concluded(claim: ModelPromotion, attempt: Attempt, tagged: str | None, now: datetime) -> ModelPromotion:
    """The claim after its plan was written: the attempt is over, and the slot is watched from here on."""
    done = ended(attempt.model_copy(update={"tagged": tagged}), AttemptResult.PROMOTED, now)
    return claim.model_copy(update={"status": claim.status.model_copy(update={"attempt": done})})


def is_behind(snapshot: Snapshot, version: str, written: int) -> bool:
    """Whether a look shows an older state than a write to the version told before it, as a read replica may."""
    found = snapshot.versions.get(version)
    return found is not None and found.updated < written
