"""Slots of a model registry: stages, aliases, and the versions that hold them."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from mlflow_operator.api.schema import ApiModel, Rule, exactly_one, rules


class Stage(StrEnum):
    """The stages of MLflow's registry."""

    NONE = "None"
    STAGING = "Staging"
    PRODUCTION = "Production"
    ARCHIVED = "Archived"


_VERSION_SCHEMA = {
    "x-kubernetes-int-or-string": True,
    "maxLength": 9,  # binds strings only
    "minimum": 1,  # these two bind integers only
    "maximum": 999999999,  # MLflow keeps the version in a 32-bit column
    "x-kubernetes-validations": [
        Rule(
            "type(self) == int || self.matches('^[1-9][0-9]{0,8}$')",
            "write the number of a registered version, such as 7 or '7'",
        ).schema()
    ],
}
ModelVersionNumber = Annotated[str, BeforeValidator(str), WithJsonSchema(_VERSION_SCHEMA)]
"""A version as MLflow names it: decimal digits. YAML integers are accepted."""

Alias = Annotated[
    str,
    Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9_-]+$"),
    rules(
        Rule(
            "!self.matches('^(?i:latest|v[0-9]+)$')",
            "latest and v<number> are reserved by MLflow; choose another alias, such as champion",
        )
    ),
]


class Slot(ApiModel):
    """A stage or an alias of the same model."""

    stage: Stage | None = None
    """A stage of the registry."""
    alias: Alias | None = None
    """An alias of the model."""

    RULES: ClassVar[tuple[Rule, ...]] = (exactly_one("stage", "alias"),)


class Target(ApiModel):
    """The slot: a stage or an alias."""

    stage: Stage | None = None
    """A stage of the registry."""
    alias: Alias | None = None
    """An alias of the model."""
    mirror_alias: Alias | None = None
    """An alias that moves together with the stage: the bridge from stages to aliases."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.stage) != has(self.alias)",
            "write a stage or an alias: {stage: Production} or {alias: champion}",
        ),
        Rule(
            "!has(self.mirrorAlias) || has(self.stage)",
            "mirrorAlias goes with a stage; with an alias, create a second ModelPromotion",
            ".mirrorAlias",
        ),
    )
