"""Why a version may not hold a slot, and what would help."""

from dataclasses import dataclass
from enum import IntEnum


class Way(IntEnum):
    """What helps, from what weighs most."""

    CHANGE = 0
    """Somebody has to change something: waiting cannot help."""
    PERSON = 1
    """Somebody has to look at it and decide."""
    WORLD = 2
    """It may come true by itself, or by what others do."""
    TIME = 3
    """A window opens."""


@dataclass(frozen=True)
class Unmet:
    """Something that is in the way."""

    reason: str
    message: str
    way: Way = Way.WORLD


def worst(obstacles: tuple[Unmet, ...]) -> Unmet:
    """The first of those that weigh most."""
    return min(obstacles, key=lambda unmet: unmet.way)
