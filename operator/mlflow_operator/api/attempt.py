"""What a promotion has to write, and what is remembered of the attempt to write it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, WithJsonSchema

from mlflow_operator.api.schema import Observed


class Move(Observed):
    """A version that changes its stage."""

    version: str
    """The version."""
    from_stage: str
    """The stage that it is in."""
    to_stage: str
    """The stage that it moves to."""


class AliasMove(Observed):
    """An alias that changes its version."""

    name: str
    """The alias."""
    from_version: str | None = None
    """The version that it points to; absent: none."""
    to_version: str
    """The version that it moves to."""


class Plan(Observed):
    """What has to be written to MLflow so that the version holds the slot."""

    moves: list[Move] = Field(default_factory=list)
    """Versions that change their stage; those that are archived too."""
    aliases: list[AliasMove] = Field(default_factory=list)
    """Aliases that change their version."""
    tags: dict[str, str] = Field(default_factory=dict)
    """Tags that the version gets."""


class Word(StrEnum):
    """A word of a status. Another release may have written another one, which is kept as it is, never stumbled over."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        word = str.__new__(cls, value)
        word._name_ = word._value_ = value
        return word


_WORD = WithJsonSchema({"type": "string"})
"""No enum in the schema: a status of another release has to stay writable."""


class AttemptType(Word):
    """Why an attempt was made."""

    PROMOTE = "Promote"
    ROLLBACK = "Rollback"
    REASSERT = "Reassert"
    ADOPT = "Adopt"


class AttemptResult(Word):
    """How an attempt ended."""

    PROMOTED = "Promoted"
    ONWARD = "Onward"
    SUPERSEDED = "Superseded"


class Attempt(Observed):
    """One try to bring the version into the slot: the intent, written before MLflow is touched, then the result.

    All that the operator remembers of a claim is here, and in what it has seen of a soak.
    """

    number: int
    """Counts up from 1."""
    digest: str
    """Of what the claim wanted: version and existingVersions."""
    request: str | None = None
    """The value of the reassert annotation that asked for it."""
    type: Annotated[AttemptType, _WORD]
    """Promote, Rollback (to an earlier holder), Reassert (of the latest), Adopt (the version held the slot already)."""
    from_version: str | None = None
    """The version that held the slot."""
    to_version: str
    """The version that should hold it."""
    registered_at: datetime | None = None
    """When that version was registered; one that is registered anew under its number is another one."""
    required: str | None = None
    """Digest of spec.requires as it was asked; absent: nothing was asked."""
    gated: str | None = None
    """Digest of spec.gates as they were passed; absent: there were none."""
    policies: list[str] = Field(default_factory=list)
    """The policies that were asked too, each as name@generation."""
    approved_by: list[str] = Field(default_factory=list)
    """Who has approved it, where that was asked for."""
    tagged: str | None = None
    """Digest of spec.tags as they were written last; absent: none were."""
    started_at: datetime
    """When the intent was written."""
    finished_at: datetime | None = None
    """When it ended; absent while the attempt is under way."""
    result: Annotated[AttemptResult | None, _WORD] = None
    """Promoted (it was brought into the slot, or seen there), Onward (it was in a higher stage already), Superseded (by
    another wish, before that); absent while the attempt is under way."""
    onward_at: datetime | None = None
    """When the version was seen in a higher stage, where its time in this slot is over."""


class Soak(Observed):
    """A version in the slot of minSoak, as far as the operator has seen."""

    slot: str | None = None
    """The slot, as stage/Staging."""
    version: str
    """The version."""
    changed_at: datetime | None = None
    """When MLflow says it changed last; another moment begins the time anew, since it may have been away."""
    since: datetime
    """When the operator saw it there first."""
