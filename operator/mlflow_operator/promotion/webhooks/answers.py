"""What a webhook answered to a question, read as strictly as it is documented."""

import json
import math
from dataclasses import dataclass

from mlflow_operator.api.gates.gates import GateResult
from mlflow_operator.promotion.evidence import Reply

_LONGEST = 300
"""Characters of a message."""
_WAIT, _SHORTEST, _LATEST = 30.0, 5.0, 3600.0
"""Seconds until it is asked again where it says Waiting and not how long, at the soonest and at the latest."""
_RESULTS = {result.value: result for result in (GateResult.PASSED, GateResult.FAILED, GateResult.WAITING)}
_EXPECTED = "a JSON object with result: Passed, Failed or Waiting"


@dataclass(frozen=True)
class Answer:
    """An answer of HTTP, with the beginning of its body."""

    status: int
    body: bytes = b""
    after: float = 0.0
    """Seconds that it asks to be left alone for."""

    @property
    def is_success(self) -> bool:
        """Whether the message was taken."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Unanswered:
    """No answer, and why; in words that are the same from time to time."""

    why: str
    is_allowed: bool = True
    """False where the operator does not go there, whoever answers."""


def in_words(answer: Answer | Unanswered) -> str:
    """What came back, where it is not what was hoped for."""
    if isinstance(answer, Unanswered):
        return answer.why
    if 300 <= answer.status < 400:
        return f"it answered {answer.status} with a redirect, which is not followed"
    return f"it answered {answer.status}"


def read(answer: Answer | Unanswered) -> Reply:
    """The result; whatever is not documented is an error, of which the body is not told."""
    if isinstance(answer, Unanswered):
        return Reply(GateResult.ERROR, answer.why, is_allowed=answer.is_allowed)
    if not answer.is_success:
        return Reply(GateResult.ERROR, in_words(answer), after=answer.after or None)
    content = _parsed(answer.body)
    result = _RESULTS.get(str(content.get("result")))
    message, wait = content.get("message"), content.get("retryAfter")
    if result is None or not isinstance(message, str | None) or not _is_time(wait):
        return Reply(GateResult.ERROR, f"it answered {answer.status}, and not with {_EXPECTED}")
    if result is GateResult.WAITING:
        return Reply(result, clean(message or ""), after=_bounded(wait))
    return Reply(result, clean(message or ""))


def clean(text: str) -> str:
    """A text of somebody else's on one line, without what terminals obey, and not too long."""
    words = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * _LONGEST]).split()
    line = " ".join(words)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _parsed(body: bytes) -> dict[str, object]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _is_time(value: object) -> bool:
    """Seconds, or nothing."""
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value))


def _bounded(wait: object) -> float:
    return min(max(float(wait), _SHORTEST), _LATEST) if isinstance(wait, int | float) else _WAIT
