"""Conditions as kstatus and ``kubectl wait`` read them.

Ready is derived from one verdict and never set by hand. Reconciling and Stalled exist only while they are True, and
never both (https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from mlflow_operator.api.meta import Condition
from mlflow_operator.errors import OperatorError, Paused, Terminal, Unavailable

State = Literal["True", "False", "Unknown"]

READY = "Ready"
RECONCILING = "Reconciling"
STALLED = "Stalled"
SUSPENDED = "Suspended"
SUMMARY = (READY, RECONCILING, STALLED, SUSPENDED)
"""Conditions that follow from the verdict alone."""


class Answer(NamedTuple):
    """What is said of one thing that was looked at: status, reason and message of its condition."""

    status: State | bool
    reason: str
    message: str


_LONGEST = 4096
"""Characters of a message; the API server takes 32768, and refuses the whole status for one more."""


@dataclass(frozen=True)
class Verdict:
    """Where an object stands, in one reason and one sentence."""

    state: Literal["Done", "Progressing", "Stalled", "Suspended"]
    reason: str
    message: str
    unknown: bool = False
    """Ready is Unknown rather than False: nobody could be asked."""


def done(reason: str, message: str) -> Verdict:
    """The object is as its spec says."""
    return Verdict("Done", reason, message)


def progressing(reason: str, message: str) -> Verdict:
    """The operator is at it, or waits for something."""
    return Verdict("Progressing", reason, message)


def stalled(reason: str, message: str) -> Verdict:
    """Only a change by the user, or of the world, can help."""
    return Verdict("Stalled", reason, message)


def suspended(reason: str, message: str) -> Verdict:
    """A person asked the operator not to go on, or has to decide; or it is not the time for it."""
    return Verdict("Suspended", reason, message)


def of_error(error: Exception) -> Verdict:
    """The table of outcomes: what an error means for the object that it happened to.

    The text of an unforeseen exception stays out: it may hold what no status should.
    """
    match error:
        case Terminal():
            return stalled(error.reason, error.message)
        case Paused():
            return suspended(error.reason, error.message)
        case Unavailable():
            return Verdict("Progressing", error.reason, error.message, unknown=True)
        case OperatorError():
            return progressing(error.reason, error.message)
        case _:
            return progressing(
                "InternalError", f"unexpected {type(error).__name__}; the operator's log has the details"
            )


def condition(
    previous: Sequence[Condition],
    type_: str,
    status: State | bool,
    reason: str,
    message: str,
    *,
    generation: int,
    now: datetime,
) -> Condition:
    """A condition whose lastTransitionTime moves only when its status does."""
    word: State = ("True" if status else "False") if isinstance(status, bool) else status
    before = next((c for c in previous if c.type == type_), None)
    since = before.last_transition_time if before and before.status == word else now.replace(microsecond=0)
    return Condition(
        type=type_,
        status=word,
        reason=reason,
        message=message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…",
        observed_generation=generation,
        last_transition_time=since,
    )


def summary(verdict: Verdict, previous: Sequence[Condition], *, generation: int, now: datetime) -> list[Condition]:
    """Ready, and Reconciling, Stalled or Suspended where they are true."""
    ready: State = "True" if verdict.state == "Done" else "Unknown" if verdict.unknown else "False"
    shown: list[tuple[str, State]] = [(READY, ready)]
    if verdict.state in ("Progressing", "Suspended"):
        shown.append((RECONCILING, "True"))
    if verdict.state == "Stalled":
        shown.append((STALLED, "True"))
    if verdict.state == "Suspended":
        shown.append((SUSPENDED, "True"))
    return [
        condition(previous, type_, status, verdict.reason, verdict.message, generation=generation, now=now)
        for type_, status in shown
    ]
