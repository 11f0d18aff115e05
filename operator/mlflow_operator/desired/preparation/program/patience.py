"""How long to wait for the other side, and what happens when somebody wants the program to end."""

import contextlib
import logging
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

PAUSE_SECONDS, SECONDS_BETWEEN_LINES = 1, 10

T = TypeVar("T")
log = logging.getLogger("prepare")


class Problem(Exception):
    """What stands in the way; another Job may do better."""

    terminal = False

    def __init__(self, reason: str, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.reason, self.message, self.facts = reason, message, facts


class Hopeless(Problem):
    """Only a user can help."""

    terminal = True


class Passing(Problem):
    """The other side is not there yet, or is busy; it is worth waiting a little."""


class Interrupted(BaseException):
    """SIGTERM came where nothing was half done; no ``except Exception`` of a library may swallow it."""


class Patience:
    """Waits, and knows whether it was asked to end.

    Args:
        seconds: for one wait.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._held = False
        self.asked_to_end = False

    def listen(self) -> None:
        """Hear SIGTERM from now on."""
        signal.signal(signal.SIGTERM, self._heard)

    def _heard(self, *_: Any) -> None:
        self.asked_to_end = True
        if not self._held:
            raise Interrupted
        log.info("asked to end; what has begun is finished first")

    @contextlib.contextmanager
    def uninterrupted(self) -> Iterator[None]:
        """A migration: SIGTERM is heard, and has its effect when it is over."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def wait_for(self, attempt: Callable[[], T]) -> T:
        """The result of the first attempt that is not in the way of something passing.

        Raises:
            Passing: It did not pass in time.
            Interrupted: Asked to end while it lasted.
        """
        said, deadline = 0.0, time.monotonic() + self._seconds
        while True:
            try:
                return attempt()
            except Passing as problem:
                now = time.monotonic()
                if now >= deadline:
                    raise
                if self.asked_to_end:
                    raise Interrupted from None
                if now - said >= SECONDS_BETWEEN_LINES:
                    log.info("waiting: %s", problem)
                    said = now
            time.sleep(PAUSE_SECONDS)
