"""What has happened to a slot: who, what, when and why, newest first."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console

from mlflow_operator.kubectl.looking.standing import Object
from mlflow_operator.kubectl.terminal.moments import written
from mlflow_operator.kubectl.terminal.output import say, table

_ATTEMPTS = ("#", "WHEN", "WHAT", "FROM", "TO", "RESULT", "APPROVED BY", "POLICIES")
_WORDS = ("WHEN", "WHO", "SAID", "ABOUT", "WHY")


def attempts(claim: Object) -> list[Object]:
    """All attempts that a claim remembers, newest first: the one that is under way, and those that are over."""
    status = claim.get("status", {})
    latest, history = status.get("attempt"), list(status.get("history", []))
    under_way = latest and not any(past["number"] == latest["number"] for past in history)
    return [latest, *history] if under_way else history


def words(claim: Object, approvals: Iterable[Object]) -> list[dict[str, str]]:
    """What people have said about this claim, and no other of its name, newest first.

    Their times are of whole seconds: of two within one, that about the latest attempt came later.
    """
    now = (claim.get("status", {}).get("approval") or {}).get("digest")
    mine = [a for a in approvals if a["spec"]["promotionRef"]["uid"] == claim["metadata"]["uid"]]
    newest = sorted(
        mine, key=lambda a: (str(a["metadata"]["creationTimestamp"]), a["spec"]["attempt"] == now), reverse=True
    )
    return [
        {
            "when": approval["metadata"]["creationTimestamp"],
            "who": approval["spec"]["approver"],
            "said": approval["spec"]["decision"],
            "about": "the latest attempt" if approval["spec"]["attempt"] == now else "an earlier attempt",
            "why": approval["spec"].get("reason", ""),
        }
        for approval in newest
    ]


def show(to: Console, claim: Object, said: Sequence[Mapping[str, str]]) -> None:
    """Both as tables."""
    rows = [_row(attempt) for attempt in attempts(claim)]
    if rows:
        table(to, _ATTEMPTS, rows)
    else:
        say(to, f"nothing was promoted by ModelPromotion {claim['metadata']['name']} yet")
    if said:
        say(to, "")
        table(to, _WORDS, [(written(w["when"]), w["who"], w["said"], w["about"], w["why"]) for w in said])


def _row(attempt: Mapping[str, Any]) -> list[str | None]:
    return [
        str(attempt["number"]),
        written(attempt.get("finishedAt") or attempt["startedAt"]),
        attempt["type"],
        attempt.get("fromVersion"),
        attempt["toVersion"],
        attempt.get("result") or "under way",
        ", ".join(attempt.get("approvedBy", [])),
        ", ".join(attempt.get("policies", [])),
    ]
