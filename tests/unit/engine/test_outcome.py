"""When an object is looked at next, by how the pass over it ended."""

import pytest

from mlflow_operator.engine import outcome
from mlflow_operator.errors import RegistryUnavailable, Terminal, Waiting

from .listing import CLAIM, Recording

OUTCOMES = {
    "waiting": (Waiting("X", "", after=20), 18, 22),
    "terminal": (Terminal("X", ""), 900, 1100),
    "unavailable": (RegistryUnavailable("X", ""), 0.5, 0.6),
    "asked to come later": (RegistryUnavailable("X", "", after=120), 120, 120),
    "unexpected": (KeyError("x"), 0.5, 0.6),
}


@pytest.mark.parametrize(("error", "least", "most"), OUTCOMES.values(), ids=OUTCOMES)
async def test_the_next_look_depends_on_how_the_pass_ended(error: Exception, least: float, most: float) -> None:
    """At once, after a while, after a long while, or with backoff."""
    queue = Recording()
    outcome.failed(queue, CLAIM, error, resync=1000)
    assert least <= queue.seconds <= most


async def test_what_was_started_together_does_not_stay_together() -> None:
    """A thousand claims that were applied at once are not looked at in one moment of every ten minutes."""
    queue, rests = Recording(), []
    for _ in range(20):
        outcome.settled(queue, CLAIM, 600)
        rests.append(queue.seconds)
    assert 540 <= min(rests) < max(rests) - 1 <= 659
