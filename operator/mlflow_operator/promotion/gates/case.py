"""Everything that a gate may look at, and the answer that it gives."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from mlflow_operator.api.gates.gates import GateJob, GateResult, GateStatus
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.schema import ApiModel
from mlflow_operator.promotion.evidence import Evidence, Origin
from mlflow_operator.promotion.policies.demand import Demand
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot


@dataclass(frozen=True)
class Asking:
    """What people are asked about, beside the version: which attempt, asked for by which annotation."""

    number: int = 1
    """Of the attempt that is under way, or would be."""
    request: str | None = None
    """Value of the annotation that asks once more."""
    qualified: bool = True
    """Everything that is required of the version is true: else nobody is asked yet."""


NOBODY = Asking(qualified=False)
"""Where people are not asked."""


@dataclass(frozen=True)
class Case:
    """A claim, the version that it wants, what is asked of that, and what is known of it."""

    claim: ModelPromotion
    demands: tuple[Demand, ...]
    version: ModelVersion
    snapshot: Snapshot
    evidence: Evidence
    now: datetime
    asking: Asking = NOBODY


@dataclass(frozen=True)
class Outcome:
    """What came out of a gate, in words."""

    result: GateResult
    message: str
    observed: str | None = None
    expected: str | None = None
    reason: str | None = None
    """Why in one word, where the result alone does not say who has to help."""
    job: GateJob | None = None
    """The Job that has found it out."""


def digest(gate: ApiModel, origins: Iterable[Origin | None]) -> str:
    """By what a result is known: the gate as it is written, and the versions that were measured, as registered."""
    asked = gate.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    of = [[o.version, o.created, o.run, o.logged_model] if o else None for o in origins]
    return sha256(json.dumps([asked, of], sort_keys=True).encode()).hexdigest()[:12]


def remembered(case: Case, type_: str, name: str, known_by: str) -> GateStatus | None:
    """The result that the status has of the same gate on the same versions, from before this process began.

    It is shown until the gate is asked again, and nothing is written on it.
    """
    if case.evidence.anew:
        return None
    for entry in case.claim.status.gates:
        if (entry.type, entry.name, entry.digest) == (type_, name, known_by):
            is_answer = entry.result is not GateResult.WAITING or entry.observed is not None
            return entry if is_answer else None
    return None
