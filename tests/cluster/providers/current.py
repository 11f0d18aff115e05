"""The cluster of $KUBECONFIG, when the user says so."""

import os
from pathlib import Path

from cluster.host.errors import ClusterError, Unavailable
from cluster.nodes.images import Image
from cluster.providers.provider import Cluster


class CurrentCluster(Cluster):
    """Somebody else's cluster: it is neither brought up nor taken down, and has to have the images."""

    name = "current"

    @property
    def kubeconfig(self) -> Path:
        """The login that the user chose."""
        return Path(os.environ.get("KUBECONFIG") or Path.home() / ".kube" / "config")

    @property
    def enter(self) -> tuple[str, ...]:
        """There is no way into the network of its nodes."""
        raise Unavailable("the nodes of the current cluster are out of reach; use CLUSTER=local or CLUSTER=kind")

    def check(self) -> None:
        """Raise Unavailable when it does not answer."""
        try:
            self.kubectl("get", "namespaces", "--request-timeout=10s")
        except ClusterError as error:
            raise Unavailable(f"the cluster of {self.kubeconfig} does not answer: {error}") from error

    def prepare(self) -> None:
        """Check that it answers."""
        self.check()

    def is_up(self) -> bool:
        """Tell whether it answers."""
        try:
            self.check()
        except Unavailable:
            return False
        return True

    def up(self) -> None:
        """Check that it answers."""
        self.check()

    def down(self) -> None:
        """Leave it as it is."""

    def load(self, image: Image) -> None:
        """Trust that its nodes have the image: a test whose pod cannot pull it says so."""

    def recycle_volumes(self) -> None:
        """Do nothing: its storage class is its own."""
