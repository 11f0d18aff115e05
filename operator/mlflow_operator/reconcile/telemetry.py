"""What is measured of the objects themselves; series leave with their object."""

from prometheus_client import Counter, Gauge, Histogram

from mlflow_operator.engine.telemetry import REGISTRY

READY = Gauge(
    "mlflow_operator_ready",
    "Ready of an object: 1, 0, or -1 for unknown.",
    ["kind", "namespace", "name"],
    registry=REGISTRY,
)
PROMOTION = Gauge(
    "modelpromotion_info",
    "The version that holds a slot, as the registry says.",
    ["namespace", "name", "model", "slot", "version"],
    registry=REGISTRY,
)
ATTEMPTS = Counter("modelpromotion_attempts", "Finished attempts.", ["type", "result"], registry=REGISTRY)
ATTEMPT_TIME = Histogram(
    "modelpromotion_duration_seconds",
    "From the intent to the version seen in the slot.",
    buckets=(1, 2, 5, 10, 30, 60, 300, 3600),
    registry=REGISTRY,
)
DRIFTS = Counter("modelpromotion_drift", "Times that somebody else moved a slot.", registry=REGISTRY)
EVENTS_LOST = Counter("mlflow_operator_events_lost", "Kubernetes Events that could not be written.", registry=REGISTRY)

Labels = tuple[str, ...]


class Shown:
    """The series of a gauge by the object that they are about: one each, found without looking through all of them."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._labels: dict[Labels, Labels] = {}

    def show(self, of: Labels, labels: Labels | None, value: float = 1) -> None:
        """Let an object have the series with these labels, or none, instead of the one before."""
        before = self._labels.pop(of, None)
        if before is not None and before != labels:
            self._gauge.remove(*before)
        if labels is not None:
            self._gauge.labels(*labels).set(value)
            self._labels[of] = labels


_READY, _SLOTS = Shown(READY), Shown(PROMOTION)


def show_slot(namespace: str, name: str, slot: tuple[str, str, str] | None) -> None:
    """Say which version holds a claim's slot (model, slot, version); None: nobody knows, or the claim is gone."""
    _SLOTS.show((namespace, name), (namespace, name, *slot) if slot else None)


def show_ready(kind: str, namespace: str, name: str, status: str | None) -> None:
    """Say whether an object is ready (True, False, Unknown); None: it is gone."""
    of = (kind, namespace, name)
    _READY.show(of, of if status else None, {"True": 1.0, "False": 0.0}.get(status or "", -1.0))
