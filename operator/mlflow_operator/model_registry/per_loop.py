"""Connections, one set for each event loop: they belong to the loop that they were made in."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from typing import Generic, TypeVar

Opened = TypeVar("Opened")


class PerLoop(Generic[Opened]):
    """What is opened once in each event loop.

    Whoever does not close it need not: a loop that ends closes the generators that were begun in it, as
    ``asyncio.run`` does, and what is opened lives in such a generator until then.
    """

    def __init__(self, open_: Callable[[], AsyncGenerator[Opened, None]]) -> None:
        """``open_`` gives one thing, and awaits nothing before it does; it closes it when it is closed."""
        self._open = open_
        self._opened: dict[asyncio.AbstractEventLoop, tuple[AsyncGenerator[Opened, None], Opened]] = {}
        self._lock = threading.Lock()

    async def get(self) -> Opened:
        """That of the running loop, which is opened now where it is not yet."""
        loop = asyncio.get_running_loop()
        with self._lock:
            found = self._opened.get(loop)
        if found:
            return found[1]
        generator = self._open()
        opened = await anext(generator)
        with self._lock:
            self._opened = {known: of for known, of in self._opened.items() if not known.is_closed()}
            self._opened[loop] = (generator, opened)
        return opened

    async def close(self) -> None:
        """Close that of the running loop; those of others end with them."""
        with self._lock:
            found = self._opened.pop(asyncio.get_running_loop(), None)
        if found:
            await found[0].aclose()
