"""Many small things beside each other, in threads; never more of them in memory than are worked on."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def beside(work: Callable[[T], R], things: Iterable[T], at_once: int) -> Iterator[R]:
    """What comes of each, in their order; what one of them raises ends all of it."""
    waiting: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(at_once)
    try:
        for thing in things:
            waiting.append(pool.submit(work, thing))
            if len(waiting) >= 4 * at_once:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
