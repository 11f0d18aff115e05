"""Whether Prometheus is told of a server's pods; no reason of Ready's, since the server works without."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.status.conditions import Answer


def monitoring(server: MLflowServer, *, there: bool, served: bool) -> Answer | None:
    """What has become of the PodMonitor; None where none is wanted, or one has yet to be made.

    Args:
        server: what is wanted.
        there: whether there is a PodMonitor.
        served: whether the cluster has PodMonitors at all.
    """
    if server.spec.monitoring is None or server.spec.monitoring.pod_monitor is None:
        return None
    if there:
        return _THERE
    return None if served else _NO_PROMETHEUS_OPERATOR


_THERE = Answer(
    "True",
    "Created",
    "the PodMonitor is there; whether a Prometheus chooses it is up to that: see its podMonitorSelector, its "
    "podMonitorNamespaceSelector and its page of targets",
)
_NO_PROMETHEUS_OPERATOR = Answer(
    "False",
    "PrometheusOperatorMissing",
    "the cluster has no PodMonitors; install the Prometheus operator (monitoring.coreos.com/v1), which is looked for "
    "every minute, or leave podMonitor out and let Prometheus find the port metrics of the pods by itself",
)
