"""What was found out about versions beside what the registry lists: their files, and what was measured of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlflow_operator.api.gates.gates import GateJob, GateResult
from mlflow_operator.api.promotionapproval import PromotionApproval
from mlflow_operator.promotion.snapshot import ModelVersion


@dataclass(frozen=True)
class ModelFile:
    """What a version's MLmodel file says; it never changes."""

    signature: bool = False
    input_example: bool = False


@dataclass(frozen=True)
class Origin:
    """One version, and what made it: what was measured of another registration, run or logged model does not count."""

    version: str
    created: int
    run: str
    logged_model: str

    @classmethod
    def of(cls, version: ModelVersion) -> "Origin":
        """That of a version as it is registered."""
        return cls(version.version, version.created, version.run, version.logged_model)


@dataclass(frozen=True)
class Need:
    """A metric of a version that a gate has to know."""

    origin: Origin
    metric: str


@dataclass(frozen=True)
class Reading:
    """A value of a metric of a logged model."""

    value: float
    dataset: str = ""
    """Name of the dataset that it was logged for; empty: for none."""


@dataclass(frozen=True)
class Measured:
    """All that MLflow has of a metric of a version; NaN is ``math.nan`` itself, so that two looks are equal."""

    logged: tuple[Reading, ...] = ()
    """Of the logged model: the latest value for each dataset."""
    run: float | None = None
    """Of the run: its latest value."""
    refused: str = ""
    """Why MLflow has not answered."""


@dataclass(frozen=True)
class JobFound:
    """What was found of the Job of a gate: how it ended, or why it has not."""

    result: GateResult
    message: str
    job: GateJob
    observed: str | None = None
    reason: str | None = None
    """Why in one word, where somebody has to help."""


@dataclass(frozen=True)
class Reply:
    """What a webhook answered to a question."""

    result: GateResult
    """Passed, Failed, Waiting, or Error: nobody answered, or not as documented."""
    message: str = ""
    is_allowed: bool = True
    """False where the operator does not call it."""
    after: float | None = field(default=None, compare=False)
    """Seconds until it wants to be asked again; it is no other answer for that."""


@dataclass(frozen=True)
class Evidence:
    """What is known so far; what is not in it was not asked yet."""

    file: ModelFile | None = None
    measured: Mapping[Need, Measured] = field(default_factory=dict)
    approvals: tuple[PromotionApproval, ...] = ()
    """What people have said about the claim, whichever attempt they meant."""
    approvers_checked: bool = False
    """The API server checks who says it; what nobody checks does not count."""
    jobs: Mapping[str, JobFound] = field(default_factory=dict)
    """By the digest of what a Job was made to find out."""
    replies: Mapping[str, Reply] = field(default_factory=dict)
    """Of webhooks, by what each question is known by."""
    anew: bool = False
    """Something is about to be written on it: what another process has found out does not count."""


NOTHING = Evidence()
