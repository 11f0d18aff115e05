"""Approval: people say yes to exactly one attempt, and to nothing else.

What they say yes to has a digest of everything that it consists of and of the moment at which it was asked for. So a
yes counts for no other version, requirement, gate, holder or attempt, nor for the same ones asked for another time.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from mlflow_operator.api.durations import span
from mlflow_operator.api.gates.approvals import ApprovalGate, ApprovalStatus
from mlflow_operator.api.gates.gates import GateResult
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.promotionapproval import Decision, PromotionApproval
from mlflow_operator.api.schema import API_VERSION, GROUP, ApiModel
from mlflow_operator.api.slots import Target
from mlflow_operator.promotion.evidence import Origin
from mlflow_operator.promotion.gates.case import Case, Outcome
from mlflow_operator.promotion.snapshot import slot_name
from mlflow_operator.promotion.unmet import Unmet, Way

APPROVAL, NAME = "Approval", "approval"
WHO_MAY = "; who may approve runs: "
"""What stands in a message between what is asked and the command that answers it."""
REQUESTED_BY = f"{GROUP}/requested-by"
"""Annotation: who asked for the attempt. An admission policy sees to it that it is who has written the claim."""
_NOT_APPROVED = {"history_limit", "requires", "gates"}
"""Fields of the spec that are left out: the first moves nothing, and what is asked, by whomever, is added. Fields that
a later release adds are approved. While a claim is suspended, or a dry run, nobody is asked."""
_WHO = """'"$(kubectl auth whoami -o jsonpath={.status.userInfo.username})"'"""
_SHOWN, _MOST = 5, 10
"""Approvers that a message names, and those that are remembered; more are never required."""


@dataclass(frozen=True)
class Standing:
    """Where the approval stands."""

    outcome: Outcome
    status: ApprovalStatus | None = None
    """What is asked for; None where nobody is asked."""
    obstacle: Unmet | None = None
    """What is in the way, if people, or the lack of them, are."""


def strictest(gates: Sequence[ApprovalGate]) -> ApprovalGate:
    """What all who ask for approval agree to: people are asked once."""
    return ApprovalGate(
        required=max(gate.required for gate in gates),
        timeout=min((gate.timeout for gate in gates), key=span),
        allow_self_approval=all(gate.allow_self_approval for gate in gates),
        excluded=sorted({name for gate in gates for name in gate.excluded}),
    )


def judge(case: Case, gate: ApprovalGate, *, ready: bool) -> Standing:
    """Whether enough people have said yes to exactly this; ``ready``: everything that is asked before is passed."""
    if case.claim.spec.dry_run:
        return Standing(Outcome(GateResult.SKIPPED, "nobody is asked for a dry run"))
    if impossible := _impossible(case, gate):
        return Standing(Outcome(GateResult.ERROR, impossible.message), obstacle=impossible)
    asked = _asked(case, gate, ready=ready)
    if asked is None:
        message = "people are asked once everything before it is passed"
        return Standing(Outcome(GateResult.WAITING, message, expected=_expected(gate)))
    return _counted(case, gate, asked)


def slots(target: Target) -> list[str]:
    """The slots that a claim writes, by the names of the rights on them."""
    stage = [target.stage.value.lower()] if target.stage else []
    return stage + [f"alias-{alias}" for alias in (target.alias, target.mirror_alias) if alias]


def _impossible(case: Case, gate: ApprovalGate) -> Unmet | None:
    """Why no approval could count, whoever makes it."""
    if not case.evidence.approvers_checked:
        message = (
            "approvals do not count: nobody checks who makes them; have the platform set admission.enabled in the"
            " operator's chart, or take spec.gates.approval out"
        )
        return Unmet("ApproversUnchecked", message, Way.CHANGE)
    if not gate.allow_self_approval and not _requester(case.claim):
        message = (
            "nobody knows who asked for it, so that it may be approved by the same person; annotate it with"
            f" {REQUESTED_BY} and your user name, or set spec.gates.approval.allowSelfApproval"
        )
        return Unmet("RequesterUnknown", message, Way.CHANGE)
    return None


def _requester(claim: ModelPromotion) -> str | None:
    return claim.metadata.annotations.get(REQUESTED_BY)


def _asked(case: Case, gate: ApprovalGate, *, ready: bool) -> ApprovalStatus | None:
    """What was asked for already, if it is what is wanted now; else it is asked for now, where it is time for that."""
    known = case.claim.status.approval
    if known and case.asking.request in (None, known.request) and known.digest == _digest(case, known.since):
        return known
    if not ready:
        return None
    return ApprovalStatus(
        digest=_digest(case, case.now),
        slots=slots(case.claim.spec.target),
        requested_by=_requester(case.claim),
        request=case.asking.request,
        required=gate.required,
        since=case.now,
        expires=_next_second(case.now + span(gate.timeout)),
        summary="",
    )


def _next_second(at: datetime) -> datetime:
    """The API server dates a word to the second that it fell in: only a whole second has a before and an after."""
    return at if not at.microsecond else at.replace(microsecond=0) + timedelta(seconds=1)


def _digest(case: Case, since: datetime) -> str:
    """Of everything that is approved; not shortened, since it must not be met by another one on purpose."""
    claim, snapshot = case.claim, case.snapshot
    holders = [snapshot.versions[name] for name in snapshot.holders(claim.spec.target)]
    content = [
        [claim.metadata.namespace, claim.metadata.name, claim.metadata.uid, case.asking.number, since.isoformat()],
        claim.spec.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=_NOT_APPROVED),
        [[demand.origin, _set(demand.requires), _set(demand.gates)] for demand in case.demands],
        [[o.version, o.created, o.run, o.logged_model] for o in map(Origin.of, (case.version, *holders))],
        snapshot.aliases.get(claim.spec.target.mirror_alias or ""),
        _requester(claim),
    ]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _set(part: ApiModel) -> Any:
    return part.model_dump(mode="json", by_alias=True, exclude_defaults=True)


@dataclass(frozen=True)
class _Tally:
    """What has been said about exactly this."""

    asked: ApprovalStatus
    """What was asked for, with those whose approvals count."""
    rejected: PromotionApproval | None
    ignored: tuple[str, ...]
    """Why others do not count."""


def _tally(case: Case, gate: ApprovalGate, asked: ApprovalStatus) -> _Tally:
    said = [each for each in _in_order(case.evidence.approvals) if _is_about(each, case.claim, asked)]
    noes = [each for each in said if each.spec.decision is Decision.REJECT and _names_slots(each, asked)]
    yes = [each for each in said if each.spec.decision is Decision.APPROVE]
    ignored = [why for each in yes if (why := _ignored(each, gate, asked))]
    by = list(dict.fromkeys(each.spec.approver for each in yes if not _ignored(each, gate, asked)))[:_MOST]
    summary = f"{len(by)} of {gate.required}{_names(by)}"
    status = asked.model_copy(update={"by": by, "rejected_by": None, "summary": summary})
    return _Tally(status, noes[0] if noes else None, tuple(dict.fromkeys(ignored))[:_SHOWN])


def _counted(case: Case, gate: ApprovalGate, asked: ApprovalStatus) -> Standing:
    """What follows: a rejection is more than any number of approvals, and those are more than the time."""
    tally = _tally(case, gate, asked)
    status, by, expected = tally.asked, tally.asked.by, _expected(gate)
    what = f"version {case.version.version} for {slot_name(case.claim.spec.target)}"
    counted, until = f"{len(by)} of {gate.required} approvals{_names(by)}", f"{asked.expires:%Y-%m-%dT%H:%M:%SZ}"
    if tally.rejected is not None:
        who, why = tally.rejected.spec.approver, tally.rejected.spec.reason
        over = status.model_copy(update={"rejected_by": who, "summary": f"rejected by {who}"})
        return _stopped("Rejected", f"{who} has rejected {what}: {why}", over, expected)
    if len(by) >= gate.required:
        return Standing(Outcome(GateResult.PASSED, f"approved{_names(by)}", str(len(by)), expected), status)
    if case.now >= asked.expires:
        over = status.model_copy(update={"summary": f"{status.summary}; timed out"})
        return _stopped("ApprovalTimedOut", f"{counted} of {what} by {until}, which is over", over, expected)
    others = f" (not counted: {', '.join(tally.ignored)})" if tally.ignored else ""
    message = f"{counted} of {what}, until {until}{others}"
    how = f"{message}{WHO_MAY}{_command(case.claim, asked)}"
    waits = Unmet("ApprovalRequired", how, Way.PERSON)
    return Standing(Outcome(GateResult.WAITING, message, str(len(by)), expected), status, waits)


def _stopped(reason: str, what: str, status: ApprovalStatus, expected: str) -> Standing:
    message = f"{what}; change the claim, or annotate {GROUP}/reassert with a new value to ask once more"
    outcome = Outcome(GateResult.FAILED, message, status.summary, expected)
    return Standing(outcome, status, Unmet(reason, message, Way.CHANGE))


def _in_order(approvals: Iterable[PromotionApproval]) -> list[PromotionApproval]:
    return sorted(approvals, key=lambda each: (each.made.isoformat(), each.metadata.name))


def _is_about(each: PromotionApproval, claim: ModelPromotion, asked: ApprovalStatus) -> bool:
    """Whether it is about this attempt of this claim."""
    ref, meta = each.spec.promotion_ref, claim.metadata
    return (ref.name, ref.uid, each.spec.attempt) == (meta.name, meta.uid, asked.digest)


def _names_slots(each: PromotionApproval, asked: ApprovalStatus) -> bool:
    """Whether the API server has asked for a right on every slot that is written."""
    return set(each.spec.slots) >= set(asked.slots)


def _ignored(each: PromotionApproval, gate: ApprovalGate, asked: ApprovalStatus) -> str | None:
    """Why a yes does not count."""
    who = each.spec.approver
    if not _names_slots(each, asked):
        return f"{who} does not name {' and '.join(asked.slots)}"
    if not gate.allow_self_approval and who == asked.requested_by:
        return f"{who} has asked for it"
    if who in gate.excluded:
        return f"{who} may not approve this"
    return f"{who} was too late" if each.made >= asked.expires else None


def _names(by: list[str]) -> str:
    """Whose they are; a part of them where they are many."""
    more = f" and {len(by) - _SHOWN} more" if len(by) > _SHOWN else ""
    return f" by {', '.join(by[:_SHOWN])}{more}" if by else ""


def _expected(gate: ApprovalGate) -> str:
    return f"{gate.required} approval{'s' if gate.required > 1 else ''}"


def _command(claim: ModelPromotion, asked: ApprovalStatus) -> str:
    """The command by which whoever runs it approves exactly this, under the own name."""
    meta = claim.metadata
    manifest = {
        "apiVersion": API_VERSION,
        "kind": PromotionApproval.NAMES.kind,
        "metadata": {"generateName": f"{meta.name}-", "namespace": meta.namespace},
        "spec": {
            "promotionRef": {"name": meta.name, "uid": meta.uid},
            "slots": asked.slots,
            "attempt": asked.digest,
            "decision": Decision.APPROVE.value,
            "approver": _WHO,
        },
    }
    text = json.dumps(manifest, separators=(",", ":")).replace(json.dumps(_WHO), f'"{_WHO}"')
    return f"echo '{text}' | kubectl create -f -"
