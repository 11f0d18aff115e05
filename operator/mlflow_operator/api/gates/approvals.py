"""Approval by people: what a claim asks for, and where it stands."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from mlflow_operator.api.durations import Duration
from mlflow_operator.api.schema import ApiModel, Observed, list_set

UserName = Annotated[str, Field(min_length=1, max_length=253)]


class ApprovalGate(ApiModel):
    """People who have to say yes to exactly this attempt."""

    required: Annotated[int, Field(ge=1, le=10)] = 1
    """How many of them."""
    timeout: Duration = "72h"
    """How long they are waited for, as in 72h."""
    allow_self_approval: bool = False
    """Who asked for the attempt may be one of them."""
    excluded: Annotated[list[UserName], list_set(max_items=32)] = Field(default_factory=list)
    """Users who may not be one of them, by their names: what they approve does not count."""


class ApprovalStatus(Observed):
    """What has to be approved, and by whom it is."""

    digest: str
    """Of exactly this attempt: what a PromotionApproval has to name as its attempt."""
    slots: list[str]
    """The slots that it writes, as a PromotionApproval has to name them."""
    requested_by: str | None = None
    """Who asked for it."""
    request: str | None = None
    """The value of the reassert annotation that asked for it."""
    required: int
    """How many approvals are required."""
    by: list[str] = Field(default_factory=list)
    """Whose approvals count, oldest first."""
    rejected_by: str | None = None
    """Who has rejected it."""
    since: datetime
    """When it was asked for."""
    expires: datetime
    """Until when an approval counts."""
    summary: str
    """How many of how many, and by whom."""
