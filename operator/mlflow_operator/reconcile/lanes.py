"""The lanes of the work queue: one pass at a time on a model, and a share of the workers per MLflow and per team."""

from collections.abc import Callable

from mlflow_operator.config import Settings
from mlflow_operator.engine.lanes import Lane
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Store
from mlflow_operator.reconcile.directory import Directory
from mlflow_operator.reconcile.objects import EVIDENCE, INQUIRY, MESSAGES, MODEL, POLICY, PROMOTION, SERVER


def lanes_of(store: Store, settings: Settings) -> Callable[[Key], tuple[Lane, ...]]:
    """What answers with the lanes of a key, the narrowest first.

    * The model on its MLflow, one at a time: MLflow has no compare-and-swap, and its archiving is not exclusive. Two
      MLflowServers with the same URL are one MLflow, and with the same workspace too one registry.
    * The MLflow: one that is slow takes no more than a quarter of the workers.
    * The namespace: one team takes no more than half of them.
    * Webhooks, which may be slow and are whose ever: a quarter of them in sum, an eighth those of one team.
    """
    of_mlflow, of_tenant = max(1, settings.workers // 4), max(1, settings.workers // 2)
    of_caller, of_webhooks = max(1, settings.workers // 8), max(1, settings.workers // 4)
    directory = Directory(store, settings.cluster_domain)

    def lanes(key: Key) -> tuple[Lane, ...]:
        if key.kind == POLICY:
            return ()  # it asks nobody
        if key.kind in (INQUIRY, MESSAGES):
            return ((("webhooks", key.namespace), of_caller), ("webhooks", of_webhooks))
        model = _model(store, key)
        server = model if model is not None else key
        tenant: Lane = (("namespace", key.namespace), of_tenant)
        if key.kind in (PROMOTION, EVIDENCE) and model is None:
            return (tenant,)  # a claim that is gone: the pass over it asks nobody
        at = Key(SERVER, server.namespace, server.name)
        shared: tuple[Lane, ...] = ((("mlflow", directory.mlflow(at)), of_mlflow), tenant)
        if model is None or key.kind == EVIDENCE:
            return shared  # what is only asked takes no turn
        return ((("model", directory.registry(model) or at, model.model), 1), *shared)

    return lanes


def _model(store: Store, key: Key) -> Key | None:
    """The model that a key is about, if it is about one."""
    if key.kind == MODEL:
        return key
    if key.kind in (PROMOTION, EVIDENCE):
        return next(iter(store.places(key._replace(kind=PROMOTION), "model")), None)
    return None
