"""What is measured: the operator under the chart's role, between a real API server and a real MLflow."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import registered
from cluster.host import sessions
from cluster.host.console import step
from cluster.host.errors import ClusterError
from cluster.plane.api import Api, Object
from cluster.plane.control_plane import ControlPlane
from cluster.plane.paper_node import PaperNode
from cluster.services.mlflow_server import MlflowServer
from cluster.services.operator_process import OperatorProcess, install
from cluster.services.postgres import Postgres
from cluster.services.registry import Registry
from mlflow_operator.api.schema import API_VERSION

WATCHED = "bench"
UNWATCHED = "floor"
"""What is applied here is written to the API server, and no operator minds."""
SETTLE_SECONDS = 900
BATCH = 500
"""Objects in one apply: kubectl holds all of them, and their answers, in memory."""


@dataclass
class Stage:
    """Everything that runs."""

    folder: Path
    plane: ControlPlane
    api: Api
    postgres: Postgres
    mlflow: MlflowServer
    registry: Registry
    operator: OperatorProcess

    def apply(self, kind: str, name: str, spec: Object, namespace: str = WATCHED) -> Object:
        """Apply one of our objects."""
        metadata = {"name": name, "namespace": namespace}
        body = {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}
        return self.api.apply(f"{path(kind, namespace)}/{name}", body)

    def write_status(self, kind: str, obj: Object, status: Object) -> None:
        """Write a status, unless the object has changed since it was read."""
        meta = {name: obj["metadata"][name] for name in ("name", "namespace", "resourceVersion")}
        body = {"apiVersion": API_VERSION, "kind": kind, "metadata": meta, "status": status}
        self.api.apply(f"{path(kind, meta['namespace'])}/{meta['name']}/status", body)

    def apply_all(self, kind: str, specs: dict[str, Object]) -> None:
        """Apply many of our objects, in one `kubectl apply` for each batch."""
        names = list(specs)
        for first in range(0, len(names), BATCH):
            items = [
                {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name, "namespace": WATCHED}}
                | {"spec": specs[name]}
                for name in names[first : first + BATCH]
            ]
            text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
            self.plane.kubectl("apply", "--server-side", "-f", "-", text=text)

    def external_server(self, name: str) -> None:
        """An MLflowServer for the MLflow that runs here, ready."""
        self.until("MLflowServer", self.apply("MLflowServer", name, {"external": {"url": self.mlflow.url}}), is_ready)

    def clear(self) -> None:
        """Leave nothing to the next part: no object of ours, no model, and a process that remembers nothing."""
        self.operator.stop()
        self.api.close()  # the API server drops a connection that nobody has used for minutes
        for kind in ("ModelPromotion", "MLflowServer"):
            for namespace in (WATCHED, UNWATCHED):
                self.api.delete(path(kind, namespace))
        registered.none(self.postgres)
        self.operator.start()

    def delete(self, kind: str, name: str) -> None:
        """Delete one of our objects."""
        self.api.delete(f"{path(kind)}/{name}")

    def until(self, kind: str, applied: Object, holds: Callable[[Object], bool]) -> float:
        """Wait for an object by a watch, so that nobody polls; the moment at which it was as wanted."""
        name = applied["metadata"]["name"]
        for obj in self.api.watch(path(kind), SETTLE_SECONDS, fieldSelector=f"metadata.name={name}"):
            if obj["metadata"]["generation"] >= applied["metadata"]["generation"] and holds(obj):
                return time.time()
        raise ClusterError(f"{kind} {name} did not settle")

    def until_all(self, kind: str, names: set[str], holds: Callable[[Object], bool]) -> None:
        """Wait for many objects."""
        missing = set(names)
        for obj in self.api.watch(path(kind), SETTLE_SECONDS):
            if holds(obj):
                missing.discard(obj["metadata"]["name"])
            if not missing:
                return
        raise ClusterError(f"{len(missing)} of {len(names)} {kind} did not settle")


def path(kind: str, namespace: str = WATCHED) -> str:
    """The collection of one of our kinds."""
    return f"/apis/{API_VERSION}/namespaces/{namespace}/{kind.lower()}s"


def is_ready(obj: Object) -> bool:
    """Ready, for the generation that the object has."""
    ready: Object = next((c for c in obj["status"].get("conditions", []) if c["type"] == "Ready"), {})
    return bool(ready.get("status") == "True" and ready.get("observedGeneration") == obj["metadata"]["generation"])


@contextlib.contextmanager
def built() -> Iterator[Stage]:
    """Start everything, and end it afterwards."""
    with sessions.folder() as folder, contextlib.ExitStack() as stack:
        with step("Starting the control plane, PostgreSQL, MLflow and the operator"):
            yielded = _start(folder, stack)
        yield yielded


def _start(folder: Path, stack: contextlib.ExitStack) -> Stage:
    plane = ControlPlane(folder / "control-plane")
    plane.start()
    stack.callback(plane.stop)
    for namespace in (WATCHED, UNWATCHED):
        plane.kubectl("create", "namespace", namespace)
    install(plane, {"watchNamespaces": [WATCHED]})
    postgres = Postgres(folder / "postgres")
    postgres.start()
    mlflow = MlflowServer(folder / "mlflow", postgres.uri(), str(folder / "artifacts"), workers=2)
    mlflow.start()
    node = PaperNode(plane, mlflow.url)
    node.start()
    stack.callback(node.stop)
    os.environ.update(node.environment)  # the operator inherits it
    operator = OperatorProcess(folder / "operator", plane, {"NAMESPACES": WATCHED, "APPROVALS": "Count"})
    operator.start()
    stack.callback(operator.stop)
    return Stage(folder, plane, Api(plane), postgres, mlflow, Registry(mlflow.url), operator)
