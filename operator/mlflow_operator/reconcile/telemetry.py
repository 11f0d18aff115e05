"""What is measured of the objects themselves; series leave with their object."""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from mlflow_operator.engine.telemetry import REGISTRY

ATTEMPTS = Counter("modelpromotion_attempts", "Finished attempts.", ["type", "result"], registry=REGISTRY)
ATTEMPT_TIME = Histogram(
    "modelpromotion_duration_seconds",
    "From the intent to the version seen in the slot.",
    buckets=(1, 2, 5, 10, 30, 60, 300, 3600),
    registry=REGISTRY,
)
DRIFTS = Counter("modelpromotion_drift", "Times that somebody else moved a slot.", registry=REGISTRY)
WEBHOOK_CALLS = Counter(
    "modelpromotion_webhook_calls", "Calls to webhooks, by what came back.", ["type", "result"], registry=REGISTRY
)
EVENTS_LOST = Counter("mlflow_operator_events_lost", "Kubernetes Events that could not be written.", registry=REGISTRY)

Labels = tuple[str, ...]


class Series(Collector):
    """A gauge of the objects themselves: one series each, or as many as one of them has parts.

    A gauge of the library's takes a kilobyte for each of them, and there are as many as objects.
    """

    def __init__(self, name: str, says: str, labels: Sequence[str]) -> None:
        self._about = (name, says, labels)
        self._shown: dict[Labels, tuple[tuple[Labels, ...], float]] = {}
        REGISTRY.register(self)

    def show(self, of: Labels, *labels: Labels, value: float = 1) -> None:
        """Let an object have the series with these labels, or none, instead of those before."""
        if labels:
            self._shown[of] = (labels, value)
        else:
            self._shown.pop(of, None)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What a scrape gets."""
        name, says, labels = self._about
        family = GaugeMetricFamily(name, says, labels=labels)
        for shown, value in self._shown.values():
            for series in shown:
                family.add_metric(series, value)
        yield family


_READY = Series("mlflow_operator_ready", "Ready of an object: 1, 0, or -1 for unknown.", ["kind", "namespace", "name"])
_SLOTS = Series(
    "modelpromotion_info",
    "The version that holds a slot, as the registry says.",
    ["namespace", "name", "model", "slot", "version"],
)

_ASKED = Series(
    "modelpromotion_approval_requested_timestamp_seconds",
    "Since when a claim waits for people to approve it.",
    ["namespace", "name", "model", "slot"],
)

_CERTIFICATES = Series(
    "mlflow_operator_server_certificate_expiry_timestamp_seconds",
    "When the certificate of a server's pods ends.",
    ["namespace", "name"],
)

_BACKUPS = [
    Series(f"mlflow_operator_server_backup_{what}", f"Of the latest backup of a server: {says}.", ["namespace", "name"])
    for what, says in (
        ("timestamp_seconds", "when it was begun, in Unix time"),
        ("duration_seconds", "how long it took"),
        ("bytes", "how much it is a copy of"),
        ("stored_bytes", "how much it has added to the place"),
    )
]

_GATES = Series(
    "modelpromotion_gate",
    "What has come out of a gate of a claim.",
    ["namespace", "name", "gate", "type", "mode", "result"],
)


def show_slot(namespace: str, name: str, slot: tuple[str, str, str] | None) -> None:
    """Say which version holds a claim's slot (model, slot, version); None: nobody knows, or the claim is gone."""
    _SLOTS.show((namespace, name), *([(namespace, name, *slot)] if slot else []))


def show_asked(namespace: str, name: str, slot: tuple[str, str] | None, since: float = 0) -> None:
    """Say since when a claim on a slot (model, slot) waits for people, in Unix time; None: it does not."""
    _ASKED.show((namespace, name), *([(namespace, name, *slot)] if slot else []), value=since)


def show_gates(namespace: str, name: str, found: Iterable[Labels]) -> None:
    """Say what has come out of a claim's gates (gate, type, mode, result), until it has no gates or is gone."""
    _GATES.show((namespace, name), *((namespace, name, *gate) for gate in found))


def show_certificate(namespace: str, name: str, ends: float | None) -> None:
    """Say when the certificate of a server ends, in Unix time; None: it has none, or is gone."""
    of = (namespace, name)
    _CERTIFICATES.show(of, *([of] if ends is not None else []), value=ends or 0)


def show_backup(namespace: str, name: str, backup: tuple[float, float, float, float] | None) -> None:
    """Say of a server's latest backup when it was begun, how long it took, of how much, and what it added."""
    of = (namespace, name)
    for series, value in zip(_BACKUPS, backup or (0.0,) * len(_BACKUPS), strict=True):
        series.show(of, *([of] if backup else []), value=value)


def forget(kind: str, namespace: str, name: str) -> None:
    """An object is gone, and all its series with it."""
    show_ready(kind, namespace, name, None)
    show_slot(namespace, name, None)
    show_asked(namespace, name, None)
    show_gates(namespace, name, ())
    show_backup(namespace, name, None)


def show_ready(kind: str, namespace: str, name: str, status: str | None) -> None:
    """Say whether an object is ready (True, False, Unknown); None: it is gone."""
    of = (kind, namespace, name)
    _READY.show(of, *([of] if status else []), value={"True": 1.0, "False": 0.0}.get(status or "", -1.0))
