"""However many ask for the same, it is done once; who stops waiting stops nobody else."""

import asyncio
import threading
import time
from typing import Any

import pytest

from mlflow_operator.model_registry.artifacts.flights import Flights
from mlflow_operator.model_registry.artifacts.workers import Workers
from mlflow_operator.model_registry.errors import Invalid


class Slow:
    """Something that takes until it is let go, and counts how often it was called."""

    def __init__(self) -> None:
        self.calls = 0
        self.may_end = threading.Event()
        self.begun = threading.Event()

    def __call__(self) -> int:
        """The number of the call."""
        self.calls += 1
        number = self.calls
        self.begun.set()
        assert self.may_end.wait(10)
        return number


async def begun(slow: Slow) -> None:
    """Wait until it runs, without holding the loop."""
    assert await asyncio.to_thread(slow.begun.wait, 10)


async def test_many_who_ask_for_the_same_get_one_answer() -> None:
    """A hundred wait, and it is called once."""
    slow, flights = Slow(), Flights(Workers(4))
    waiting = [asyncio.ensure_future(flights.result("key", slow, 10)) for _ in range(100)]
    await begun(slow)
    slow.may_end.set()
    assert await asyncio.gather(*waiting) == [1] * 100


async def test_a_waiter_that_is_cancelled_cancels_nobody_else() -> None:
    """Also when it is the one whose question began it."""
    slow, flights = Slow(), Flights(Workers(4))
    first, second = (asyncio.ensure_future(flights.result("key", slow, 10)) for _ in range(2))
    await begun(slow)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    slow.may_end.set()
    assert await second == 1


async def test_who_leaves_takes_nobody_out_of_the_queue() -> None:
    """What has not begun is begun as long as anybody waits for it."""
    busy, flights = Slow(), Flights(Workers(1))
    running = asyncio.ensure_future(flights.result("busy", busy, 10))
    await begun(busy)
    first, second = (asyncio.ensure_future(flights.result("key", lambda: "done", 10)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    busy.may_end.set()
    assert (await running, await second) == (1, "done")


async def test_who_asks_again_after_a_deadline_waits_for_what_is_under_way() -> None:
    """The work of the first is not lost, and not done twice."""
    slow, flights = Slow(), Flights(Workers(1))
    with pytest.raises(TimeoutError):
        await flights.result("key", slow, 0.05)
    again = asyncio.ensure_future(flights.result("key", slow, 10))
    await asyncio.sleep(0)
    slow.may_end.set()
    assert await again == 1


async def test_a_failure_is_told_to_all_and_tried_again_by_the_next() -> None:
    """Nothing of it is kept."""
    flights, outcomes = Flights(Workers(2)), iter([ValueError("no"), 5])

    def call() -> Any:
        time.sleep(0.05)
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    failed = await asyncio.gather(*(flights.result("key", call, 10) for _ in range(5)), return_exceptions=True)
    assert [type(one) for one in failed] == [ValueError] * 5
    assert await flights.result("key", call, 10) == 5


async def test_threads_that_hang_do_not_stop_those_that_do_not() -> None:
    """When everybody has given up on a call, another takes its place."""
    hanging, flights = Slow(), Flights(Workers(1))
    with pytest.raises(TimeoutError):
        await flights.result("hangs", hanging, 0.05)
    assert await flights.result("works", lambda: "done", 5) == "done"
    hanging.may_end.set()


async def test_what_nobody_waits_for_is_never_begun() -> None:
    """A call whose turn has not come is given up with its last waiter."""
    first, second, flights = Slow(), Slow(), Flights(Workers(1))
    running = asyncio.ensure_future(flights.result("first", first, 10))
    await begun(first)
    with pytest.raises(TimeoutError):
        await flights.result("second", second, 0.05)
    first.may_end.set()
    assert await running == 1
    assert await flights.result("third", lambda: "done", 5) == "done"
    assert second.calls == 0


async def test_never_more_at_once_than_there_are_workers() -> None:
    """The others wait for their turn."""
    flights, lock = Flights(Workers(3)), threading.Lock()
    now = most = 0

    def call() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with lock:
            now -= 1

    await asyncio.gather(*(flights.result(number, call, 10) for number in range(20)))
    assert most == 3


def test_several_event_loops_share_what_is_under_way() -> None:
    """A program that calls asyncio.run in threads, or again and again, has many loops."""
    slow, flights, answers = Slow(), Flights(Workers(2)), []

    def program() -> None:
        answers.append(asyncio.run(flights.result("key", slow, 10)))

    threads = [threading.Thread(target=program) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert slow.begun.wait(10)
    time.sleep(0.2)  # until the others have joined
    slow.may_end.set()
    for thread in threads:
        thread.join(10)
    assert answers == [1, 1, 1]


async def test_closed_means_that_nothing_begins_and_nobody_waits_for_ever() -> None:
    """Who waits for a turn is told, and so is who comes later."""
    slow, workers = Slow(), Workers(1)
    flights = Flights(workers)
    running = asyncio.ensure_future(flights.result("runs", slow, 10))
    await begun(slow)
    waiting = asyncio.ensure_future(flights.result("waits", slow, 10))
    await asyncio.sleep(0)
    workers.close()
    with pytest.raises(Invalid, match="closed"):
        await waiting
    with pytest.raises(Invalid, match="closed"):
        await flights.result("later", slow, 10)
    slow.may_end.set()
    assert await running == 1
