"""Which of several claims has a slot: one of them writes, and the others wait for it to go."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mlflow_operator.api.attempt import AttemptResult
from mlflow_operator.api.slots import Target


@dataclass(frozen=True)
class Contender:
    """What counts of a claim when several of them are on one model of one registry."""

    namespace: str
    name: str
    slots: frozenset[str]
    """Every slot that it writes, the alias that moves along too, as stage/Production or alias/champion."""
    began: float
    """When it last began to bring a version into its slot; 0 where it never has."""
    created: str
    uid: str

    @property
    def rank(self) -> tuple[float, str, str]:
        """Who comes first: a holder, else the oldest; the uid, since many are applied in one second.

        Of two that have held the slot, one had to give it up: the holder is who came in last.
        """
        return -self.began, self.created, self.uid


def contender(claim: Mapping[str, Any]) -> Contender | None:
    """A claim of the API server as a contender; None of one that only wants to know what it would write.

    Read as it is: a claim that another release has written keeps its slot.
    """
    meta, spec, status = claim["metadata"], claim["spec"], claim.get("status", {})
    began = _began([status.get("attempt") or {}, *status.get("history", [])])
    if meta.get("deletionTimestamp") or (spec.get("dryRun") and not began):
        return None
    target, created = spec.get("target", {}), meta.get("creationTimestamp", "")
    return Contender(meta["namespace"], meta["name"], _slots(target), began, created, meta.get("uid", ""))


def winner_over(me: Contender, others: Iterable[Contender]) -> Contender | None:
    """Who has a slot that I claim; None where I have them all, and write."""
    return next((w for w in winners([me, *others]) if w.uid != me.uid and w.slots & me.slots), None)


def winners(contenders: Iterable[Contender]) -> list[Contender]:
    """Those that write: each in its turn, unless one before it has a slot that it claims."""
    found: list[Contender] = []
    taken: frozenset[str] = frozenset()
    for each in sorted(contenders, key=lambda c: c.rank):
        if not each.slots & taken:
            found.append(each)
            taken |= each.slots
    return found


def _began(attempts: Iterable[Mapping[str, Any]]) -> float:
    """When the latest of the attempts began; one whose version was in a higher stage already has written nothing."""
    moments = (a.get("startedAt") for a in attempts if a.get("result") != AttemptResult.ONWARD)
    return max((datetime.fromisoformat(moment).timestamp() for moment in moments if moment), default=0.0)


def slots_of(target: Target) -> frozenset[str]:
    """Every slot that a claim writes."""
    return _slots(target.wire())


def _slots(target: Mapping[str, Any]) -> frozenset[str]:
    stage = {f"stage/{target['stage']}"} if target.get("stage") else set()
    return frozenset(stage | {f"alias/{target[name]}" for name in ("alias", "mirrorAlias") if target.get(name)})
