"""Every kind that the operator touches, in one table: where it is found, how it is watched, what may be done with it.

Handlers, clients, passes and the chart's roles take it from here: a kind that is not in the table is not touched.
"""

from enum import Enum
from typing import NamedTuple

from mlflow_operator.api.crd import KINDS as OWN_KINDS
from mlflow_operator.api.promotionpolicy import PromotionPolicy
from mlflow_operator.api.resource import Resource
from mlflow_operator.api.schema import API_VERSION


class Watch(Enum):
    """How a kind is watched."""

    OWN = "own"
    """Every object: what users write."""
    DECISION = "decision"
    """Every object, for the sake of the one that it is about: what people say."""
    CHILD = "child"
    """Those with the operator's label: what servers consist of."""
    REFERENCED = "referenced"
    """Every object, for the sake of those that refer to it; what is in it is not kept."""
    LISTED = "listed"
    """Those with the operator's label, where the cluster has the kind at all: a watch of what is not there would fail.
    They are found by the periodic list, and each is read by the passes of its server."""
    NOT = "not"


READ = ("get", "list", "watch")
LOOK = ("get", "list")
WRITE = ("create", "patch")


class Kind(NamedTuple):
    """A kind's place in the API, and what the operator does with it."""

    api_version: str
    plural: str
    watch: Watch
    verbs: tuple[str, ...]
    """What the operator's role allows."""
    clusterwide: bool = False
    """Objects are in no namespace."""
    pruned: bool = False
    """Objects go when they are not wanted any more; volumes and credentials stay, since data is in them."""

    @property
    def group(self) -> str:
        """The API group; empty for the core."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        """The version within the group."""
        return self.api_version.rpartition("/")[2]

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """The URL path of the collection, or of one object in it."""
        parts = ["/apis" if "/" in self.api_version else "/api", self.api_version]
        parts += ["namespaces", namespace] if namespace else []
        parts += [part for part in (self.plural, name, subresource) if part]
        return "/".join(parts)


def _how(kind: type[Resource]) -> Watch:
    return Watch.OWN if kind.has_status() else Watch.DECISION


_CHILD = (*READ, *WRITE, "delete")

KINDS: dict[str, Kind] = {
    **{
        kind.NAMES.kind: Kind(API_VERSION, kind.NAMES.plural, _how(kind), READ, clusterwide=kind.SCOPE == "Cluster")
        for kind in OWN_KINDS
    },
    "Deployment": Kind("apps/v1", "deployments", Watch.CHILD, _CHILD, pruned=True),
    "StatefulSet": Kind("apps/v1", "statefulsets", Watch.CHILD, _CHILD, pruned=True),
    "Job": Kind("batch/v1", "jobs", Watch.CHILD, _CHILD, pruned=True),
    "CronJob": Kind("batch/v1", "cronjobs", Watch.CHILD, _CHILD, pruned=True),
    "Service": Kind("v1", "services", Watch.CHILD, _CHILD, pruned=True),
    "ServiceAccount": Kind("v1", "serviceaccounts", Watch.CHILD, _CHILD, pruned=True),
    "Ingress": Kind("networking.k8s.io/v1", "ingresses", Watch.CHILD, _CHILD, pruned=True),
    "HorizontalPodAutoscaler": Kind("autoscaling/v2", "horizontalpodautoscalers", Watch.CHILD, _CHILD, pruned=True),
    "HTTPRoute": Kind(
        "gateway.networking.k8s.io/v1", "httproutes", Watch.LISTED, (*LOOK, *WRITE, "delete"), pruned=True
    ),
    "Certificate": Kind("cert-manager.io/v1", "certificates", Watch.LISTED, (*LOOK, *WRITE, "delete"), pruned=True),
    "PodMonitor": Kind("monitoring.coreos.com/v1", "podmonitors", Watch.LISTED, (*LOOK, *WRITE, "delete"), pruned=True),
    "NetworkPolicy": Kind("networking.k8s.io/v1", "networkpolicies", Watch.CHILD, _CHILD, pruned=True),
    "PodDisruptionBudget": Kind("policy/v1", "poddisruptionbudgets", Watch.CHILD, _CHILD, pruned=True),
    "PersistentVolumeClaim": Kind("v1", "persistentvolumeclaims", Watch.CHILD, (*READ, *WRITE)),
    # What users refer to is read; what opens managed stores and logins is made once, and never changed or deleted.
    "Secret": Kind("v1", "secrets", Watch.REFERENCED, (*READ, "create")),
    "ConfigMap": Kind("v1", "configmaps", Watch.REFERENCED, READ),
    # Labels of a namespace, where a server takes claims by them; a Role in it is enough to read it.
    "Namespace": Kind("v1", "namespaces", Watch.NOT, ("get",)),
    # How a Job ended is in the termination message of its pod, and why pods do not come is in Events.
    "Pod": Kind("v1", "pods", Watch.NOT, LOOK),
    "Event": Kind("events.k8s.io/v1", "events", Watch.NOT, ("list", *WRITE)),
    # In the operator's own namespace: which of several processes works.
    "Lease": Kind("coordination.k8s.io/v1", "leases", Watch.NOT, ("get", "create", "update")),
}

ELECTION = ("Lease",)
"""Kinds of the operator's own namespace only, with a role of their own."""


def watched(how: Watch) -> tuple[str, ...]:
    """The kinds that are watched in a certain way, in the order of the table."""
    return tuple(name for name, kind in KINDS.items() if kind.watch is how)


def rules(*, clusterwide: bool = False) -> list[tuple[str, list[str], list[str]]]:
    """What the operator's role allows on all kinds but Leases: API group, resources and verbs of each rule.

    A Role in a namespace can say nothing of what is in none, so those kinds have rules of their own.
    """
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name, kind in KINDS.items():
        if name not in ELECTION and kind.clusterwide is clusterwide:
            found.setdefault((kind.group, kind.verbs), []).append(kind.plural)
    return [(group, plurals, list(verbs)) for (group, verbs), plurals in found.items()]


def own_of(policies: bool) -> tuple[str, ...]:
    """The kinds that users write; without policies where nobody may list them."""
    return tuple(name for name in OWN if policies or name != PromotionPolicy.NAMES.kind)


OWN, CHILDREN, REFERENCED = watched(Watch.OWN), watched(Watch.CHILD), watched(Watch.REFERENCED)
DECISIONS = watched(Watch.DECISION)
LISTED = watched(Watch.LISTED)
PRUNED = tuple(name for name, kind in KINDS.items() if kind.pruned)
CLUSTERWIDE = tuple(name for name, kind in KINDS.items() if kind.clusterwide)
