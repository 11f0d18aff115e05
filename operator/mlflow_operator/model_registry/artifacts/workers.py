"""Threads for what blocks: so many at once, and none that keeps a program from ending."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from mlflow_operator.model_registry.errors import Invalid


@dataclass(eq=False)
class Work:
    """One call in a thread, or one that waits for a thread."""

    call: Callable[[], Any]
    future: Future[Any] = field(default_factory=Future)
    given_up: bool = False


class Workers:
    """Runs calls in threads, at most ``count`` at once; the others wait in order.

    A thread cannot be ended from outside. One that hangs after everybody has given up on it no longer counts, so that
    a server that never answers does not stop those that do; of such threads there are at most ``lost``.
    """

    def __init__(self, count: int, lost: int = 16) -> None:
        self._free, self._may_be_lost = count, lost
        self._waiting: deque[Work] = deque()
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, call: Callable[[], Any]) -> Work:
        """Have it called in a thread as soon as one is free.

        Raises:
            Invalid: This was closed.
        """
        work = Work(call)
        with self._lock:
            if self._closed:
                raise _closed()
            self._waiting.append(work)
            self._begin()
        return work

    def give_up(self, work: Work) -> None:
        """Nobody waits for it any more: it is not begun, or goes on without a place of its own."""
        with self._lock:
            if work in self._waiting:
                self._waiting.remove(work)
                waited = True
            else:
                waited = False
                if not work.given_up and not work.future.done() and self._may_be_lost:
                    work.given_up = True
                    self._may_be_lost -= 1
                    self._free += 1
                    self._begin()
        if waited:
            work.future.cancel()

    def close(self) -> None:
        """Begin nothing more; what runs goes on."""
        with self._lock:
            self._closed = True
            waiting = list(self._waiting)
            self._waiting.clear()
        for work in waiting:
            work.future.set_exception(_closed())

    def _begin(self) -> None:
        while self._free and self._waiting:
            self._free -= 1
            work = self._waiting.popleft()
            threading.Thread(target=self._run, args=(work,), name="model-registry", daemon=True).start()

    def _run(self, work: Work) -> None:
        if work.future.set_running_or_notify_cancel():
            try:
                result = work.call()
            except BaseException as error:  # whoever waits gets it, whatever it is
                self._end(work)
                work.future.set_exception(error)
                return
            self._end(work)
            work.future.set_result(result)
        else:
            self._end(work)

    def _end(self, work: Work) -> None:
        with self._lock:
            if work.given_up:
                self._may_be_lost += 1
            else:
                self._free += 1
            work.given_up = True  # from here on it has no place that could be given away
            self._begin()


def _closed() -> Invalid:
    return Invalid("the registry was closed; make a new ModelRegistry to go on")
