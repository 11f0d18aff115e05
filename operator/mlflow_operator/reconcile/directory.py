"""What claims have to know of every MLflowServer, read once for each version of it."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.promotions import AllowedNamespaces
from mlflow_operator.desired import Endpoint
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Store
from mlflow_operator.errors import OperatorError
from mlflow_operator.reconcile import objects


@dataclass(frozen=True)
class Entry:
    """One MLflowServer."""

    where: Endpoint | None = None
    """Where it answers; None where it does not say so."""
    registry: tuple[str, str] | None = None
    """By what the registry is known, if a claim names no workspace."""
    allowed: AllowedNamespaces = field(default_factory=AllowedNamespaces)
    """Whose claims it takes."""


class Directory:
    """By the key of a server; what is not there, or cannot be read, is an entry that says nothing."""

    def __init__(self, store: Store, cluster_domain: str) -> None:
        self._store = store
        self._cluster_domain = cluster_domain
        self._known: dict[Key, tuple[int, Entry]] = {}

    def entry(self, server: Key) -> Entry:
        """What is known of a server."""
        version = self._store.sequence_of(server)
        if version is None:
            self._known.pop(server, None)
            return Entry()
        known = self._known.get(server)
        if known is None or known[0] != version:
            known = self._known[server] = (version, self._read(server))
        return known[1]

    def mlflow(self, server: Key) -> Hashable:
        """By what its MLflow is known; where that cannot be said, the server."""
        registry = self.entry(server).registry
        return registry[0] if registry else server

    def registry(self, model: Key) -> Hashable | None:
        """The registry that a model is in, by whichever server it is reached; None where no claim reaches it."""
        entry = self.entry(objects.server_of(model))
        if entry.where is None or not model.workspace:
            return entry.registry  # many claims ask for this one
        try:
            return entry.where.within(model.workspace).registry
        except OperatorError:
            return None

    def _read(self, server: Key) -> Entry:
        try:
            found = objects.server(self._store, server.namespace, server.name)
        except OperatorError:
            found = None
        if found is None:
            return Entry()
        where = self._where(found)
        return Entry(where, where.registry if where else None, found.spec.promotions.allowed_namespaces)

    def _where(self, server: MLflowServer) -> Endpoint | None:
        try:
            return desired.endpoint(server, self._cluster_domain)
        except OperatorError:
            return None
