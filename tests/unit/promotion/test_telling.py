"""What webhooks have to be told, and until when: it is part of the status that says what has happened."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from mlflow_operator.api.gates.webhooks import Untold
from mlflow_operator.api.modelpromotion import ModelPromotion, ModelPromotionStatus
from mlflow_operator.errors import RegistryUnavailable
from mlflow_operator.promotion.decision import concluded
from mlflow_operator.promotion.evidence import Evidence
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import Snapshot
from mlflow_operator.promotion.webhooks.messages import news
from mlflow_operator.promotion.webhooks.telling import Reports
from mlflow_operator.promotion.wish import Wish
from mlflow_operator.status.promotion import compute, compute_failed
from unit.promotion.gates.measured import known, logged, models
from unit.promotion.gates.test_gates import AUC

from .claims import LATER, NOW, claim

CHAT = {"name": "chat", "type": "Event", "url": "https://chat.example.com"}
CATALOGUE = {"name": "catalogue", "type": "Post", "url": "https://catalogue.example.com"}
BOTH = {"webhooks": [CHAT, CATALOGUE]}
BEFORE, AFTER = models(v6="Production", v7="Staging"), models(v6="Archived", v7="Production")


def look(
    made: ModelPromotion,
    snapshot: Snapshot,
    evidence: Evidence | None = None,
    now: datetime = NOW,
    reports: Reports | None = None,
) -> ModelPromotionStatus:
    """The status after one look."""
    return compute(made, snapshot, decide(made, snapshot, now, evidence or Evidence()), now, reports or {})


def again(made: ModelPromotion, status: ModelPromotionStatus, **spec: Any) -> ModelPromotion:
    """The claim as the next look finds it."""
    changed = claim(**(made.spec.wire() | spec), annotations=made.metadata.annotations)
    changed = changed if not spec else changed.model_copy(update={"metadata": bumped(made)})
    return changed.model_copy(update={"status": ModelPromotionStatus.model_validate(status.wire())})


def bumped(made: ModelPromotion) -> Any:
    """The metadata after a change of the spec."""
    return made.metadata.model_copy(update={"generation": made.metadata.generation + 1})


def told(status: ModelPromotionStatus) -> list[tuple[str, str]]:
    """To whom what."""
    return [(entry.webhook, entry.type.removeprefix("promotion.")) for entry in status.untold]


def promoted(gates: dict[str, Any] | None = None) -> tuple[ModelPromotion, ModelPromotionStatus]:
    """A claim whose version has just come into the slot, and the status that says so."""
    made = claim(gates=gates or BOTH)
    intent = again(made, look(made, BEFORE))
    assert intent.status.attempt is not None
    done = concluded(intent, intent.status.attempt, Wish.of(intent).tagged, LATER)
    return intent, compute(intent, AFTER, decide(done, AFTER, LATER), LATER)


def test_an_attempt_is_told_when_it_begins_and_when_it_ends() -> None:
    """Who listens to events hears both, in their order; who asks for the end hears that."""
    intent, status = promoted()
    assert told(intent.status) == [("chat", "began")]
    assert told(status) == [("chat", "began"), ("chat", "promoted"), ("catalogue", "promoted")]
    began, chat, catalogue = status.untold
    assert began == intent.status.untold[0]
    assert (chat.attempt, chat.reason, chat.version, chat.from_version) == (1, "Promote", "7", "6")
    assert chat.message == "attempt 1 brought version 7 into stage/Production"
    assert len({began.id, chat.id, catalogue.id}) == 3


def test_nothing_is_said_twice() -> None:
    """However often it is looked at, and whatever cannot be read in between."""
    made, status = promoted()
    for _ in range(3):
        made = again(made, compute_failed(made.model_copy(update={"status": status}), error(), LATER))
        status = look(made, AFTER, now=LATER)
        assert len(status.untold) == 3


def error() -> RegistryUnavailable:
    """MLflow is away."""
    return RegistryUnavailable("RegistryUnavailable", "no answer")


HAPPENINGS: dict[str, tuple[dict[str, Any], Snapshot, Evidence, list[str], str]] = {
    "held already": ({}, AFTER, Evidence(), ["began"], "Adopt"),
    "in a higher stage": ({"target": {"stage": "Staging"}}, AFTER, Evidence(), ["onward"], "Promote"),
    "refused": (
        {"gates": {**BOTH, "metrics": [AUC]}},
        BEFORE,
        known(BEFORE, v7=logged(0.1)),
        ["refused"],
        "GateFailed",
    ),
    "for a person": (
        {"gates": {**BOTH, "metrics": [AUC | {"missing": "Inconclusive"}]}},
        BEFORE,
        known(BEFORE, v7=logged()),
        ["paused"],
        "GateInconclusive",
    ),
    "not there yet": ({"version": 8}, BEFORE, Evidence(), [], ""),
    "being looked up": ({"gates": {**BOTH, "metrics": [AUC]}}, BEFORE, Evidence(), [], ""),
    "suspended": ({"suspend": True}, BEFORE, Evidence(), [], ""),
    "a plan": ({"dryRun": True}, BEFORE, Evidence(), [], ""),
    "a plan that is refused": (
        {"dryRun": True, "gates": {**BOTH, "metrics": [AUC]}},
        BEFORE,
        known(BEFORE, v7=logged(0.1)),
        [],
        "",
    ),
}


@pytest.mark.parametrize(("spec", "snapshot", "evidence", "types", "reason"), HAPPENINGS.values(), ids=HAPPENINGS)
def test_what_happens_is_told_and_what_is_waited_for_is_not(
    spec: dict[str, Any], snapshot: Snapshot, evidence: Evidence, types: list[str], reason: str
) -> None:
    """Once: the same look a second time has nothing to add."""
    made = claim(**{"gates": BOTH, **spec})
    status = look(made, snapshot, evidence)
    assert [entry.type.removeprefix("promotion.") for entry in status.untold if entry.webhook == "chat"] == types
    assert {entry.reason for entry in status.untold} == ({reason} if reason else set())
    assert told(look(again(made, status), snapshot, evidence)) == told(status)


def test_drift_is_told_each_time_that_somebody_moves_the_slot() -> None:
    """With the version that is there instead; and not again after an outage."""
    made, status = promoted()
    drifted = models(v5="Production", v7="None")
    made = again(made, look(again(made, status), drifted, now=LATER))
    assert told(made.status)[3:] == [("chat", "drifted")]
    entry = made.status.untold[-1]
    assert (entry.attempt, entry.reason, entry.version, entry.from_version) == (1, "DriftDetected", "7", "5")
    away = again(made, compute_failed(made, error(), LATER))
    assert told(look(away, drifted, now=LATER))[3:] == [("chat", "drifted")]
    back = again(away, look(away, AFTER, now=LATER))
    later = LATER + timedelta(hours=1)
    once_more = look(back, drifted, now=later)
    assert told(once_more)[3:] == [("chat", "drifted")] * 2
    assert len({entry.id for entry in once_more.untold}) == 5


def test_who_is_refused_after_a_change_hears_it_again() -> None:
    """For the same reason, of another version."""
    requires = {"tags": [{"key": "ok", "operator": "NotExists"}]}
    snapshot = models(v7="None", v8="None")
    tagged = {n: replace(v, tags={"ok": ""}) for n, v in snapshot.versions.items()}
    snapshot = Snapshot("fraud", tagged)
    made = claim(gates=BOTH, requires=requires)
    made = again(made, look(made, snapshot), version=8)
    assert [entry.version for entry in look(made, snapshot).untold] == ["7", "8"]


def test_people_who_are_asked_are_told_so() -> None:
    """Once, until they are asked anew about something else."""
    made = claim(gates={**BOTH, "approval": {"allowSelfApproval": True}})
    checked = Evidence(approvers_checked=True)
    asked = again(made, look(made, BEFORE, checked))
    assert [(e.type, e.reason) for e in asked.status.untold] == [("promotion.asked", "ApprovalRequired")]
    assert len(look(asked, BEFORE, checked).untold) == 1
    other = models(v5="Production", v6="None", v7="Staging")
    assert len(look(asked, other, checked, now=LATER).untold) == 2


def test_a_wish_that_is_overtaken_is_told() -> None:
    """Before the one that follows it."""
    made = claim(gates=BOTH)
    intent = again(made, look(made, BEFORE), version=6)
    status = look(intent, BEFORE)
    assert told(status) == [("chat", "began"), ("chat", "superseded"), ("chat", "began")]
    assert [entry.attempt for entry in status.untold] == [1, 1, 2]


def entries(count: int, **fields: Any) -> list[Untold]:
    """Messages of an hour ago."""
    wanted = {
        "webhook": "chat",
        "type": "promotion.began",
        "at": NOW - timedelta(hours=1),
        "attempt": 1,
        "reason": "Promote",
        "version": "7",
        "message": "…",
    }
    return [Untold.model_validate({**wanted, "id": f"msg_{n}", **fields}) for n in range(count)]


def waiting(untold: list[Untold], gates: dict[str, Any] | None = None) -> ModelPromotion:
    """A promoted claim with these left to be told."""
    made, status = promoted()
    return again(made, status.model_copy(update={"untold": untold}), **({"gates": gates} if gates else {}))


def condition(status: ModelPromotionStatus) -> tuple[str, str, str]:
    """What the claim says of it."""
    return next((c.status, c.reason, c.message) for c in status.conditions if c.type == "Told")


def test_what_was_taken_goes_and_what_was_not_says_why() -> None:
    """The rest stays as it is."""
    status = look(waiting(entries(3)), AFTER, reports={"msg_0": "", "msg_1": "it answered 503", "other": ""})
    assert [(entry.id, entry.error, entry.given_up) for entry in status.untold] == [
        ("msg_1", "it answered 503", False),
        ("msg_2", None, False),
    ]
    assert condition(status) == (
        "False",
        "TellingPending",
        "webhook chat has not taken promotion.began of attempt 1 yet: it answered 503 (and 1 more)",
    )
    assert condition(look(waiting([]), AFTER))[:2] == ("True", "AllTold")


def test_a_failure_of_mlflow_is_no_reason_to_say_it_again() -> None:
    """What was taken meanwhile goes all the same."""
    status = compute_failed(waiting(entries(2)), error(), NOW, {"msg_0": "", "msg_1": "no"})
    assert [(entry.id, entry.error) for entry in status.untold] == [("msg_1", "no")]
    assert condition(status)[1] == "TellingPending"


def test_after_a_day_in_vain_it_is_given_up_and_said() -> None:
    """Not where nobody has tried, as when the operator was away; it is forgotten when the webhook takes something."""
    old = entries(1, at=NOW - timedelta(hours=24))
    assert not look(waiting(old), AFTER).untold[0].given_up
    assert not look(waiting(entries(1)), AFTER, reports={"msg_0": "no"}).untold[0].given_up
    status = look(waiting(old), AFTER, reports={"msg_0": "it answered 503"})
    assert status.untold[0].given_up
    assert condition(status) == (
        "False",
        "TellingGivenUp",
        "webhook chat has not taken promotion.began of attempt 1 within 24h, and is not told any more: it answered 503",
    )
    after = [*status.untold, *entries(2)[1:]]
    assert [entry.id for entry in look(waiting(after), AFTER).untold] == ["msg_0", "msg_1"]
    assert look(waiting(after), AFTER, reports={"msg_1": ""}).untold == []


def test_there_is_room_for_so_many() -> None:
    """The oldest give way."""
    made = waiting(entries(32))
    status = look(made, models(v5="Production", v7="None"))
    assert (len(status.untold), status.untold[0].id, status.untold[-1].type) == (32, "msg_1", "promotion.drifted")


def test_who_is_not_in_the_spec_any_more_is_told_nothing() -> None:
    """And where nobody is told anything there is nothing to say about it."""
    assert look(waiting(entries(2), gates={"webhooks": [CATALOGUE]}), AFTER).untold == []
    status = look(waiting(entries(2), gates={"metrics": [AUC]}), AFTER)
    assert status.untold == []
    assert "Told" not in {c.type for c in status.conditions}


def test_who_is_only_told_is_no_gate() -> None:
    """Nothing is asked of the version, and a change of who is told asks nothing anew."""
    made = claim(gates=BOTH)
    status = look(made, BEFORE)
    assert status.gates == []
    assert "GatesPassed" not in {c.type for c in status.conditions}
    assert Wish.of(made).gated == Wish.of(claim()).gated


def test_a_message_says_what_has_happened() -> None:
    """The same bytes however often it is sent."""
    made, status = promoted()
    message = news(made, status.untold[1])
    assert message.body == news(made, status.untold[1]).body
    assert (message.id, message.type) == (status.untold[1].id, "promotion.promoted")
    assert (
        message.data.items()
        >= {
            "attempt": 1,
            "version": "7",
            "fromVersion": "6",
            "reason": "Promote",
            "message": "attempt 1 brought version 7 into stage/Production",
            "modelURI": "models:/fraud/7",
        }.items()
    )


def test_a_long_message_is_cut() -> None:
    """A status with many of them stays small."""
    gates = {**BOTH, "metrics": [AUC | {"name": f"m{n}"} for n in range(30)]}
    status = look(claim(gates=gates), BEFORE, known(BEFORE, v7=logged(0.1)))
    assert len(status.untold[0].message) == 301
