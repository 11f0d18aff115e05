"""What is asked of a version before it may hold a slot, and who asks: the claim itself, and each policy over it.

Demands are never merged: all of them have to be met, so of two the stricter one holds.
"""

from dataclasses import dataclass, field, replace
from typing import Self

from mlflow_operator.api.gates.gates import Gates
from mlflow_operator.api.gates.requires import Requires
from mlflow_operator.api.gates.rollback import GateKind
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.promotion.unmet import Unmet

SPEC = "spec"
"""Who asks, where it is the claim itself."""


@dataclass(frozen=True)
class Demand:
    """What one of them asks."""

    origin: str
    """Who asks: spec, or the policy as policy/<name>."""
    requires: Requires
    gates: Gates
    skips: frozenset[GateKind] = frozenset()
    """The kinds of its gates that a rollback need not pass."""
    skipped: Gates = field(default_factory=Gates)
    """Gates that are not asked, since this is a rollback."""

    @property
    def has_gates(self) -> bool:
        """Whether the version has to prove anything."""
        gates = self.gates
        asked = (gates.metrics, gates.comparisons, gates.jobs, gates.confirmations, gates.approval, gates.windows)
        return any(asked)

    def of_rollback(self) -> Self:
        """What is left of it for a version that held the slot lately."""
        nothing = Gates()
        left = {kind.value: getattr(nothing, kind) for kind in self.skips}
        skipped = {kind.value: getattr(self.gates, kind) for kind in self.skips}
        return replace(self, gates=self.gates.model_copy(update=left), skipped=nothing.model_copy(update=skipped))

    def signed(self, unmet: Unmet) -> Unmet:
        """What is in the way, with who asks for it where that is not the claim."""
        return Unmet(unmet.reason, f"{unmet.message}{by(self.origin)}", unmet.way)


def own(claim: ModelPromotion) -> Demand:
    """What the claim asks itself."""
    return Demand(SPEC, claim.spec.requires, claim.spec.gates, frozenset(claim.spec.rollback.skip_gates))


def by(origin: str) -> str:
    """Who asks, in words, to be put behind what is asked."""
    kind, _, name = origin.partition("/")
    return f" ({kind} {name})" if name else ""
