"""Which cluster the end-to-end tests get."""

import os

from cluster.host.errors import ClusterError, Impossible, Unavailable
from cluster.nodes.node import LocalNode
from cluster.providers.current import CurrentCluster
from cluster.providers.kind import KindCluster
from cluster.providers.provider import Cluster

PROVIDERS: dict[str, type[Cluster]] = {kind.name: kind for kind in (CurrentCluster, KindCluster, LocalNode)}
# The cluster of $KUBECONFIG may be one that matters, so it is never taken unasked.
AUTOMATIC = (KindCluster, LocalNode)


def choose() -> Cluster:
    """Return the cluster that $CLUSTER names, else the first that this machine can have.

    Raises:
        ClusterError: $CLUSTER is none of the names.
        Unavailable: no cluster is possible; the message has the reason for each.
    """
    wanted = os.environ.get("CLUSTER", "")
    if wanted:
        if wanted not in PROVIDERS:
            raise ClusterError(f"CLUSTER={wanted}: expected one of {', '.join(PROVIDERS)}")
        chosen = PROVIDERS[wanted]()
        chosen.check()
        return chosen
    return _first_available()


def _first_available() -> Cluster:
    reasons: list[str] = []
    kind = Unavailable
    for provider in AUTOMATIC:
        cluster = provider()
        try:
            cluster.check()
        except Unavailable as missing:
            reasons.append(f"{cluster.name}: {missing}")
            kind = Impossible if isinstance(missing, Impossible) else kind
        else:
            return cluster
    raise kind("; ".join(reasons))
