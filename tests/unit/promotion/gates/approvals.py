"""Claims that ask people, and what people say."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from mlflow_operator.api.gates.approvals import ApprovalStatus
from mlflow_operator.api.modelpromotion import ModelPromotion, ModelPromotionStatus
from mlflow_operator.api.promotionapproval import PromotionApproval
from mlflow_operator.api.promotionpolicy import PromotionPolicy
from mlflow_operator.promotion.decision import Decision
from mlflow_operator.promotion.evidence import Evidence
from mlflow_operator.promotion.gates.approval import REQUESTED_BY
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import Snapshot
from mlflow_operator.status.promotion import compute
from unit.promotion.claims import NOW, claim

from .measured import models

ALICE = {REQUESTED_BY: "alice"}
"""Who has asked, in all of this, unless something else is said."""
ONE: dict[str, Any] = {"gates": {"approval": {}}}
TWO: dict[str, Any] = {"gates": {"approval": {"required": 2}}}
HELD = models(v6="Production", v7="Staging", v8="Staging")
SOON = NOW + timedelta(minutes=5)


def asking(
    snapshot: Snapshot = HELD, annotations: Mapping[str, str] | None = None, now: datetime = NOW, **spec: Any
) -> ModelPromotion:
    """A claim on version 7 that people were asked about."""
    made = claim(annotations=ALICE if annotations is None else annotations, **(ONE | spec))
    return looked(made, snapshot, now)


def looked(
    made: ModelPromotion, snapshot: Snapshot = HELD, now: datetime = NOW, *said: PromotionApproval
) -> ModelPromotion:
    """The claim with the status after a look."""
    return written(made, compute(made, snapshot, decided(made, *said, snapshot=snapshot, now=now), now))


def written(made: ModelPromotion, status: ModelPromotionStatus) -> ModelPromotion:
    """The claim with a status as the API server gives it back."""
    return made.model_copy(update={"status": ModelPromotionStatus.model_validate(status.wire())})


def again(made: ModelPromotion, annotations: Mapping[str, str] | None = None, **spec: Any) -> ModelPromotion:
    """The same object with another spec or other annotations, before it is looked at."""
    before = made.spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return claim(made.status, made.metadata.annotations if annotations is None else annotations, **(before | spec))


def decided(
    made: ModelPromotion,
    *said: PromotionApproval,
    snapshot: Snapshot = HELD,
    now: datetime = SOON,
    evidence: Evidence | None = None,
    policies: tuple[PromotionPolicy, ...] = (),
) -> Decision:
    """What follows, with what people have said."""
    known = evidence or Evidence()
    return decide(
        made, snapshot, now, Evidence(known.file, known.measured, said, approvers_checked=True), policies=policies
    )


def asked_of(made: ModelPromotion) -> ApprovalStatus:
    """What people are asked."""
    assert made.status.approval is not None
    return made.status.approval


def said(made: ModelPromotion, approver: str = "bob", made_at: datetime = SOON, **spec: Any) -> PromotionApproval:
    """Somebody's word on what the claim asks for now; ``spec`` replaces fields."""
    asked = asked_of(made)
    wanted = {
        "promotionRef": {"name": made.metadata.name, "uid": made.metadata.uid},
        "slots": asked.slots,
        "attempt": asked.digest,
        "decision": "Approve",
        "approver": approver,
    }
    name = f"{approver}-{spec.get('decision', 'Approve').lower()}"
    metadata = {"name": name, "namespace": "team", "creationTimestamp": made_at.isoformat()}
    return PromotionApproval.parse({"metadata": metadata, "spec": {**wanted, **spec}})


def rejected(made: ModelPromotion, approver: str = "carol", why: str = "too slow", **spec: Any) -> PromotionApproval:
    """Somebody's no."""
    return said(made, approver, decision="Reject", reason=why, **spec)
