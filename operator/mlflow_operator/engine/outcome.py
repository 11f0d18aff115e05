"""How a pass ended, and when the object is looked at next. ``status.conditions.of_error`` is the other half.

| ended with                       | next look                  | log                       |
|----------------------------------|----------------------------|---------------------------|
| nothing                          | after the pass's own rest  | nothing                   |
| Conflict, NotFound               | the object is read:        | nothing                   |
|   it is there                    |   at once, then backoff    |                           |
|   it is gone                     |   never                    |                           |
| Waiting                          | after the error's own time | one line, at debug level  |
| Terminal                         | slow resync, as it asked,  | one line                  |
|                                  | or a change                |                           |
| Unavailable, any other ApiError  | backoff, or as it asked    | one line                  |
| anything else                    | backoff                    | with traceback, once      |
"""

import logging
import random

from mlflow_operator.engine import telemetry
from mlflow_operator.engine.queue import Key, WorkQueue
from mlflow_operator.errors import OperatorError, Terminal, Unavailable, Waiting

log = logging.getLogger(__name__)

_AT_ONCE = 0.05
_JITTER = 0.1


def settled(queue: WorkQueue, key: Key, rest: float | None) -> None:
    """A pass went well; ``rest`` is the seconds until the next look, None where there is nothing left to look at."""
    telemetry.PASSES.labels(key.kind, "success").inc()
    queue.forget(key)
    if rest is None:
        queue.drop(key)
    else:
        queue.add_after(key, _jittered(rest))


def outdated(queue: WorkQueue, key: Key, *, there: bool) -> None:
    """A pass met an object that was not as the store had it; the store has read it since, if it is ``there``."""
    telemetry.PASSES.labels(key.kind, "requeue_after").inc()
    if there:
        queue.retry(key, base=_AT_ONCE)  # where the API server's own answers are stale, asking faster is no help
    else:
        queue.drop(key)


def failed(queue: WorkQueue, key: Key, error: Exception, resync: float) -> None:
    """A pass ended in an error; ``resync`` is the seconds until what cannot help itself is looked at again."""
    result = "requeue_after" if isinstance(error, Waiting) else "error"
    telemetry.PASSES.labels(key.kind, result).inc()
    if result == "error":
        telemetry.PASS_ERRORS.labels(key.kind).inc()
    facts = {"kind": key.kind, "object": str(key)}
    match error:
        case Waiting():
            log.debug("%s %s waits: %s", key.kind, key, error, extra=facts)
            queue.add_after(key, _jittered(error.after))
        case Terminal():
            log.info("%s %s is stalled: %s", key.kind, key, error, extra=facts)
            queue.add_after(key, _jittered(min(resync, error.after)))
        case OperatorError():
            seconds = queue.retry(key, least=error.after if isinstance(error, Unavailable) else 0.0)
            log.warning("%s %s: %s; again in %.1f s", key.kind, key, error, seconds, extra=facts)
        case _:
            name = type(error).__name__
            trace = error if queue.why(key) != name else None  # once; the tries after it say the same
            seconds = queue.retry(key, name)
            log.error(
                "%s %s: unexpected %s; again in %.1f s", key.kind, key, name, seconds, exc_info=trace, extra=facts
            )


def _jittered(seconds: float) -> float:
    """Give or take a tenth, so that what was started together does not stay together."""
    return seconds * (1 + _JITTER * (2 * random.random() - 1))  # noqa: S311
