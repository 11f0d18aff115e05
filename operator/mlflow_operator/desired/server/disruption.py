"""What keeps a server answering while nodes come and go: a budget for drains, and pods on different nodes."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names, volumes
from mlflow_operator.desired.inputs import Object

_TOPOLOGIES = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")


def budget(server: MLflowServer) -> Object | None:
    """The PodDisruptionBudget: the one that is asked for, else one pod at a time of several.

    A single pod gets none unless somebody asks: no node could be drained beside it.
    """
    asked = server.spec.pod_disruption_budget
    if asked is None and server.spec.replicas < 2:
        return None
    limit = asked.wire() if asked else {"maxUnavailable": 1}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": names.metadata(server, names.instance(server), names.SERVER),
        "spec": {
            **limit,
            "selector": {"matchLabels": names.selector(server, names.SERVER)},
            # A pod that does not answer protects nobody, and must not hold up the node's drain.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }


def spread(server: MLflowServer) -> list[Object]:
    """How the pods spread: as asked for, else over zones and nodes as far as there is room.

    Whatever the number of replicas is now, so that scaling replaces no pod; where pods share a volume of one node, not.
    """
    if server.spec.topology_spread_constraints or volumes.one_node(server):
        return server.spec.topology_spread_constraints
    return [
        {
            "maxSkew": 1,
            "topologyKey": topology,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": names.selector(server, names.SERVER)},
            "matchLabelKeys": ["pod-template-hash"],  # those of the version before are on their way out
        }
        for topology in _TOPOLOGIES
    ]
