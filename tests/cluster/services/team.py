"""A team in its namespace, as it works: writes YAML, applies it, and reads what kubectl shows."""

import contextlib
import json
from collections.abc import Callable
from typing import Any, Protocol

from cluster.host import waiting
from cluster.host.errors import ClusterError
from mlflow_operator.api.schema import API_VERSION

SETTLE_SECONDS = 30.0

Object = dict[str, Any]


class Administered(Protocol):
    """A cluster that its administrator talks to."""

    def kubectl(self, *words: str, text: str | None = None) -> str:
        """Run kubectl as administrator; return what it prints."""

    def get(self, kind: str, name: str, namespace: str) -> Object:
        """Return what `kubectl get -o json` shows of an object."""


class Team:
    """The objects of one namespace."""

    def __init__(self, plane: Administered, namespace: str) -> None:
        self.plane = plane
        self.namespace = namespace

    def apply(self, kind: str, name: str, spec: Object, *, annotations: dict[str, str] | None = None) -> Object:
        """Apply an object of ours, as `kubectl apply --server-side` does, and return it as the API server has it."""
        return self.apply_all([self.object(kind, name, spec, annotations=annotations)])

    def object(self, kind: str, name: str, spec: Object, *, annotations: dict[str, str] | None = None) -> Object:
        """An object of ours, as it would be written."""
        metadata = {"name": name, "namespace": self.namespace, "annotations": annotations or {}}
        return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}

    def apply_all(self, objects: list[Object]) -> Object:
        """Apply objects in one go; return them as the API server has them, a single one by itself."""
        body = objects[0] if len(objects) == 1 else {"apiVersion": "v1", "kind": "List", "items": objects}
        words = ("apply", "--server-side", "--force-conflicts", "-o", "json", "-f", "-")
        made: Object = json.loads(self.plane.kubectl(*words, text=json.dumps(body)))
        return made

    def external_server(self, url: str, name: str = "mlflow", **spec: Any) -> Object:
        """Apply an MLflowServer for a tracking server that runs already, and wait until it is ready."""
        self.apply("MLflowServer", name, {"external": {"url": url}, **spec})
        return self.ready("mlflowserver", name)

    def all_ready(self, kind: str, count: int) -> None:
        """Wait until so many objects of a kind are ready."""

        def ready() -> int:
            items = json.loads(self.plane.kubectl("get", kind, "-n", self.namespace, "-o", "json"))["items"]
            return sum(is_ready(item) for item in items)

        waiting.until(lambda: ready() >= count, what=f"{count} of {kind}", seconds=SETTLE_SECONDS * 4, pause=0.5)

    def promote(self, name: str, model: str, version: int | str, **spec: Any) -> Object:
        """Apply a claim; on Production unless `target` says otherwise."""
        wanted = {"serverRef": {"name": "mlflow"}, "model": model, "target": {"stage": "Production"}}
        annotations = spec.pop("annotations", None)
        return self.apply("ModelPromotion", name, {**wanted, "version": version, **spec}, annotations=annotations)

    def get(self, kind: str, name: str) -> Object:
        """An object as the API server has it."""
        return self.plane.get(kind, name, self.namespace)

    def status(self, kind: str, name: str) -> Object:
        """Its status."""
        found: Object = self.get(kind, name).get("status", {})
        return found

    def delete(self, kind: str, name: str) -> None:
        """Delete it and wait until it is gone."""
        self.plane.kubectl("delete", kind, name, "-n", self.namespace)

    def ready(self, kind: str, name: str) -> Object:
        """Wait until it is ready for the generation that it has, and return it."""
        return self.until(kind, name, is_ready)

    def until(
        self, kind: str, name: str, holds: Callable[[Object], bool], *, seconds: float = SETTLE_SECONDS
    ) -> Object:
        """Wait until something holds of it, and return it; when it never does, say what it looked like instead."""
        found: Object = {}

        def look() -> bool:
            found.update(self.get(kind, name))
            with contextlib.suppress(LookupError, StopIteration):  # nobody has written yet what is asked about
                return holds(found)
            return False

        try:
            waiting.until(look, what=f"{kind} {name}", seconds=seconds, pause=0.1)
        except ClusterError as error:
            raise ClusterError(f"{error}; its status is {json.dumps(found.get('status'), indent=1)}") from error
        return found

    def announced(self, name: str, reason: str) -> list[Object]:
        """Wait for an Event with a reason, which follows the status, and return all Events so far, oldest first."""
        wanted = f"Event {reason} about {name}"
        waiting.until(lambda: any(e["reason"] == reason for e in self.events(name)), what=wanted, seconds=10)
        return self.events(name)

    def events(self, name: str) -> list[Object]:
        """The Events about an object of ours of that name, oldest first."""
        words = ("get", "events.events.k8s.io", "-n", self.namespace, "-o", "json")
        items = json.loads(self.plane.kubectl(*words))["items"]
        regarding = {"apiVersion": API_VERSION, "name": name}
        mine = [event for event in items if regarding.items() <= event["regarding"].items()]
        return sorted(mine, key=lambda event: str(event["eventTime"]))


def condition(obj: Object, type_: str) -> Object:
    """A condition of an object; an empty one where it is absent."""
    return next((c for c in obj.get("status", {}).get("conditions", []) if c["type"] == type_), {})


def is_current(obj: Object) -> bool:
    """Whether the status is about the generation that the object has."""
    return bool(obj.get("status", {}).get("observedGeneration") == obj["metadata"]["generation"])


def is_ready(obj: Object) -> bool:
    """As `kubectl wait --for=condition=Ready` sees it."""
    ready = condition(obj, "Ready")
    return ready.get("status") == "True" and ready.get("observedGeneration") == obj["metadata"]["generation"]


def has_reason(reason: str) -> Callable[[Object], bool]:
    """Whether Ready has a reason, for the generation that the object has."""
    return lambda obj: condition(obj, "Ready").get("reason") == reason and is_current(obj)
