"""What a reason means for people, and for tools that wait."""

from typing import NamedTuple


class Standing(NamedTuple):
    """What a reason means for tools that wait."""

    ready: str
    """Status of Ready."""
    kind: str = ""
    """The condition beside it that is True; empty: none."""


DONE = Standing("True")
AT_IT = Standing("False", "Reconciling")
UNKNOWN = Standing("Unknown", "Reconciling")
STALLED = Standing("False", "Stalled")
PAUSED = Standing("False", "Suspended")


class Meaning(NamedTuple):
    """Reasons that mean the same."""

    phase: str | None
    """None: the phase stays as it was."""
    reasons: tuple[str, ...]
    standing: Standing
    means: str
    """In Markdown."""
    helps: str
    """What to do, in Markdown; empty: nothing has to be done."""
