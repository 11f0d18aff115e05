"""ModelPromotion: a standing claim that one version holds one slot of a model registry."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mlflow_operator.api.attempt import Attempt, Plan, Soak
from mlflow_operator.api.gates.approvals import ApprovalStatus
from mlflow_operator.api.gates.gates import Gates, GateStatus, WindowStatus
from mlflow_operator.api.gates.requires import Requires
from mlflow_operator.api.gates.rollback import Rollback
from mlflow_operator.api.gates.webhooks import Untold
from mlflow_operator.api.meta import Condition, LocalRef, Namespace, Workspace
from mlflow_operator.api.resource import Column, Names, Resource, condition_path
from mlflow_operator.api.schema import ApiModel, Observed, Rule, Tags, immutable, list_map, rules
from mlflow_operator.api.slots import ModelVersionNumber, Target

_INSTEAD = "create a new ModelPromotion instead"


class ExistingVersions(StrEnum):
    """What becomes of the other versions in a stage."""

    ARCHIVE = "Archive"
    KEEP = "Keep"


_MODEL_NAME = Rule(
    r"self.matches('\\S') && !self.matches('[/:]|^\\.$|^\\.\\.')",
    "MLflow has no models whose names are blank, have / or : in them, are . or begin with .. ; write the name of a "
    "registered model, such as fraud-scoring",
)


class ServerRef(LocalRef):
    """The MLflowServer, and on it the workspace that has the model."""

    namespace: Namespace | None = None
    """Its namespace, which has to allow it (spec.promotions of the MLflowServer). Unset: the one of this object."""
    workspace: Workspace | None = None
    """MLflow's workspace that has the model. Unset: the one of the MLflowServer, else the server's default."""


class ModelPromotionSpec(ApiModel):
    """The slot, and the version that should hold it."""

    server_ref: Annotated[ServerRef, rules(immutable("serverRef", _INSTEAD))]
    """The MLflowServer, in the same namespace unless it names another."""
    model: Annotated[str, Field(min_length=1, max_length=256), rules(_MODEL_NAME, immutable("model", _INSTEAD))]
    """Name of the registered model."""
    target: Annotated[Target, rules(immutable("target", _INSTEAD))]
    """The slot: a stage or an alias."""
    version: ModelVersionNumber
    """The version that should hold the slot; change it to promote another, put it back to roll back."""
    existing_versions: ExistingVersions | None = None
    """What becomes of the other versions in the stage. Unset: Archive for Staging and Production, else Keep."""
    requires: Requires = Field(default_factory=Requires)
    """What has to be true of the version before it may hold the slot."""
    gates: Gates = Field(default_factory=Gates)
    """What the version has to prove before it may hold the slot, and when it may be moved."""
    rollback: Rollback = Field(default_factory=Rollback)
    """What a rollback to a version that held the slot lately need not pass."""
    tags: Tags = Field(default_factory=dict)
    """Tags that the promoted version gets."""
    dry_run: bool = False
    """Say in status.plan what would be written, and write nothing."""
    suspend: bool = False
    """The operator looks but does not touch."""
    deletion_policy: Literal["Retain"] = "Retain"
    """What becomes of the slot when this object is deleted: it stays as it is."""
    history_limit: Annotated[int, Field(ge=2, le=50)] = 10
    """Attempts kept in status.history; a rollback is known by them."""

    EXPLAINED: ClassVar[tuple[str, ...]] = ("target", "version")
    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule("has(self.target)", "target is missing: write target: {stage: Production} or target: {alias: champion}"),
        Rule("has(self.version)", "version is missing: write the number of a registered version, such as version: 7"),
        Rule(
            "!has(self.existingVersions) || self.existingVersions != 'Archive' || !has(self.target)"
            " || (has(self.target.stage) && self.target.stage in ['Staging', 'Production'])",
            "MLflow archives only for target.stage Staging and Production; leave existingVersions out",
            ".existingVersions",
        ),
        Rule(
            "!has(self.tags) || !has(self.requires) || !has(self.requires.tags) || self.requires.tags.all(t,"
            " !has(t.value) || !(t.key in self.tags) || self.tags[t.key] == t.value)",
            "a tag that is required cannot be set to another value; take it out of tags, or of requires.tags",
            ".tags",
        ),
        Rule(
            "!has(self.tags) || !has(self.requires) || !has(self.requires.tags) || self.requires.tags.all(t,"
            " !has(t.operator) || !(t.key in self.tags) || t.operator == 'Exists'"
            " || (t.operator == 'In' && self.tags[t.key] in t.values))",
            "a tag that requires.tags forbids, or wants with another value, cannot be set; take it out of one of both",
            ".tags",
        ),
        Rule(
            "!has(self.tags) || !('mlflow.talentflow.ai/approved-by' in self.tags)",
            "the operator itself says who has approved a version; write another key",
            ".tags",
        ),
        Rule(
            "!has(self.requires) || !has(self.requires.minSoak) || !has(self.target)"
            " || !(has(self.target.stage) && has(self.requires.minSoak.slot.stage)"
            " && self.target.stage == self.requires.minSoak.slot.stage)"
            " && !(has(self.target.alias) && has(self.requires.minSoak.slot.alias)"
            " && self.target.alias == self.requires.minSoak.slot.alias)",
            "minSoak is time in another slot, before this one; write one that comes before, such as stage: Staging",
            ".requires.minSoak",
        ),
    )


class ModelPromotionStatus(Observed):
    """What was observed of the slot."""

    observed_generation: int = -1
    """The metadata.generation that this status was computed from; -1 before the first look."""
    phase: str | None = None
    """A summary of the conditions in one word; the conditions are the API."""
    slot: str | None = None
    """The slot, as stage/Production or alias/champion."""
    desired_version: str | None = None
    """The version that should hold the slot."""
    current_version: str | None = None
    """The version that MLflow says holds it; absent: none."""
    previous_version: str | None = None
    """The version that held it before, for a rollback."""
    holders: list[str] = Field(default_factory=list)
    """The versions in the slot, newest first, at most 20; more than one only where existingVersions is Keep, or
    somebody else put one there."""
    holder_count: int | None = None
    """How many versions are in the slot, where holders does not name all of them."""
    model_uri: Annotated[str | None, Field(alias="modelURI")] = None
    """The URI to load the current version with."""
    attempt: Attempt | None = None
    """The latest attempt."""
    gates: list[GateStatus] = Field(default_factory=list)
    """What came out of each gate, now or when the attempt began."""
    gate_summary: str | None = None
    """The gates that did not pass, in one line; or how many did."""
    approval: ApprovalStatus | None = None
    """What people have to approve, and who has; as it was when the attempt began, once that is over."""
    window: WindowStatus | None = None
    """Where the windows stand, while a version waits for its slot."""
    soak: list[Soak] = Field(default_factory=list)
    """Which versions were seen in the slot of minSoak, and since when, newest first, at most 20."""
    untold: list[Untold] = Field(default_factory=list)
    """Messages that webhooks have not taken yet, oldest first, at most 32."""
    plan: Plan | None = None
    """What is still to be written; absent: nothing."""
    history: list[Attempt] = Field(default_factory=list)
    """Finished attempts, newest first."""
    conditions: Annotated[list[Condition], list_map("type", max_items=32)] = Field(default_factory=list)
    """Ready, Reconciling, Stalled, Suspended, ConflictFree, VersionResolved, RequirementsMet, GatesPassed, Approved,
    Promoted, InSync, Told."""


class ModelPromotion(Resource):
    """A standing claim that one version of a registered model holds one slot: a stage or an alias."""

    NAMES: ClassVar[Names] = Names("ModelPromotion", "modelpromotions", "mp")
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("Model", ".spec.model"),
        Column("Slot", ".status.slot"),
        Column("Desired", ".status.desiredVersion"),
        Column("Current", ".status.currentVersion"),
        Column("Phase", ".status.phase"),
        Column("Ready", condition_path("Ready")),
        Column("Age", ".metadata.creationTimestamp", "date"),
        Column("Previous", ".status.previousVersion", priority=1),
        Column("Gates", ".status.gateSummary", priority=1),
        Column("Approvals", ".status.approval.summary", priority=1),
        Column("Next-Open", ".status.window.nextOpen", priority=1),
        Column("Message", condition_path("Ready", "message"), priority=1),
    )
    SELECTABLE: ClassVar[tuple[str, ...]] = (".spec.model", ".spec.serverRef.name")

    spec: ModelPromotionSpec
    status: ModelPromotionStatus = Field(default_factory=ModelPromotionStatus)

    @property
    def server_namespace(self) -> str:
        """The namespace of its MLflowServer."""
        return self.spec.server_ref.namespace or self.metadata.namespace
