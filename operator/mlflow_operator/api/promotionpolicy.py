"""PromotionPolicy: what a platform asks of every promotion into certain slots, whoever writes the claim."""

from typing import Annotated, ClassVar

from pydantic import Field

from mlflow_operator.api.gates.gates import PolicyGates
from mlflow_operator.api.gates.requires import Requires
from mlflow_operator.api.gates.rollback import SkipGates
from mlflow_operator.api.meta import Condition, Namespace
from mlflow_operator.api.resource import Column, Names, Resource, condition_path
from mlflow_operator.api.schema import ApiModel, Name, Observed, Rule, list_map, list_set
from mlflow_operator.api.server.promotions import LabelSelector
from mlflow_operator.api.slots import Slot

_MOST = 16

ModelGlob = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^/:]*$")]


class PolicyServer(ApiModel):
    """An MLflowServer of any namespace."""

    name: Name
    """Its name."""
    namespace: Namespace
    """Its namespace."""


class Governs(ApiModel):
    """The claims that a policy is about; all that is written has to fit, and what is left out fits all."""

    models: Annotated[list[ModelGlob], list_set(max_items=_MOST)] = Field(default_factory=list)
    """Names of registered models; * stands for any text, and ? for one character. Unset: every model."""
    slots: Annotated[list[Slot], Field(max_length=_MOST)] = Field(default_factory=list)
    """Slots, one of which the claim writes; the alias that moves along counts too. Unset: every slot."""
    namespaces: LabelSelector | None = None
    """Labels of the namespaces of claims. Unset: every namespace."""
    servers: Annotated[list[PolicyServer], Field(max_length=_MOST)] = Field(default_factory=list)
    """MLflowServers, and whatever other MLflowServer has the same address. Unset: every server."""


class PolicyRollback(ApiModel):
    """What a rollback need not pass of the policy's own gates."""

    skip_gates: SkipGates = Field(default_factory=list)
    """Gates that a rollback may skip, where the claim asks for it too. Unset: none."""


class PromotionPolicySpec(ApiModel):
    """Which claims are governed, and what is asked of them beside what they ask themselves."""

    governs: Governs = Field(default_factory=Governs)
    """The claims that the policy is about. Unset: all of them."""
    requires: Requires = Field(default_factory=Requires)
    """What has to be true of the version, as in a ModelPromotion."""
    gates: PolicyGates = Field(default_factory=PolicyGates)
    """What the version has to prove, and when it may be moved, as in a ModelPromotion."""
    rollback: PolicyRollback = Field(default_factory=PolicyRollback)
    """What a rollback to a version that held the slot lately need not pass."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.requires) || has(self.gates)",
            "a policy that asks for nothing governs nothing: write requires, gates or both",
        ),
        Rule(
            "!has(self.gates) || !has(self.gates.metrics) || self.gates.metrics.all(m, !has(m.job))",
            "jobs are a claim's own: their pods run in its namespace, with its Secrets; take a metric that MLflow has",
            ".gates.metrics",
        ),
        Rule(
            "!has(self.gates) || !has(self.gates.webhooks) || self.gates.webhooks.all(w, !has(w.secretRef))",
            "a policy has no namespace, and so no Secret that its messages could be signed with; leave secretRef out",
            ".gates.webhooks",
        ),
        Rule(
            "!has(self.gates) || !has(self.gates.webhooks) || self.gates.webhooks.all(w, w.type == 'Confirm')",
            "a policy asks, and tells nobody anything: write type: Confirm, or the webhook into the claims",
            ".gates.webhooks",
        ),
    )


class PromotionPolicyStatus(Observed):
    """What was found of the policy."""

    observed_generation: int = -1
    """The metadata.generation that this status was computed from; -1 before the first look."""
    conditions: Annotated[list[Condition], list_map("type", max_items=32)] = Field(default_factory=list)
    """Ready, Stalled."""


class PromotionPolicy(Resource):
    """What a platform asks of every promotion into certain slots, beside what the claims ask themselves."""

    SCOPE: ClassVar[str] = "Cluster"
    NAMES: ClassVar[Names] = Names("PromotionPolicy", "promotionpolicies", "mpp")
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("Models", ".spec.governs.models"),
        Column("Slots", ".spec.governs.slots"),
        Column("Ready", condition_path("Ready")),
        Column("Age", ".metadata.creationTimestamp", "date"),
        Column("Message", condition_path("Ready", "message"), priority=1),
    )

    spec: PromotionPolicySpec
    status: PromotionPolicyStatus = Field(default_factory=PromotionPolicyStatus)
