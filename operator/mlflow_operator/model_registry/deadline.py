"""Until when somebody waits for an answer, over as many requests as it takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mlflow_operator.model_registry.errors import Unavailable

SECONDS = 30.0
"""For how long an answer is waited for, where nobody says otherwise."""


class Deadline:
    """A moment on the event loop's clock; made when the waiting begins."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._until = asyncio.get_running_loop().time() + seconds

    def left(self) -> float:
        """Seconds until then, 0 at least."""
        return max(0.0, self._until - asyncio.get_running_loop().time())

    @asynccontextmanager
    async def over(self, what: str) -> AsyncIterator[None]:
        """Whatever is done inside ends by then.

        Raises:
            Unavailable: It did not; ``what`` was waited for.
        """
        try:
            async with asyncio.timeout(self.left()) as waiting:
                yield
        except TimeoutError as error:
            if not waiting.expired():
                raise
            raise Unavailable(f"{what} within {self.seconds:g} s; give it more time, or look why it is slow") from error
