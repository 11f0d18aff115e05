"""The engine's metrics, under controller-runtime's and client-go's names, so that the usual dashboards work."""

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
LEADER = Gauge("leader_election_master_status", "Whether this process leads: 1, or 0.", ["name"], registry=REGISTRY)
WATCH_MISSED = Counter(
    "mlflow_operator_watch_missed", "Changes that the periodic list found first.", ["kind"], registry=REGISTRY
)
