"""What the service answers: values that never change. Times are milliseconds since 1970, as MLflow counts them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NotRequired, TypedDict

from mlflow_operator.model_registry.errors import Invalid

Version = int | str
"""A version as callers write it: 7 or "7"."""

STAGES = ("None", "Staging", "Production", "Archived")
SINGLE = ("Staging", "Production")
"""Stages that have one holder, unless somebody wants more."""


@dataclass(frozen=True)
class Slot:
    """A stage or an alias of a model."""

    kind: Literal["stage", "alias"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


def slot(stage: str | None, alias: str | None) -> Slot | None:
    """The slot that is meant; None where neither is given.

    Raises:
        Invalid: Both are given, or there is no such stage.
    """
    if stage is not None and alias is not None:
        raise Invalid(f"stage {stage!r} and alias {alias!r} are both given; a slot is one of them")
    if alias is not None:
        return Slot("alias", alias)
    if stage is None:
        return None
    found = next((known for known in STAGES if known.lower() == stage.lower()), None)
    if found is None:
        raise Invalid(f"there is no stage {stage!r}; the stages are {', '.join(STAGES)}")
    return Slot("stage", found)


def number(version: Version) -> int:
    """A version as a number.

    Raises:
        Invalid: It is none.
    """
    if isinstance(version, bool) or not str(version).isascii() or not str(version).isdigit() or int(version) < 1:
        raise Invalid(f"{version!r} is no version; write its number, such as 7")
    return int(version)


@dataclass(frozen=True)
class ModelVersion:
    """One version of a registered model."""

    model: str
    version: int
    stage: str
    status: str
    """READY, PENDING_REGISTRATION or FAILED_REGISTRATION."""
    status_message: str
    run_id: str | None
    logged_model: str | None
    """Id of the logged model that it was registered from, with MLflow 3."""
    source: str
    """Where its files are."""
    created: int
    updated: int
    aliases: tuple[str, ...] = ()
    """Those that point to it; MLflow's lists of versions do not have them."""
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True)
class RegisteredModel:
    """A registered model."""

    name: str
    description: str
    tags: Mapping[str, str]
    aliases: Mapping[str, int]
    """The version that each alias points to."""
    stages: Mapping[str, int]
    """The newest version in each stage that has one, as MLflow resolves ``models:/name/Stage``."""
    created: int
    updated: int

    @property
    def latest_version(self) -> int | None:
        """The newest version; None where there is none."""
        return max(self.stages.values(), default=None)


@dataclass(frozen=True)
class Dataset:
    """Data that a run has used."""

    name: str
    digest: str
    context: str
    """What for, such as training; empty where it was not said."""

    def __str__(self) -> str:
        return f"{self.name}@{self.digest}" + (f" ({self.context})" if self.context else "")


@dataclass(frozen=True)
class Run:
    """What a run has logged."""

    run_id: str
    artifact_uri: str
    metrics: Mapping[str, float]
    """The last value of each."""
    params: Mapping[str, str]
    tags: Mapping[str, str]
    datasets: tuple[Dataset, ...]
    logged_models: tuple[str, ...]
    """Ids of the models that it has logged with MLflow 3, in their order."""


@dataclass(frozen=True)
class LoggedModel:
    """A model as MLflow 3 keeps it beside its run."""

    model_id: str
    name: str
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Point:
    """One value of a metric."""

    step: int
    time: int
    value: float


@dataclass(frozen=True)
class Promotion:
    """What became of a promotion: the version holds the slot."""

    model: str
    version: int
    slot: str
    """As ``stage/Production`` or ``alias/champion``."""
    previous: tuple[int, ...]
    """The versions that held it before, newest first."""
    changed: bool
    """Whether something was written; not where the version held the slot already."""
    via: Literal["mlflow", "kubernetes"]
    claim: str = ""
    """The claim that has moved it, as namespace/name."""


class Health(TypedDict):
    """Whether MLflow answers."""

    status: Literal["healthy", "unhealthy"]
    server: str
    """Its URL, without a login; empty where none is named."""
    seconds: float
    """How long the answer took."""
    version: NotRequired[str]
    """MLflow's release, where it is told."""
    error: NotRequired[str]
    """What is wrong, and what to do."""
    reason: NotRequired[str]
    """The name of the error's class."""
