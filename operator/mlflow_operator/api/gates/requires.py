"""What has to be true of a version before it may hold a slot: what the registry says of it."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from mlflow_operator.api.durations import Duration
from mlflow_operator.api.schema import TAG_KEY, ApiModel, Rule, list_map, list_set, rules
from mlflow_operator.api.slots import Slot, Stage


class TagOperator(StrEnum):
    """How a required tag is compared."""

    IN = "In"
    EXISTS = "Exists"
    NOT_EXISTS = "NotExists"


class RequiredTag(ApiModel):
    """A tag that the model version has to carry."""

    key: Annotated[str, Field(min_length=1, max_length=250), rules(TAG_KEY)]
    """Key of the tag."""
    value: Annotated[str, Field(max_length=5000)] | None = None
    """Value of the tag. Unset: any."""
    operator: TagOperator | None = None
    """In (one of values), Exists (with any value), NotExists (the version must not carry it). Unset: as value says."""
    values: Annotated[list[Annotated[str, Field(max_length=250)]], list_set(max_items=16)] = Field(default_factory=list)
    """Values of the tag, one of which it has to have; with In."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.value) || !has(self.operator)",
            "write value alone, or operator: In with values",
            ".value",
        ),
        Rule(
            "(has(self.operator) && self.operator == 'In') == (has(self.values) && self.values.size() > 0)",
            "operator In goes with values, and values go with operator In: {key: a, operator: In, values: [b, c]}",
            ".values",
        ),
    )


class MinSoak(ApiModel):
    """Time that the version has been in another slot without a break."""

    slot: Slot
    """The other slot, of the same model."""
    duration: Duration
    """How long, as in 24h; measured from when the operator has seen it there."""


class Requires(ApiModel):
    """What has to be true of the version before it may hold the slot."""

    current_stage: Annotated[list[Stage], list_set(max_items=4)] = Field(default_factory=list)
    """The version comes from one of these stages; a rollback to an earlier holder need not."""
    signature: bool = False
    """The model has a signature."""
    input_example: bool = False
    """The model has an input example."""
    tags: Annotated[list[RequiredTag], list_map("key", max_items=32)] = Field(default_factory=list)
    """Tags that the version carries."""
    max_age: Duration | None = None
    """The version was registered within so much time, as in 720h."""
    min_soak: MinSoak | None = None
    """The version has been in another slot for so long; a rollback to an earlier holder need not."""
