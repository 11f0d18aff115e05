"""Gates: what a version has to prove before it may hold a slot, and what was found."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, WithJsonSchema

from mlflow_operator.api.attempt import Word
from mlflow_operator.api.gates.approvals import ApprovalGate
from mlflow_operator.api.gates.jobs import JobGates
from mlflow_operator.api.gates.pods import GateName
from mlflow_operator.api.gates.webhooks import Webhook, WebhookType
from mlflow_operator.api.gates.windows import Mode, Windows
from mlflow_operator.api.schema import ApiModel, Observed, Rule, exactly_one, list_map, rules
from mlflow_operator.api.slots import Alias, ModelVersionNumber

MetricName = Annotated[
    str,
    Field(min_length=1, max_length=250),
    rules(Rule(r"self.matches('\\S')", "write the name of a metric, as it was logged, such as val_auc")),
]


class Source(StrEnum):
    """Where a metric was logged."""

    AUTO = "Auto"
    LOGGED_MODEL = "LoggedModel"
    RUN = "Run"
    JOB = "Job"


class Missing(StrEnum):
    """What follows where there is no such metric."""

    FAIL = "Fail"
    INCONCLUSIVE = "Inconclusive"
    SKIP = "Skip"


class Direction(StrEnum):
    """Which value is the better one."""

    HIGHER = "Higher"
    LOWER = "Lower"


class Unit(StrEnum):
    """How an improvement is counted."""

    ABSOLUTE = "Absolute"
    PERCENT = "Percent"


class NoBaseline(StrEnum):
    """What follows where there is no version to compare with."""

    PASS = "Pass"
    FAIL = "Fail"
    INCONCLUSIVE = "Inconclusive"


_DATASET = Rule(
    "!has(self.dataset) || !has(self.source) || !(self.source in ['Run', 'Job'])",
    "metrics of a run or of a Job are of no dataset; leave source out, or write source: LoggedModel",
    ".dataset",
)


class Measure(ApiModel):
    """A metric, and where it is read."""

    name: GateName
    """Name of the gate."""
    metric: MetricName
    """Name of the metric, as it was logged."""
    source: Source = Source.AUTO
    """Auto: the version's logged model, else its run; Job: what the Job of another gate has reported."""
    dataset: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    """Name of the dataset that it was logged for. Unset: the metric has to be there once, for whichever."""
    missing: Missing = Missing.FAIL
    """What follows where the metric is not there, or not for the dataset."""
    mode: Mode = Mode.ENFORCE
    """DryRun: measured and shown, and in nobody's way."""


class MetricGate(Measure):
    """A metric of the version within bounds."""

    min: float | None = None
    """The least that it may be."""
    max: float | None = None
    """The most that it may be."""
    job: GateName | None = None
    """Name of the gate under jobs that reports the metric, with source Job."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule("has(self.min) || has(self.max)", "a metric needs a bound: write min, max or both"),
        Rule("!has(self.min) || !has(self.max) || self.min <= self.max", "min is more than max: exchange them", ".min"),
        Rule(
            "(has(self.source) && self.source == 'Job') == has(self.job)",
            "source Job goes with the name of a gate under jobs, and job goes with source: Job",
            ".job",
        ),
        _DATASET,
    )


class Baseline(ApiModel):
    """The version to compare with."""

    alias: Alias | None = None
    """The version that an alias points to."""
    version: ModelVersionNumber | None = None
    """This version."""

    RULES: ClassVar[tuple[Rule, ...]] = (exactly_one("alias", "version"),)


class Comparison(Measure):
    """A metric of the version, compared with that of another version."""

    baseline: Baseline | None = None
    """The version to compare with. Unset: the one that holds the slot."""
    direction: Direction = Direction.HIGHER
    """Which value is the better one."""
    min_improvement: float = 0
    """By how much it has to be better; less than 0: by how much it may be worse."""
    unit: Unit = Unit.ABSOLUTE
    """How that is counted: Percent is of the other version's value."""
    no_baseline: NoBaseline = NoBaseline.PASS
    """What follows where there is no version to compare with."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.source) || self.source != 'Job'",
            "a Job reports on one version; have it compare with BASELINE_URI itself, or ask for it under metrics",
            ".source",
        ),
        _DATASET,
    )


class PolicyGates(ApiModel):
    """What a version has to prove before it may hold the slot, and when it may, whoever asks for it."""

    metrics: Annotated[list[MetricGate], list_map("name", max_items=32)] = Field(default_factory=list)
    """Metrics within bounds."""
    comparisons: Annotated[list[Comparison], list_map("name", max_items=32)] = Field(default_factory=list)
    """Metrics, compared with those of another version."""
    webhooks: Annotated[list[Webhook], list_map("name", max_items=8)] = Field(default_factory=list)
    """Services that are asked whether the version may be moved, or told what has become of it."""
    approval: ApprovalGate | None = None
    """People who have to approve the attempt."""
    windows: Windows | None = None
    """When the version may be moved."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.metrics) || !has(self.comparisons)"
            " || self.metrics.all(m, !self.comparisons.exists(c, c.name == m.name))",
            "two gates have the same name; give each a name of its own",
            ".comparisons",
        ),
        Rule(
            "!has(self.webhooks) || self.webhooks.all(w,"
            " (!has(self.metrics) || !self.metrics.exists(m, m.name == w.name))"
            " && (!has(self.comparisons) || !self.comparisons.exists(c, c.name == w.name)))",
            "two gates have the same name; give each a name of its own",
            ".webhooks",
        ),
    )

    @property
    def confirmations(self) -> list[Webhook]:
        """The webhooks that are gates."""
        return [webhook for webhook in self.webhooks if webhook.type is WebhookType.CONFIRM]

    @property
    def listeners(self) -> list[Webhook]:
        """The webhooks that are told something."""
        return [webhook for webhook in self.webhooks if webhook.type is not WebhookType.CONFIRM]


class Gates(PolicyGates):
    """The same with pods, which run in the namespace of the claim, with its Secrets: no policy asks for them."""

    jobs: JobGates = Field(default_factory=list)
    """Pods that validate the version, after everything that is cheaper to ask."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        *PolicyGates.RULES,
        Rule(
            "!has(self.jobs) || self.jobs.all(j, (!has(self.metrics) || !self.metrics.exists(m, m.name == j.name))"
            " && (!has(self.comparisons) || !self.comparisons.exists(c, c.name == j.name))"
            " && (!has(self.webhooks) || !self.webhooks.exists(w, w.name == j.name)))",
            "two gates have the same name; give each a name of its own",
            ".jobs",
        ),
        Rule(
            "!has(self.metrics) || self.metrics.all(m, !has(m.job)"
            " || (has(self.jobs) && self.jobs.exists(j, j.name == m.job)))",
            "job names no gate under jobs; correct it",
            ".metrics",
        ),
    )


class GateResult(Word):
    """What came out of a gate."""

    PASSED = "Passed"
    FAILED = "Failed"
    INCONCLUSIVE = "Inconclusive"
    ERROR = "Error"
    WAITING = "Waiting"
    SKIPPED = "Skipped"


class GateJob(Observed):
    """The Job of a gate."""

    name: str
    """Name of the Job."""
    tries: int
    """How many Jobs there have been, one after an error of the one before."""
    finished_at: datetime | None = None
    """When it ended."""
    metrics: dict[str, float] = Field(default_factory=dict)
    """What it has reported."""


class GateStatus(Observed):
    """What came out of one gate."""

    name: str
    """Name of the gate; that of windows is window, that of approval is approval."""
    type: str
    """Metric, Comparison, Job, Webhook, Approval or Window."""
    mode: str
    """Enforce or DryRun."""
    result: Annotated[GateResult, WithJsonSchema({"type": "string"})]
    """Passed, Failed, Inconclusive (a person has to decide), Error (nobody could be asked), Waiting, Skipped."""
    reason: str | None = None
    """Why, in one CamelCase word, where somebody has to help; absent: the result says it."""
    observed: str | None = None
    """What was found."""
    expected: str | None = None
    """What it has to be."""
    message: str
    """What was found, what was expected and what to do."""
    origin: Annotated[str, Field(alias="from")]
    """Who asks for it: spec."""
    digest: str | None = None
    """Of the gate and of the versions that were measured; another one is measured anew."""
    job: GateJob | None = None
    """The Job that finds it out, of a gate that is one."""


class WindowStatus(Observed):
    """Where the windows stand, while a version waits for its slot."""

    open: bool
    """Whether the version may be moved now."""
    next_open: datetime | None = None
    """When they open next."""
    next_close: datetime | None = None
    """When they close next."""
