"""PromotionApproval: one person's word on one attempt of a ModelPromotion."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from mlflow_operator.api.meta import LocalRef
from mlflow_operator.api.resource import Column, Names, Resource
from mlflow_operator.api.schema import ApiModel, Rule, list_set, rules

_ATTEMPT = Rule(
    "self.matches('^[0-9a-f]{64}$')",
    "an approval is of exactly one attempt; copy status.approval.digest of the ModelPromotion",
)
_SLOT = Rule(
    "self.matches('^(production|staging|archived|none|alias-[A-Za-z0-9_-]+)$')",
    "write a slot as in status.approval.slots of the ModelPromotion, such as production or alias-champion",
)


class Decision(StrEnum):
    """What somebody says."""

    APPROVE = "Approve"
    REJECT = "Reject"


class PromotionRef(LocalRef):
    """The ModelPromotion, and no other that is created under its name."""

    uid: Annotated[str, Field(min_length=1, max_length=64, pattern="^[A-Za-z0-9-]+$")]
    """Its metadata.uid."""


class PromotionApprovalSpec(ApiModel):
    """Who says what about which attempt."""

    promotion_ref: PromotionRef
    """The ModelPromotion, in the same namespace."""
    slots: Annotated[list[Annotated[str, Field(max_length=262), rules(_SLOT)]], list_set(max_items=2)] = Field(
        min_length=1
    )
    """Every slot that it writes, as in its status.approval.slots: a right on each of them is asked for."""
    attempt: Annotated[str, Field(max_length=64), rules(_ATTEMPT)]
    """The attempt, as in its status.approval.digest."""
    decision: Decision
    """What is said."""
    approver: Annotated[str, Field(min_length=1, max_length=480)]
    """Who says it: the user name of whoever creates this object."""
    reason: Annotated[str, Field(max_length=1024)] | None = None
    """Why."""

    EXPLAINED: ClassVar[tuple[str, ...]] = ("attempt",)
    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule("self == oldSelf", "an approval cannot be changed; delete it, and create another"),
        Rule("has(self.attempt)", "attempt is missing: copy status.approval.digest of the ModelPromotion"),
        Rule(
            r"self.decision != 'Reject' || (has(self.reason) && self.reason.matches('\\S'))",
            "say why: who asked for it has to know what to change",
            ".reason",
        ),
    )


class PromotionApproval(Resource):
    """One person's word on one attempt of a ModelPromotion; it never changes."""

    NAMES: ClassVar[Names] = Names("PromotionApproval", "promotionapprovals", "mpa")
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("Promotion", ".spec.promotionRef.name"),
        Column("Decision", ".spec.decision"),
        Column("Approver", ".spec.approver"),
        Column("Age", ".metadata.creationTimestamp", "date"),
        Column("Attempt", ".spec.attempt", priority=1),
        Column("Reason", ".spec.reason", priority=1),
    )
    SELECTABLE: ClassVar[tuple[str, ...]] = (".spec.promotionRef.name",)

    spec: PromotionApprovalSpec

    @property
    def made(self) -> datetime:
        """When the API server has taken it; never, where that is not known."""
        return self.metadata.creation_timestamp or datetime.max.replace(tzinfo=UTC)
