"""One piece of work at a time for each key, however many wait for it."""

import asyncio
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any

from mlflow_operator.model_registry.artifacts.workers import Work, Workers


class Flights:
    """Who asks for what is under way waits for that; who stops waiting stops nobody else.

    Any number of event loops may wait: a program that calls ``asyncio.run`` again and again has many.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._lock = threading.RLock()
        self._under_way: dict[Hashable, tuple[Work, int]] = {}

    async def result(self, key: Hashable, call: Callable[[], Any], seconds: float) -> Any:
        """What the call answers, or the one that is under way for this key.

        Raises:
            TimeoutError: There is no answer after so many seconds; the call goes on, for others and for its effects.
            Exception: What the call raised.
        """
        work = self._join(key, call)
        try:
            return await outcome(work.future, seconds)
        finally:
            self._leave(key, work)

    def _join(self, key: Hashable, call: Callable[[], Any]) -> Work:
        with self._lock:
            work, waiters = self._under_way.get(key) or (self._workers.submit(call), 0)
            self._under_way[key] = (work, waiters + 1)
        if not waiters:
            work.future.add_done_callback(lambda _: self._forget(key, work))
        return work

    def _leave(self, key: Hashable, work: Work) -> None:
        with self._lock:
            known, waiters = self._under_way.get(key, (None, 0))
            if known is not work:
                return
            self._under_way[key] = (work, waiters - 1)
            if waiters == 1:
                self._workers.give_up(work)

    def _forget(self, key: Hashable, work: Work) -> None:
        with self._lock:
            known, _ = self._under_way.get(key, (None, 0))
            if known is work:
                del self._under_way[key]


async def outcome(future: Future[Any], seconds: float) -> Any:
    """Wait for a future of a thread, which goes on when nobody waits any more.

    Raises:
        TimeoutError: It is not done after so many seconds.
        Exception: What the thread raised.
    """
    waiting = asyncio.wrap_future(future)
    waiting.add_done_callback(lambda done: done.cancelled() or done.exception())  # seen, though nobody waits for it
    done, _ = await asyncio.wait({waiting}, timeout=seconds)
    if not done:
        raise TimeoutError
    return waiting.result()
