"""Whether what a status says is in the table of reasons: phase, Ready and the condition beside it belong together."""

import re
from collections.abc import Mapping
from typing import Any

from mlflow_operator.status.reasons import MEANINGS

_OF_OTHERS = re.compile(r"Http[0-9]{3}|InvalidParameterValue|ResourceDoesNotExist|Forbidden")
"""Refusals under the codes of MLflow and of the Kubernetes API, of which there may be any."""
_BESIDE = ("Reconciling", "Stalled", "Suspended")


def unexplained(status: Mapping[str, Any]) -> str | None:
    """What a user would not find in the table; None where the whole status is there. Statuses are as on the wire."""
    conditions = {c["type"]: c for c in status.get("conditions", [])}
    if "Ready" not in conditions:
        return None
    reason, ready = conditions["Ready"]["reason"], conditions["Ready"]["status"]
    beside = "Suspended" if "Suspended" in conditions else next((kind for kind in _BESIDE if kind in conditions), "")
    said = (status.get("phase"), reason, ready, beside)
    if _OF_OTHERS.fullmatch(reason) or any(_is_said(said, row) for row in MEANINGS):
        return None
    return f"no row of the table has phase, reason, Ready and condition {said}"


def _is_said(said: tuple[Any, ...], row: Any) -> bool:
    phase, reason, ready, beside = said
    return (
        row.phase in (None, phase)
        and reason in row.reasons
        and (ready, beside) == (row.standing.ready, row.standing.kind)
    )
