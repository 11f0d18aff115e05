"""Labels of namespaces, where they decide.

Namespaces are not watched: with a Role in each of them, one may be read where all of them may not.
"""

from collections.abc import Mapping

from mlflow_operator.reconcile.world import World


async def labels_of(world: World, namespace: str) -> Mapping[str, str]:
    """The labels of a namespace, as they were a moment ago.

    Raises:
        ClusterUnavailable, ApiError: The namespace cannot be read.
    """
    read, known = world.labels.get(namespace, (None, {}))
    now = world.now()
    if read is not None and now - read <= world.settings.registry_poll / 2:
        return known
    found = await world.cluster.get("Namespace", "", namespace) or {"metadata": {}}
    labels: Mapping[str, str] = found["metadata"].get("labels", {})
    world.labels[namespace] = (now, labels)
    return labels
