"""The work queue loses nothing and does nothing twice at a time."""

import asyncio

import pytest

from mlflow_operator.engine.queue import Key, WorkQueue

A, B = Key("Test", "ns", "a"), Key("Test", "ns", "b")


async def drained(queue: WorkQueue) -> list[Key]:
    """All keys that are ready now."""
    found = []
    while queue.depth():
        found.append(key := await asyncio.wait_for(queue.get(), 1))
        queue.done(key)
    return found


async def test_many_additions_are_one_piece_of_work() -> None:
    """A burst of events about one object is one pass."""
    queue = WorkQueue()
    for key in (A, B, A, A, B):
        queue.add(key)
    assert await drained(queue) == [A, B]


async def test_a_key_in_work_is_worked_on_again_afterwards() -> None:
    """An event during a pass is not lost, and no second worker gets the object meanwhile."""
    queue = WorkQueue()
    queue.add(A)
    assert await queue.get() == A
    queue.add(A)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(queue.get(), 0.02)
    queue.done(A)
    assert await drained(queue) == [A]


async def test_a_later_request_replaces_an_earlier_one() -> None:
    """The pass that knows more decides when the object is looked at next."""
    queue = WorkQueue()
    queue.add_after(A, 0.01)
    queue.add_after(A, 60)
    await asyncio.sleep(0.03)
    assert queue.depth() == 0


async def test_a_timer_is_kept_where_one_is_set() -> None:
    """Making sure that a model is polled does not postpone its next poll."""
    queue = WorkQueue()
    queue.ensure(A, 0.01)
    queue.ensure(A, 60)
    await asyncio.sleep(0.03)
    assert await drained(queue) == [A]


async def test_a_timer_is_brought_forward_where_it_is_too_late() -> None:
    """Somebody waits for a look: it comes when he needs it, or earlier if one is due earlier."""
    queue = WorkQueue()
    queue.ensure(A, 60)
    queue.hasten(A, 0.01)
    queue.hasten(A, 30)
    queue.hasten(B, 0.01)
    await asyncio.sleep(0.03)
    assert await drained(queue) == [A, B]


async def test_no_timer_is_set_for_what_is_under_way() -> None:
    """Whoever has the model right now says when it is looked at next."""
    queue = WorkQueue()
    queue.add(A)
    await queue.get()
    queue.ensure(A, 0.01)
    queue.hasten(A, 0.01)
    await asyncio.sleep(0.03)
    assert queue.depth() == 0


async def test_what_failed_together_is_not_tried_again_together() -> None:
    """A server that comes back is not met by all of its claims in the same moment."""
    queue = WorkQueue()
    keys = [Key("Test", "ns", str(number)) for number in range(20)]
    waits = [queue.retry(key) for key in keys]
    for key in keys:
        queue.drop(key)
    assert max(waits) - min(waits) > 0.01


async def test_backoff_doubles_and_is_forgotten_after_success() -> None:
    """Failures in a row wait longer and longer, up to a minute; a success starts over."""
    queue = WorkQueue()
    waits = [queue.retry(A) for _ in range(12)]
    assert [0.5 <= waits[0] <= 0.6, 1 <= waits[1] <= 1.2, 60 <= waits[-1] <= 72] == [True] * 3
    queue.forget(A)
    assert queue.retry(A) <= 0.6
    queue.drop(A)


async def test_a_dropped_key_does_not_come_back() -> None:
    """What is gone is not looked at again."""
    queue = WorkQueue()
    queue.add_after(A, 0.01)
    queue.drop(A)
    await asyncio.sleep(0.03)
    assert queue.depth() == 0


async def test_workers_share_all_keys() -> None:
    """A thousand keys, eight workers: each key once."""
    queue = WorkQueue()
    seen: list[Key] = []

    async def work() -> None:
        while len(seen) < 1000:
            key = await queue.get()
            seen.append(key)
            await asyncio.sleep(0)
            queue.done(key)

    workers = [asyncio.create_task(work()) for _ in range(8)]
    for number in range(1000):
        queue.add(Key("Test", "ns", str(number)))
    await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED, timeout=10)
    for worker in workers:
        worker.cancel()
    assert sorted(int(key.name) for key in seen) == list(range(1000))


async def test_a_key_without_room_holds_no_worker() -> None:
    """One slow server has its share of the workers, and the others go on."""
    queue = WorkQueue(lambda key: [(key.namespace, 1)])
    first, second, other = (Key("Test", *place) for place in (("slow", "a"), ("slow", "b"), ("fast", "c")))
    for key in (first, second, other):
        queue.add(key)
    assert [await queue.get(), await queue.get()] == [first, other]
    waiting = asyncio.create_task(queue.get())
    queue.done(other)
    await asyncio.sleep(0.01)
    assert not waiting.done()
    queue.done(first)
    assert await asyncio.wait_for(waiting, 1) == second


async def test_work_that_nobody_finishes_shows() -> None:
    """Liveness sees whether anything moves: neither a rest nor a backlog that moves is a standstill."""
    queue = WorkQueue()
    await asyncio.sleep(0.03)
    assert queue.stalled() == 0
    queue.add(A)
    assert queue.stalled() < 0.02
    await queue.get()
    queue.add(B)
    await asyncio.sleep(0.03)
    assert queue.stalled() >= 0.03
    queue.done(A)
    assert queue.stalled() < 0.02
