"""What webhooks have to be told: it is in the same status as what has happened, until they have taken it.

So a process can die at any instruction, and whoever comes next tells what is left; twice, where it died in between.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from mlflow_operator.api.attempt import Attempt, AttemptResult
from mlflow_operator.api.gates.webhooks import Untold, Webhook, WebhookType
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.promotion.attempt import next_number
from mlflow_operator.promotion.decision import Decision, Step
from mlflow_operator.promotion.snapshot import slot_name

GIVE_UP = timedelta(hours=24)
"""A message that was tried in vain for so long is not tried any more."""
_MOST, _MESSAGE = 32, 300
"""Messages that a status has, and characters of one: the oldest give way, and the message of Ready has the rest."""
_PROMOTED = "promotion.promoted"
_ENDS = {
    AttemptResult.PROMOTED: (_PROMOTED, "attempt {number} brought version {version} into {slot}"),
    AttemptResult.ONWARD: ("promotion.onward", "version {version} was in a higher stage than {slot} already"),
    AttemptResult.SUPERSEDED: ("promotion.superseded", "attempt {number} was overtaken by another wish"),
}
_STOPS = {
    Step.REFUSE: "promotion.refused",
    Step.PAUSE: "promotion.paused",
    Step.ASK: "promotion.asked",
    Step.REPORT: "promotion.drifted",
}

Reports = Mapping[str, str]
"""By id of a message, why it was not taken when it was tried last; nothing, where it was."""
NONE: Reports = {}

Answer = tuple[bool, str, str]


@dataclass(frozen=True)
class Happening:
    """Something that webhooks may have to know."""

    type: str
    attempt: int
    reason: str
    version: str
    from_version: str | None
    message: str


def untold(
    claim: ModelPromotion,
    decision: Decision,
    history: Sequence[Attempt],
    holders: Sequence[str],
    now: datetime,
    *,
    reports: Reports = NONE,
) -> list[Untold]:
    """What webhooks have not taken yet, and what they have to be told from this decision on, oldest first.

    ``history`` and ``holders`` are those of the new status.
    """
    hooks = claim.spec.gates.listeners
    if not hooks:
        return []
    happened = list(_happened(claim, decision, history, holders))
    new = [_entry(claim, hook, each, now) for each in happened for hook in hooks if _hears(hook, each)]
    return [*left(claim, now, reports), *new][-_MOST:]


def left(claim: ModelPromotion, now: datetime, reports: Reports = NONE) -> list[Untold]:
    """What is left to be told of what was; what was given up stays, until its webhook takes something again."""
    names = {hook.name for hook in claim.spec.gates.listeners}
    known = [entry for entry in claim.status.untold if entry.webhook in names]
    alive = {entry.webhook for entry in known if reports.get(entry.id) == ""}
    tried = [_tried(entry, reports.get(entry.id), now) for entry in known if reports.get(entry.id) != ""]
    return [entry for entry in tried if not (entry.given_up and entry.webhook in alive)]


def is_over(entry: Untold, now: datetime) -> bool:
    """Whether it has been tried for long enough."""
    return now - entry.at >= GIVE_UP


def verdict(entries: Sequence[Untold]) -> Answer:
    """Whether webhooks know what they have to: status, reason and message of a condition."""
    if not entries:
        return True, "AllTold", "webhooks have taken everything that they had to be told"
    lost = [entry for entry in entries if entry.given_up]
    first = (lost or list(entries))[0]
    what = f"webhook {first.webhook} has not taken {first.type} of attempt {first.attempt}"
    why = f": {first.error}" if first.error else ""
    more = f" (and {len(entries) - 1} more)" if len(entries) > 1 else ""
    if lost:
        return False, "TellingGivenUp", f"{what} within 24h, and is not told any more{why}{more}"
    return False, "TellingPending", f"{what} yet{why}{more}"


def _happened(
    claim: ModelPromotion, decision: Decision, history: Sequence[Attempt], holders: Sequence[str]
) -> Iterator[Happening]:
    """Attempts that have ended, then one that begins, or what has stopped the claim."""
    slot, known = slot_name(claim.spec.target), {attempt.number for attempt in claim.status.history}
    for attempt in reversed(history):
        if attempt.number not in known and attempt.result in _ENDS:
            type_, text = _ENDS[attempt.result]
            yield _of(attempt, type_, text.format(number=attempt.number, version=attempt.to_version, slot=slot))
    latest, before = decision.attempt, claim.status.attempt
    if latest and not latest.finished_at and (before is None or before.number != latest.number):
        text = f"attempt {latest.number} begins to bring version {latest.to_version} into {slot}"
        yield _of(latest, "promotion.began", text)
    if decision.step in _STOPS and not claim.spec.dry_run and not _is_known(claim, decision):
        others = [version for version in holders if version != claim.spec.version]
        number = latest.number if latest and decision.step is Step.REPORT else next_number(claim)
        version, replaced = claim.spec.version, next(iter(others), None)
        yield Happening(_STOPS[decision.step], number, decision.reason, version, replaced, decision.message)


def _is_known(claim: ModelPromotion, decision: Decision) -> bool:
    """Whether the status says already what stops the claim; another spec may be stopped by the same."""
    if decision.step is Step.ASK:  # people may be asked anew about the same spec
        before, now = claim.status.approval, decision.approval
        return before is not None and now is not None and before.digest == now.digest
    known = next((c for c in claim.status.conditions if c.type == "InSync"), None)
    if known is None or known.reason != decision.reason:
        return False
    return decision.step is Step.REPORT or known.observed_generation == claim.metadata.generation


def _of(attempt: Attempt, type_: str, message: str) -> Happening:
    return Happening(type_, attempt.number, attempt.type, attempt.to_version, attempt.from_version, message)


def _hears(hook: Webhook, happening: Happening) -> bool:
    return hook.type is WebhookType.EVENT or happening.type == _PROMOTED


def _entry(claim: ModelPromotion, hook: Webhook, happening: Happening, now: datetime) -> Untold:
    at = now.replace(microsecond=0)
    of = [claim.metadata.uid, hook.name, happening.type, happening.attempt, at.isoformat()]
    text = happening.message
    return Untold(
        webhook=hook.name,
        id=f"msg_{sha256(json.dumps(of).encode()).hexdigest()[:24]}",
        type=happening.type,
        at=at,
        attempt=happening.attempt,
        reason=happening.reason,
        version=happening.version,
        from_version=happening.from_version,
        message=text if len(text) <= _MESSAGE else f"{text[:_MESSAGE]}…",
    )


def _tried(entry: Untold, error: str | None, now: datetime) -> Untold:
    if not error:
        return entry
    return entry.model_copy(update={"error": error, "given_up": entry.given_up or is_over(entry, now)})
