"""What was found out, and when; every ``now`` is in seconds of a clock that never goes back."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from mlflow_operator.promotion.evidence import Measured, Need

_YOUNG = 10.0
"""Seconds for which what was found is not asked again."""
_PATIENCE = 180.0
"""Seconds for which what was known stands while nobody answers."""
_FORGOTTEN = 3600.0


@dataclass(frozen=True)
class _Finding:
    measured: Measured
    asked: float


@dataclass
class Findings:
    """Of the versions of one model, whichever claim needed them."""

    _known: dict[Need, _Finding] = field(default_factory=dict)

    def of(self, needs: Set[Need]) -> dict[Need, Measured]:
        """What is known of these."""
        return {need: self._known[need].measured for need in needs if need in self._known}

    def missing(self, needs: Set[Need]) -> frozenset[Need]:
        """What nobody has asked yet."""
        return frozenset(need for need in needs if need not in self._known)

    def due(self, needs: Set[Need], now: float) -> frozenset[Need]:
        """What is worth asking, at this moment."""
        return frozenset(n for n in needs if n not in self._known or now - self._known[n].asked >= _YOUNG)

    def learn(self, found: Mapping[Need, Measured], now: float) -> bool:
        """Remember what was found; whether it is anything new."""
        news = False
        for need, measured in found.items():
            known = self._known.get(need)
            if known and measured.refused and not known.measured.refused and now - known.asked < _PATIENCE:
                continue
            news = news or known is None or known.measured != measured
            self._known[need] = _Finding(measured, now)
        self._known = {need: known for need, known in self._known.items() if now - known.asked < _FORGOTTEN}
        return news

    def clear(self) -> None:
        """What was known is of another registry."""
        self._known.clear()
