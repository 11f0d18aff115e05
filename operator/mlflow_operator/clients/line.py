"""The line to one server: one that hangs is asked rarely, and one thing at a time, so that it takes no worker twice."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow_operator.errors import OperatorError, RegistryUnavailable


class Line:
    """What is known of a server's silence; ``rest`` is the seconds between two tries to break it."""

    def __init__(self, rest: float) -> None:
        self._rest = rest
        self._silence = ""
        """What was said of the last question, if it ran into its timeout."""
        self._until = 0.0
        self._asked = False

    def check(self) -> None:
        """Nothing, unless an answer is not to be expected.

        Raises:
            RegistryUnavailable: The server hangs, and somebody is trying already, or has just tried.
        """
        if self._silence and (self._asked or asyncio.get_running_loop().time() < self._until):
            raise RegistryUnavailable("RegistryUnavailable", self._silence)

    @contextmanager
    def ask(self) -> Iterator[None]:
        """Ask something; remember whether it ran into its timeout.

        Raises:
            RegistryUnavailable: As ``check``.
        """
        self.check()
        self._asked = True
        try:
            yield
        except OperatorError as error:
            self._silence = error.message if isinstance(error.__cause__, TimeoutError) else ""
            self._until = asyncio.get_running_loop().time() + self._rest
            raise
        else:
            self._silence = ""
        finally:
            self._asked = False
