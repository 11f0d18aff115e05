"""A cluster in Docker by kind: the way for people who have Docker."""

import shutil
import tempfile
from pathlib import Path

from cluster.host import folders, run
from cluster.host.console import step
from cluster.host.errors import ClusterError, Unavailable
from cluster.host.locking import exclusive
from cluster.nodes import images
from cluster.providers.provider import Cluster

CLUSTER = "mlflow-operator"


class KindCluster(Cluster):
    """One cluster named mlflow-operator; kind is found on PATH."""

    name = "kind"

    @property
    def kubeconfig(self) -> Path:
        """Administrator's login."""
        return folders.state() / "kind.kubeconfig"

    @property
    def enter(self) -> tuple[str, ...]:
        """Words that run a command in the node's container."""
        return ("docker", "exec", f"{CLUSTER}-control-plane")

    def check(self) -> None:
        """Raise Unavailable when kind or Docker is missing or does not answer."""
        for program in ("docker", "kind"):
            if shutil.which(program) is None:
                raise Unavailable(f"{program} is not on PATH")
        try:
            run.output(["docker", "info"])
        except ClusterError as error:
            raise Unavailable(f"Docker does not answer: {error}") from error

    def prepare(self) -> None:
        """Build the images of the tests."""
        self.check()
        with exclusive(folders.state() / "kind-images.lock"):
            for image in images.OF_THE_TESTS:
                self._build(image)

    def is_up(self) -> bool:
        """Tell whether kind knows the cluster."""
        return CLUSTER in run.output(["kind", "get", "clusters"]).split()

    def up(self) -> None:
        """Create the cluster; do nothing when it exists."""
        self.check()
        if not self.is_up():
            with step("Creating a kind cluster"):
                run.output(["kind", "create", "cluster", "--name", CLUSTER, "--wait", "120s", *self._login()])
        run.output(["kind", "export", "kubeconfig", "--name", CLUSTER, *self._login()])

    def down(self) -> None:
        """Delete the cluster."""
        run.output(["kind", "delete", "cluster", "--name", CLUSTER, *self._login()])
        self.kubeconfig.unlink(missing_ok=True)

    def load(self, image: images.Image) -> None:
        """Build with Docker, which knows what has not changed, and load it as an archive."""
        with tempfile.TemporaryDirectory() as folder, step(f"Loading {image.reference}"):
            archive = Path(folder) / "image.tar"
            self._build(image)
            run.output(["docker", "save", "--output", archive, image.reference])
            run.output(["kind", "load", "image-archive", archive, "--name", CLUSTER])

    def recycle_volumes(self) -> None:
        """Do nothing: kind's storage class makes volumes on demand and deletes them."""

    def _build(self, image: images.Image) -> None:
        with images.context(image) as context:
            run.output(["docker", "build", "--quiet", *images.options(image), "--tag", image.reference, context])

    def _login(self) -> tuple[str, str]:
        return ("--kubeconfig", str(self.kubeconfig))
