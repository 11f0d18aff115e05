"""Metrics. The engine's carry controller-runtime's and client-go's names, so that the usual dashboards work."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

PASSES = Counter(
    "controller_runtime_reconcile",
    "Passes over objects, by how they ended.",
    ["controller", "result"],
    registry=REGISTRY,
)
PASS_TIME = Histogram(
    "controller_runtime_reconcile_time_seconds",
    "Length of a pass.",
    ["controller"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
PASS_ERRORS = Counter(
    "controller_runtime_reconcile_errors", "Passes that ended in an error.", ["controller"], registry=REGISTRY
)
QUEUE_DEPTH = Gauge("workqueue_depth", "Objects that wait for a worker.", registry=REGISTRY)
QUEUE_ADDS = Counter("workqueue_adds", "Objects added to the queue.", ["name"], registry=REGISTRY)
QUEUE_RETRIES = Counter("workqueue_retries", "Objects queued again after a failure.", ["name"], registry=REGISTRY)
QUEUE_WAIT = Histogram(
    "workqueue_queue_duration_seconds", "Time that an object waited.", ["name"], buckets=_SECONDS, registry=REGISTRY
)
WORK_TIME = Histogram(
    "workqueue_work_duration_seconds",
    "Time that a worker had an object.",
    ["name"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
WATCH_MISSED = Counter(
    "mlflow_operator_watch_missed", "Changes that the periodic list found first.", ["kind"], registry=REGISTRY
)
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


_shown: dict[tuple[str, ...], tuple[str, ...]] = {}
"""By namespace and name of a claim: the labels of its series."""


def show_slot(namespace: str, name: str, slot: tuple[str, str, str] | None) -> None:
    """Say which version holds a claim's slot (model, slot, version); None: nobody knows, or the claim is gone."""
    labels = (namespace, name, *slot) if slot else None
    before = _shown.pop((namespace, name), None)
    if before and before != labels:
        PROMOTION.remove(*before)
    if labels:
        PROMOTION.labels(*labels).set(1)
        _shown[namespace, name] = labels


def show_ready(kind: str, namespace: str, name: str, status: str | None) -> None:
    """Say whether an object is ready (True, False, Unknown); None: it is gone."""
    READY.remove_by_labels({"kind": kind, "namespace": namespace, "name": name})
    if status:
        READY.labels(kind, namespace, name).set({"True": 1, "False": 0}.get(status, -1))
