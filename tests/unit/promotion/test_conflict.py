"""Of any claims on a slot one writes, and everybody agrees which."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_operator.promotion.conflict import Contender, contender, winner_over, winners
from mlflow_operator.promotion.decision import Step
from mlflow_operator.promotion.rules import decide

from .claims import NOW, claim, over, registry

OLD, NEW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
SLOTS = ("stage/Production", "stage/Staging", "alias/champion", "alias/challenger")


def one(uid: str, *slots: str, created: str = OLD, began: float = 0) -> Contender:
    """A contender, for Production unless it says otherwise."""
    return Contender("team", uid, frozenset(slots or SLOTS[:1]), began, created, uid)


ORDERS = {
    "a holder, though younger": (one("a", began=1, created=NEW), one("b")),
    "who came in last, of two that have held it": (one("b", began=2, created=NEW), one("a", began=1)),
    "the older, where both came in at once": (one("b", began=1), one("a", began=1, created=NEW)),
    "the older": (one("b"), one("a", created=NEW)),
    "the uid, in one second": (one("a"), one("b")),
    "over an alias that moves along": (one("a", *SLOTS[:1], SLOTS[2]), one("b", SLOTS[2], created=NEW)),
}


@pytest.mark.parametrize(("first", "second"), ORDERS.values(), ids=ORDERS)
def test_who_comes_first(first: Contender, second: Contender) -> None:
    """The one that holds the slot, else the oldest, else by uid."""
    assert (winner_over(first, [second]), winner_over(second, [first])) == (None, first)


def test_a_claim_that_waits_holds_up_nobody() -> None:
    """Between two claims that do not meet stands one that meets both: it waits, and both write."""
    left, middle, right = one("a"), one("b", *SLOTS[:3], created=NEW), one("c", SLOTS[1], created=NEW + "z")
    assert winners([left, middle, right]) == [left, right]
    assert [winner_over(c, {left, middle, right} - {c}) for c in (left, middle, right)] == [None, left, None]


sets = st.lists(
    st.builds(
        one,
        st.uuids().map(str),
        st.sampled_from(SLOTS),
        st.sampled_from(SLOTS),
        created=st.sampled_from([OLD, NEW]),
        began=st.sampled_from([0, 0, 1, 2]),
    ),
    max_size=6,
    unique_by=lambda c: c.uid,
)


@given(sets, st.randoms())
def test_of_any_set_of_claims_exactly_one_writes_a_slot(claims: list[Contender], chance: Any) -> None:
    """Each by itself comes to the same answer, in whatever order it finds the others; nobody waits for nobody."""
    chance.shuffle(claims)
    writing = [c for c in claims if winner_over(c, [o for o in claims if o is not c]) is None]
    for slot in SLOTS:
        assert sum(slot in c.slots for c in writing) <= 1
    for c in claims:
        assert c in writing or any(w.slots & c.slots and w.rank < c.rank for w in writing)


ATTEMPT = {"number": 1, "digest": "2:x", "type": "Promote", "toVersion": "7", "startedAt": OLD}
HOLDING: dict[str, tuple[dict[str, Any], bool]] = {
    "nothing yet": ({}, False),
    "an attempt under way": ({"attempt": ATTEMPT}, True),
    "promoted": ({"attempt": ATTEMPT | {"result": "Promoted"}}, True),
    "promoted before": ({"history": [ATTEMPT | {"result": "Promoted"}]}, True),
    "never in the slot, since it was in a higher one": ({"attempt": ATTEMPT | {"result": "Onward"}}, False),
}


def raw(status: dict[str, Any], spec: dict[str, Any] | None = None, **meta: str) -> dict[str, Any]:
    """A claim as the API server has it."""
    target = {"stage": "Production", "mirrorAlias": "champion"}
    metadata = {"namespace": "team", "name": "fraud", "uid": "u", "creationTimestamp": OLD, **meta}
    return {"metadata": metadata, "spec": {"target": target, **(spec or {})}, "status": status}


@pytest.mark.parametrize(("status", "holds"), HOLDING.values(), ids=HOLDING)
def test_who_has_begun_to_write_holds(status: dict[str, Any], holds: bool) -> None:
    """From the intent on, whatever the registry says meanwhile: drift is no reason for another to come in."""
    found = contender(raw(status))
    assert found is not None
    assert (found.began > 0, set(found.slots)) == (holds, {"stage/Production", "alias/champion"})


def test_who_came_in_last_has_it_though_both_began_within_one_second() -> None:
    """As claims do that one commit applies; the older would take it back otherwise."""

    def begun(milliseconds: int, created: str) -> Contender:
        decision = decide(claim(), registry(v7="Staging"), NOW + timedelta(milliseconds=milliseconds))
        assert decision.attempt is not None
        attempt = decision.attempt.model_dump(mode="json", by_alias=True, exclude_none=True)
        found = contender(raw({"attempt": attempt}, uid=created, creationTimestamp=created))
        assert found is not None
        return found

    elder, younger = begun(10, OLD), begun(20, NEW)
    assert winner_over(elder, [younger]) == younger
    assert winner_over(younger, [elder]) is None


def test_a_dry_run_and_a_claim_that_goes_are_in_nobodys_way() -> None:
    """What writes nothing takes part in no conflict; a dry run that was a promotion before keeps its slot."""
    assert contender(raw({}, {"dryRun": True})) is None
    assert contender(raw({"attempt": ATTEMPT}, deletionTimestamp=NEW)) is None
    assert contender(raw({"attempt": ATTEMPT}, {"dryRun": True})) is not None


def test_who_comes_second_writes_nothing_and_learns_who_is_first() -> None:
    """By name in its own namespace, and not at all from elsewhere."""
    made, there = claim(), registry(v7="Staging")
    near = decide(made, there, NOW, rival=one("other"))
    far = decide(made, there, NOW, rival=Contender("secret", "hidden", frozenset(SLOTS[:1]), 1, OLD, "u"))
    assert (near.step, near.reason, near.attempt) == (Step.YIELD, "Conflict", None)
    assert near.message.startswith("ModelPromotion other has stage/Production of fraud, and this one writes nothing")
    assert far.message.startswith("another claim, of another namespace, has stage/Production")
    assert "secret" not in far.message
    assert "hidden" not in far.message


def test_an_attempt_that_is_over_stays_as_it_was() -> None:
    """Two that have both been in the slot: the second forgets nothing of its own."""
    made = over(claim())
    assert decide(made, registry(v7="Production"), NOW, rival=one("other")).attempt == made.status.attempt
