"""The line to one server: what hangs is asked rarely, and by one at a time, so that it takes no worker twice."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mlflow_operator.errors import OperatorError, RegistryUnavailable

_WHOLE = 2
"""Operations in a row that ran into their timeouts until the whole server counts as silent."""
_FORGOTTEN = 60
"""Rests after which a silence that nobody has tried to break is forgotten."""


@dataclass
class _Silence:
    """An operation that ran into its timeout."""

    message: str
    until: float
    """When it may be tried again, on the event loop's clock."""


class Line:
    """What is known of a server's silence; ``rest`` is the seconds between two tries to break it.

    One slow operation, such as the list of a giant model, is silent by itself. When two operations have run into their
    timeouts and nothing was answered in between, the server is.
    """

    def __init__(self, rest: float) -> None:
        self._rest = rest
        self._silences: dict[str, _Silence] = {}
        self._unanswered: dict[str, _Silence] = {}
        """The silences since the last answer to anything, oldest first."""
        self._trying: set[str] = set()
        """The operations under way that were silent when they were begun."""

    def check(self, operation: str = "") -> None:
        """Nothing, unless an answer is not to be expected; of the server, where no operation is named.

        Raises:
            RegistryUnavailable: It hangs, and somebody is trying already, or has just tried.
        """
        if len(self._unanswered) >= _WHOLE:
            silence, tried = list(self._unanswered.values())[-1], bool(self._trying)
        elif operation in self._silences:
            silence, tried = self._silences[operation], operation in self._trying
        else:
            return
        if tried or _now() < silence.until:
            raise RegistryUnavailable("RegistryUnavailable", silence.message)

    @contextmanager
    def ask(self, operation: str) -> Iterator[None]:
        """Ask something; remember whether it ran into its timeout.

        Raises:
            RegistryUnavailable: As ``check``.
        """
        self.check(operation)
        trying = operation in self._silences or len(self._unanswered) >= _WHOLE
        if trying:
            self._trying.add(operation)
        try:
            yield
        except OperatorError as error:
            if isinstance(error.__cause__, TimeoutError):
                self._silent(operation, error.message)
            else:
                self._answered(operation)
            raise
        else:
            self._answered(operation)
        finally:
            if trying:
                self._trying.discard(operation)

    def is_quiet(self) -> bool:
        """Whether there is nothing that would have to be remembered."""
        self._forget()
        return not (self._silences or self._trying)

    def _silent(self, operation: str, message: str) -> None:
        self._forget()
        silence = _Silence(message, _now() + self._rest)
        self._silences[operation] = silence
        self._unanswered.pop(operation, None)
        self._unanswered[operation] = silence

    def _answered(self, operation: str) -> None:
        self._unanswered.clear()
        self._silences.pop(operation, None)

    def _forget(self) -> None:
        """Models come and go; what is known of their silence goes after them."""
        oldest = _now() - _FORGOTTEN * self._rest
        for silences in (self._silences, self._unanswered):
            for operation in [o for o, silence in silences.items() if silence.until < oldest]:
                del silences[operation]


def _now() -> float:
    return asyncio.get_running_loop().time()
