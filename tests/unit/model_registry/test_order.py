"""Which remembered answer may be given again: never an older one than what was seen."""

from hypothesis import given
from hypothesis import strategies as st

from mlflow_operator.model_registry.metadata.order import Order, Span


@st.composite
def answers(draw: st.DrawFn) -> tuple[Span, int]:
    """An answer, and the moment whose truth it tells, which nobody but the test knows."""
    asked = draw(st.integers(1, 40))
    came = asked + draw(st.integers(1, 10))
    return Span(asked, came), draw(st.integers(asked, came))


@given(
    st.lists(st.tuples(answers(), st.sampled_from(["asked", "offered", "changed"])), max_size=30), st.integers(1, 40)
)
def test_no_answer_is_older_than_one_that_was_seen(steps: list[tuple[tuple[Span, int], str]], most: int) -> None:
    """Whatever overlaps, whatever is forgotten for want of room, and whatever the group has been through."""
    order, newest, changed = Order(most), 0, 0
    told = dict[Span, int]()
    for number, ((span, drawn), what) in enumerate(steps):
        moment = told.setdefault(span, drawn)  # an answer that comes again tells what it told before
        order.saw(f"other {number}", Span(1, 2))  # others, for which there may be no room
        if what == "changed":
            order.nothing_before("model", span.came)
            changed = max(changed, span.came)
        elif what == "asked":
            order.saw("key", span)
            newest = max(newest, moment)
        elif order.may_give("key", "model", span):
            order.saw("key", span)
            assert moment >= newest
            assert span.asked > changed
            newest = moment


def test_the_same_answer_is_given_again_and_again() -> None:
    """It would be of no use else; a younger one takes its place, and the older is not given any more."""
    order, first, second = Order(), Span(1, 2), Span(3, 4)
    for span in (first, first, first, second, second):
        assert order.may_give("key", "model", span)
        order.saw("key", span)
    assert not order.may_give("key", "model", first)


def test_of_answers_that_overlap_none_is_given_again() -> None:
    """Nobody knows which of them is the younger."""
    order, one, other = Order(), Span(1, 4), Span(2, 3)
    order.saw("key", one)
    order.saw("key", other)
    assert not order.may_give("key", "model", one)
    assert not order.may_give("key", "model", other)
    assert not order.may_give("key", "model", Span(3, 9))
    assert order.may_give("key", "model", Span(5, 6))


def test_a_change_voids_its_group_alone() -> None:
    """Another model's answers stay."""
    order = Order()
    order.nothing_before("model", 10)
    assert not order.may_give("key", "model", Span(10, 11))
    assert order.may_give("key", "model", Span(11, 12))
    assert order.may_give("key", "other", Span(1, 2))
