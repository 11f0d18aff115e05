"""How many pods of an MLflowServer may be missing while nodes are drained."""

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from mlflow_operator.api.schema import ApiModel, Rule, exactly_one

_COUNT_SCHEMA: dict[str, Any] = {
    "x-kubernetes-int-or-string": True,
    "maxLength": 4,  # binds strings only
    "minimum": 0,  # these two bind integers only
    "maximum": 100,
    "x-kubernetes-validations": [
        Rule(
            "type(self) == int || self.matches('^([0-9]|[1-9][0-9]|100)%$')",
            "write a number of pods, such as 1, or a share of them, such as 50%",
        ).schema()
    ],
}


def _count(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdigit() else value


PodCount = Annotated[int | str, BeforeValidator(_count), WithJsonSchema(_COUNT_SCHEMA)]
"""A number of pods, or a percentage of them as text."""


class PodDisruptionBudget(ApiModel):
    """How many pods may be missing while nodes are drained: exactly one member."""

    min_available: PodCount | None = Field(default=None)
    """Pods that stay, as a number or a percentage."""
    max_unavailable: PodCount | None = Field(default=None)
    """Pods that may be missing, as a number or a percentage."""

    RULES: ClassVar[tuple[Rule, ...]] = (exactly_one("minAvailable", "maxUnavailable"),)
