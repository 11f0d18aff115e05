"""Where each kind that the operator touches is found in the Kubernetes API."""

from typing import NamedTuple

from mlflow_operator.api.crd import KINDS as OWN
from mlflow_operator.api.schema import API_VERSION


class Kind(NamedTuple):
    """A kind's place in the API."""

    api_version: str
    plural: str

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """The URL path of the collection, or of one object in it."""
        parts = ["/apis" if "/" in self.api_version else "/api", self.api_version]
        parts += ["namespaces", namespace] if namespace else []
        parts += [part for part in (self.plural, name, subresource) if part]
        return "/".join(parts)


KINDS: dict[str, Kind] = {
    "ConfigMap": Kind("v1", "configmaps"),
    "Deployment": Kind("apps/v1", "deployments"),
    "Event": Kind("events.k8s.io/v1", "events"),
    "Job": Kind("batch/v1", "jobs"),
    "PersistentVolumeClaim": Kind("v1", "persistentvolumeclaims"),
    "Pod": Kind("v1", "pods"),
    "Secret": Kind("v1", "secrets"),
    "Service": Kind("v1", "services"),
    "ServiceAccount": Kind("v1", "serviceaccounts"),
    "StatefulSet": Kind("apps/v1", "statefulsets"),
    **{kind.NAMES.kind: Kind(API_VERSION, kind.NAMES.plural) for kind in OWN},
}
