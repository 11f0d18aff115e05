"""Status, then Event, then metrics: what users are told, in the order in which it may be told."""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeVar

from mlflow_operator.api.meta import Condition
from mlflow_operator.api.mlflowserver import MLflowServer, MLflowServerStatus
from mlflow_operator.api.modelpromotion import ModelPromotion, ModelPromotionStatus
from mlflow_operator.api.promotionpolicy import PromotionPolicy, PromotionPolicyStatus
from mlflow_operator.api.schema import API_VERSION
from mlflow_operator.clients.cluster import FIELD_MANAGER
from mlflow_operator.errors import OperatorError, Unreadable
from mlflow_operator.reconcile import telemetry
from mlflow_operator.reconcile.world import World
from mlflow_operator.status import conditions
from mlflow_operator.status.conditions import READY, STALLED
from mlflow_operator.status.promotion import APPROVED

log = logging.getLogger(__name__)

Subject = TypeVar("Subject", MLflowServer, ModelPromotion, PromotionPolicy)
AnySubject = MLflowServer | ModelPromotion | PromotionPolicy
Status = MLflowServerStatus | ModelPromotionStatus | PromotionPolicyStatus

_QUIET = ("Promoting", "GatePending")
"""Reasons without an Event: they last for a moment, and what follows is announced."""
_NOTE = 1024
"""Bytes that the API server takes in an Event's note."""


async def publish(world: World, subject: Subject, status: Status, *, always: bool = False) -> Subject:
    """Write the status if it says anything new, and announce it if Ready has changed; the object as it is then.

    ``always``: write it even so; it changes nothing then, but fails where the object is not as it was read.

    Raises:
        Conflict: The object changed meanwhile; nothing was written.
        NotFound: The object is gone.
    """
    if status == subject.status and not always:
        _measure(subject)
        return subject
    written = await world.cluster.apply_status(subject, status.wire())
    kind, meta = type(subject), subject.metadata
    if world.store.get(kind.NAMES.kind, meta.namespace, meta.name):  # else it was deleted since, and that was seen
        world.store.put(kind.NAMES.kind, written)
    after = kind.parse(written)
    await _announce(world, subject, after)
    _measure(after)
    return after


async def publish_unreadable(world: World, error: Unreadable) -> None:
    """Say of an object that its spec cannot be read; all else stays in its status."""
    subject: Any = error.subject
    before, generation = subject.status, subject.metadata.generation
    summary = conditions.summary(
        conditions.of_error(error), before.conditions, generation=generation, now=world.clock()
    )
    kept = [c for c in before.conditions if c.type not in conditions.SUMMARY]
    status = before.model_copy(update={"observed_generation": generation, "conditions": summary + kept})
    await publish(world, subject, status)


async def _announce(world: World, before: Subject, after: Subject) -> None:
    for said in _news(before, after):
        await _tell(world, after, said)


def _news(before: Subject, after: Subject) -> Iterator[Condition]:
    """What is announced: that people have approved, and what Ready says, where it says something else."""
    old, new = _condition(before, APPROVED), _condition(after, APPROVED)
    if new and new.status == "True" and not (old and old.status == "True"):
        yield new
    old, new = _condition(before, READY), _condition(after, READY)
    if new and (old is None or (old.status, old.reason, _asked(before)) != (new.status, new.reason, _asked(after))):
        yield new


def _asked(subject: Subject) -> str | None:
    """What people are asked for now, so that they are asked once more where it has changed."""
    approval = subject.status.approval if isinstance(subject.status, ModelPromotionStatus) else None
    ready = _condition(subject, READY)
    return approval.digest if approval and ready and ready.reason == "ApprovalRequired" else None


async def _tell(world: World, after: Subject, new: Condition) -> None:
    kind, place = type(after).NAMES.kind, f"{after.metadata.namespace}/{after.metadata.name}"
    facts = {"kind": kind, "object": place, "reason": new.reason}
    log.info("%s %s: %s: %s", kind, place, new.reason, new.message, extra=facts)
    if new.reason in _QUIET or not after.metadata.namespace:  # of what is in no namespace, Events would be in default
        return
    try:
        await world.cluster.create(_event(world, after, new))
    except OperatorError as error:
        # The status is written and says the same; an Event is not worth doing it all again.
        telemetry.EVENTS_LOST.inc()
        log.warning("event not written: %s", error.message, extra=facts)


def _event(world: World, subject: AnySubject, said: Condition) -> dict[str, Any]:
    meta, kind = subject.metadata, type(subject).NAMES.kind
    warning = said.status != "True" and (_condition(subject, STALLED) is not None or said.status == "Unknown")
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"generateName": f"{meta.name[:200].rstrip('-.')}-", "namespace": meta.namespace},
        "eventTime": _micro_time(world.clock()),
        "type": "Warning" if warning else "Normal",
        "reason": said.reason[:128],
        "action": "Reconcile",
        "note": said.message.encode()[:_NOTE].decode(errors="ignore"),
        "reportingController": FIELD_MANAGER,
        "reportingInstance": world.instance[:128],
        "regarding": {
            "apiVersion": API_VERSION,
            "kind": kind,
            "namespace": meta.namespace,
            "name": meta.name,
            "uid": meta.uid,
            "resourceVersion": meta.resource_version,
        },
    }


def _micro_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _condition(subject: AnySubject, type_: str) -> Condition | None:
    return next((c for c in subject.status.conditions if c.type == type_), None)


def _measure(subject: AnySubject) -> None:
    ready, meta = _condition(subject, READY), subject.metadata
    telemetry.show_ready(type(subject).NAMES.kind, meta.namespace, meta.name, ready.status if ready else "Unknown")
    if isinstance(subject, MLflowServer):
        made = subject.status.backup.last_successful if subject.status.backup else None
        numbers = (made.time.timestamp(), made.seconds, made.bytes, made.stored) if made else None
        telemetry.show_backup(meta.namespace, meta.name, numbers)
