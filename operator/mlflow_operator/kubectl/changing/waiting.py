"""Wait until a claim is where it was asked to be, or cannot get there; what happens meanwhile is said."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from mlflow_operator.errors import ClusterUnavailable
from mlflow_operator.kubectl.looking.standing import Object, Standing, condition, standing

_PAUSE = 1.0
"""Seconds between two looks."""

Read = Callable[[], Awaitable[Object]]
Tell = Callable[[Standing], None]


async def settled(read: Read, tell: Tell, limit: timedelta, pause: float = _PAUSE) -> Standing | None:
    """Where the claim stands once it is ready or stalled; None where that takes too long.

    An API server that does not answer for a while is asked again. ``tell`` gets each new reason or sentence.

    Raises:
        OperatorError: The claim is gone, or may not be read.
    """
    last: Standing | None = None
    try:
        async with asyncio.timeout(limit.total_seconds()):
            while True:
                try:
                    claim = await read()
                except ClusterUnavailable:
                    await asyncio.sleep(pause)
                    continue
                now = standing(claim)
                if now.is_well or is_over(claim, now):
                    return now
                if last is None or (now.reason, now.message) != (last.reason, last.message):
                    tell(now)
                last = now
                await asyncio.sleep(pause)
    except TimeoutError:
        return None


def is_over(claim: Object, at: Standing) -> bool:
    """Whether only a change of the claim can help; what was so before the latest change does not count."""
    stalled = condition(claim, "Stalled")
    return at.reason == "Suspended" or (stalled.get("status") == "True" and stalled["reason"] == at.reason)
