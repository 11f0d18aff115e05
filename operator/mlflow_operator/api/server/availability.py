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


Percentage = Annotated[int, Field(ge=1, le=1000)]
"""Of what the pods request; it may be more than all of it, where their limits are higher."""


class Autoscaling(ApiModel):
    """A HorizontalPodAutoscaler of the server, which owns ``spec.replicas`` from then on."""

    min_replicas: Annotated[int, Field(ge=1, le=100)] = 1
    """Pods that there are at least."""
    max_replicas: Annotated[int, Field(ge=1, le=100)]
    """Pods that there are at most."""
    target_cpu_utilization_percentage: Annotated[Percentage | None, Field(alias="targetCPUUtilizationPercentage")] = (
        None
    )
    """CPU that the pods use on average, of what they request. Unset: 80, where no memory is set either."""
    target_memory_utilization_percentage: Percentage | None = None
    """Memory that the pods use on average, of what they request. Unset: it does not count."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(has(self.minReplicas) ? self.minReplicas : 1) <= self.maxReplicas",
            "minReplicas is more than maxReplicas; write one that is not",
            ".minReplicas",
        ),
    )
