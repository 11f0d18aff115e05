"""Passes, people, crashes, lost news and failing calls in any order: whatever comes, the history is true and it ends.

Hypothesis draws which of the calls that are under way has its effect next, and what somebody does in between.
"""

import asyncio
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unit.reconcile.stage.drama import Drama


async def play(tape: list[int]) -> None:
    """One drama from its beginning to its end."""
    drama = Drama(iter(tape))
    try:
        await drama.play()
        drama.check()
    finally:
        await drama.process.kill()


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(st.integers(0, 9999), max_size=120))
def test_whatever_comes_the_history_is_true_and_it_settles(tape: list[int]) -> None:
    """No write without its fence, no attempt that lies, no object without a next look, and an end."""
    asyncio.run(play(tape))


@pytest.mark.parametrize("seed", range(100))
def test_long_dramas_end_well_too(seed: int) -> None:
    """The same for lives that are too long to be drawn by somebody who wants to find the shortest."""
    chance = Random(seed)
    asyncio.run(play([chance.randrange(10_000) for _ in range(300)]))
