"""How the metrics of an MLflowServer's own pods are read."""

from typing import Annotated

from pydantic import Field

from mlflow_operator.api.schema import ApiModel, Labels, Rule
from mlflow_operator.api.server.pods import Resources

_INTERVAL = r"^(0|(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$"


class PodMonitor(ApiModel):
    """A PodMonitor of the Prometheus operator, by which Prometheus finds the pods."""

    interval: Annotated[str, Field(min_length=1, max_length=16, pattern=_INTERVAL)] | None = None
    """How often the metrics are read, as in 30s. Unset: as often as Prometheus reads others."""
    labels: Labels = Field(default_factory=dict)
    """More labels of the PodMonitor, such as those by which a Prometheus chooses what it reads."""


class Monitoring(ApiModel):
    """Metrics of MLflow's own, at a port of each pod that neither the Service nor a route leads to."""

    pod_monitor: PodMonitor | None = None
    """A PodMonitor of the Prometheus operator. Unset: there is none."""
    resources: Resources = Field(default_factory=Resources)
    """Compute resources of the container that shows them."""


BESIDE_METRICS = Rule(
    "!has(self.monitoring) || ("
    + " && ".join(
        f"(!has(self.{field}) || self.{field}.all(x, x.name != 'metrics'))"
        for field in ("sidecars", "initContainers", "volumes")
    )
    + ")",
    "with monitoring, metrics is a container and a volume of the operator's own; choose another name",
)
"""On a server; who has a container of this name already keeps it, as long as the operator has none."""
