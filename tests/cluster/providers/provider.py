"""What every cluster for the end-to-end tests can do, wherever it comes from."""

import contextlib
import json
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from cluster.host import run
from cluster.nodes import network
from cluster.nodes.images import Image
from cluster.plane import programs
from cluster.plane.audit import AuditLog


class Cluster(ABC):
    """A cluster with nodes that run pods."""

    name: ClassVar[str]

    @property
    @abstractmethod
    def kubeconfig(self) -> Path:
        """Administrator's login."""

    @property
    @abstractmethod
    def enter(self) -> tuple[str, ...]:
        """Words that run a command in the network of the node; raise Unavailable where there is no way in."""

    @property
    def audit(self) -> AuditLog | None:
        """The API server's audit log; None where there is none to read."""
        return None

    @abstractmethod
    def check(self) -> None:
        """Raise Unavailable when this machine cannot have it."""

    @abstractmethod
    def prepare(self) -> None:
        """Build what takes minutes on a new machine, so that `up` and `load` are quick; nothing runs for it.

        Raises:
            Unavailable: this machine cannot have it.
        """

    @abstractmethod
    def is_up(self) -> bool:
        """Tell whether it can be used now."""

    @abstractmethod
    def up(self) -> None:
        """Bring it up; do nothing when it is."""

    @abstractmethod
    def down(self) -> None:
        """Leave nothing of it but the cache."""

    @abstractmethod
    def load(self, image: Image) -> None:
        """Make the image available to pods, building it first where needed."""

    @abstractmethod
    def recycle_volumes(self) -> None:
        """Make the volumes whose claims are gone usable again."""

    @property
    def kubectl_folder(self) -> Path:
        """Where kubectl is."""
        found = shutil.which("kubectl")
        return Path(found).parent if found else programs.build(programs.KUBERNETES)

    def kubectl(self, *words: str, text: str | None = None) -> str:
        """Run kubectl as cluster administrator, with `text` as standard input; return what it prints."""
        return run.output([self.kubectl_folder / "kubectl", "--kubeconfig", self.kubeconfig, *words], text=text)

    def get(self, kind: str, name: str, namespace: str) -> dict[str, Any]:
        """Return what `kubectl get -o json` shows of an object."""
        found: dict[str, Any] = json.loads(self.kubectl("get", kind, name, "-n", namespace, "-o", "json"))
        return found

    @contextlib.contextmanager
    def cut_pod(self, namespace: str, pod: str) -> Iterator[None]:
        """Cut a pod off the network while the body runs; see `network.cut`."""
        address = self.kubectl("-n", namespace, "get", "pod", pod, "-o", "jsonpath={.status.podIP}")
        with network.cut(address, self.enter):
            yield
