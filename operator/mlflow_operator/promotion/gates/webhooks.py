"""Webhooks that confirm: somebody elsewhere says whether the version may be moved."""

import json
from dataclasses import dataclass
from hashlib import sha256

from mlflow_operator.api.gates.gates import GateResult, GateStatus
from mlflow_operator.api.gates.webhooks import Webhook
from mlflow_operator.promotion.evidence import Origin
from mlflow_operator.promotion.gates.case import Case, Outcome, digest
from mlflow_operator.promotion.snapshot import READY, ModelVersion
from mlflow_operator.promotion.unmet import Way
from mlflow_operator.promotion.webhooks.messages import Message, about

WEBHOOK = "Webhook"
_CONFIRM, _NO_REASON = "promotion.confirm", "no reason given"


@dataclass(frozen=True)
class Inquiry:
    """A question to a webhook."""

    webhook: Webhook
    known_by: str
    """By what its answer is known: it is about this attempt, these versions, and the webhook as it is written."""
    message: Message


def known_by(case: Case, gate: Webhook) -> str:
    """By what an answer is known; that of another attempt, version or registration is none."""
    replaced = _replaced(case)
    of = digest(gate, [Origin.of(case.version), Origin.of(replaced) if replaced else None])
    return sha256(json.dumps([of, case.claim.metadata.uid, case.asking.number]).encode()).hexdigest()[:24]


def inquiry(case: Case, gate: Webhook) -> Inquiry:
    """What is asked."""
    replaced, version, which = _replaced(case), case.version, known_by(case, gate)
    data = about(
        case.claim,
        attempt=case.asking.number,
        version=version.version,
        from_version=replaced.version if replaced else None,
    )
    data |= {"runId": version.run or None, "modelId": version.logged_model or None, "dryRun": case.claim.spec.dry_run}
    return Inquiry(gate, which, Message(f"msg_{which}", _CONFIRM, case.now, data))


def is_asked(case: Case, gate: Webhook) -> bool:
    """Whether there is an answer that this process has heard."""
    return known_by(case, gate) in case.evidence.replies


def judge(case: Case, gate: Webhook) -> Outcome:
    """What it answered."""
    reply = case.evidence.replies.get(known_by(case, gate))
    if case.version.status != READY:
        message = f"version {case.version.version} is not {READY} yet; webhook {gate.name} is asked then"
        return Outcome(GateResult.WAITING, message, expected="Passed")
    if reply is None:
        message = f"webhook {gate.name} is asked as soon as everything is passed that costs less"
        return Outcome(GateResult.WAITING, message, expected="Passed")
    if reply.result is GateResult.ERROR:
        message = f"webhook {gate.name} gave no answer: {reply.message}"
        return Outcome(reply.result, message, None, "Passed", None if reply.is_allowed else "WebhookNotAllowed")
    said = reply.message or _NO_REASON
    return Outcome(reply.result, f"webhook {gate.name} answered {reply.result}: {said}", said, "Passed")


def obstacle(result: GateStatus) -> tuple[str, Way] | None:
    """Reason and way out, where it has answered that the version may not be moved yet; else those of any gate."""
    if result.result is GateResult.WAITING and result.observed:
        return "ConfirmationPending", Way.WORLD
    return None


def _replaced(case: Case) -> ModelVersion | None:
    """The version that holds the slot; of several the newest of the others."""
    holders = case.snapshot.holders(case.claim.spec.target)
    names = [name for name in holders if name != case.version.version]
    return case.snapshot.versions[names[0]] if names else None
