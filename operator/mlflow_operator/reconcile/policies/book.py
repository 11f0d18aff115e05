"""Every PromotionPolicy, read once for each version of it."""

from typing import Any

from mlflow_operator.api.promotionpolicy import PromotionPolicy
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Store
from mlflow_operator.errors import Terminal, Unreadable
from mlflow_operator.reconcile import objects


class Book:
    """All policies of the store. One that is being deleted counts until it is gone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[Key, tuple[int, PromotionPolicy | Unreadable]] = {}

    def policies(self) -> list[PromotionPolicy]:
        """All of them, by name.

        Raises:
            Terminal: One cannot be read, so nobody knows which claims it is about and what it asks.
        """
        for key in sorted(objects.policies(self._store)):
            found = self._read(key)
            if isinstance(found, Unreadable):
                message = f"PromotionPolicy {key.name} cannot be read, so no promotion begins: {found.message}"
                raise Terminal("PolicyUnreadable", message)
        return self.readable()

    def readable(self) -> list[PromotionPolicy]:
        """Those that can be read, by name."""
        found = [self._read(key) for key in sorted(objects.policies(self._store))]
        return [policy for policy in found if isinstance(policy, PromotionPolicy)]

    def knows_aliases(self) -> bool:
        """Whether a policy has to know where aliases point."""
        every = (self._store.get(*key[:3]) or {} for key in objects.policies(self._store))
        return any(objects.knows_aliases(policy.get("spec") or {}) for policy in every)

    def _read(self, key: Key) -> PromotionPolicy | Unreadable:
        version = self._store.sequence_of(key) or 0
        known = self._known.get(key)
        if known is None or known[0] != version:
            known = self._known[key] = (version, _parsed(self._store.get(*key[:3]) or {}))
        return known[1]


def _parsed(obj: dict[str, Any]) -> PromotionPolicy | Unreadable:
    try:
        return PromotionPolicy.parse(obj)
    except Unreadable as error:
        return error
