"""Answers are asked for once at a time, given again for a while, and void after a change."""

import asyncio
from collections.abc import Callable

import pytest

from mlflow_operator.model_registry.deadline import Deadline
from mlflow_operator.model_registry.errors import NotFound, Unavailable
from mlflow_operator.model_registry.metadata.kept import Kept
from mlflow_operator.model_registry.metadata.store import InProcess, Remembered, Store
from mlflow_operator.model_registry.rest import Answer


class Mlflow:
    """A registry that counts, and can be held back in the middle of an answer."""

    def __init__(self) -> None:
        self.truth = 1
        self.asked = 0
        self.held: asyncio.Event | None = None

    async def ask(self, _: Deadline) -> Answer:
        """The truth of the moment of asking."""
        self.asked += 1
        truth, held = self.truth, self.held
        if held:
            await held.wait()
        return {"version": truth}


class Clock:
    """A clock that tests move."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


class Gone(InProcess):
    """A memory that can be gone, as Redis can."""

    gone = False

    async def now(self) -> int | None:  # type: ignore[override]
        """Nothing while it is gone."""
        return None if self.gone else await super().now()

    async def read(self, key: str, group: str) -> Remembered | None:
        """Nothing while it is gone."""
        return None if self.gone else await super().read(key, group)

    async def forget(self, group: str) -> int | None:  # type: ignore[override]
        """Nothing while it is gone."""
        return None if self.gone else await super().forget(group)


def kept(store: Store | None, timeout: float = 5.0) -> Kept:
    """The memory of a registry."""
    return Kept(store, whose="test", where="http://mlflow:5000", seconds=30, timeout=timeout)


async def ask(memory: Kept, mlflow: Mlflow, *, young: bool = False, seconds: float = 5) -> int:
    """Who holds the slot."""
    answer = await memory.answer(["slot"], "model", mlflow.ask, Deadline(seconds), young=young)
    return int(answer["version"])


async def test_an_answer_is_given_again_until_it_runs_out() -> None:
    """Then it is asked for anew."""
    clock, mlflow = Clock(), Mlflow()
    memory = kept(InProcess(clock))
    assert [await ask(memory, mlflow) for _ in range(3)] == [1, 1, 1]
    mlflow.truth, clock.now = 2, 29.0
    assert await ask(memory, mlflow) == 1
    clock.now = 31.0
    assert await ask(memory, mlflow) == 2
    assert mlflow.asked == 2


async def test_many_who_ask_at_once_ask_once() -> None:
    """One question for all of them."""
    mlflow, memory = Mlflow(), kept(InProcess())
    assert await asyncio.gather(*(ask(memory, mlflow) for _ in range(50))) == [1] * 50
    assert mlflow.asked == 1


async def test_nothing_is_given_again_without_a_memory() -> None:
    """Each asks for itself."""
    mlflow = Mlflow()
    memory = kept(None)
    assert [await ask(memory, mlflow) for _ in range(3)] == [1, 1, 1]
    assert mlflow.asked == 3


@pytest.mark.parametrize("store", [InProcess, Gone])
async def test_a_change_is_seen_at_once(store: Callable[[], Store]) -> None:
    """Nobody who asks after it gets an answer from before, not even one that is under way."""
    mlflow, memory = Mlflow(), kept(store())
    mlflow.held = asyncio.Event()
    before = asyncio.create_task(ask(memory, mlflow))
    await asyncio.sleep(0.01)
    held, mlflow.held, mlflow.truth = mlflow.held, None, 2
    await memory.forget("model")
    assert await ask(memory, mlflow) == 2
    held.set()
    assert await before == 1
    assert await ask(memory, mlflow) == 2


async def test_a_fresh_look_counts_for_those_who_come_after_it() -> None:
    """Who has asked for the truth of now is never told what was remembered before."""
    mlflow, memory = Mlflow(), kept(InProcess())
    assert await ask(memory, mlflow) == 1
    mlflow.truth = 2
    assert await ask(memory, mlflow, young=True) == 2
    assert await ask(memory, mlflow) == 2


async def test_a_memory_that_comes_back_gives_nothing_from_before() -> None:
    """What it held when it went may be older than what was seen meanwhile."""
    mlflow, store = Mlflow(), Gone()
    memory = kept(store)
    assert await ask(memory, mlflow) == 1
    store.gone, mlflow.truth = True, 2
    assert [await ask(memory, mlflow, young=True) for _ in range(2)] == [2, 2]
    store.gone = False
    assert await ask(memory, mlflow) == 2


async def test_a_change_while_the_memory_is_gone_is_not_lost() -> None:
    """It counts as soon as the memory is back."""
    mlflow, store = Mlflow(), Gone()
    memory = kept(store)
    assert await ask(memory, mlflow) == 1
    store.gone, mlflow.truth = True, 2
    await memory.forget("model")
    store.gone = False
    assert await ask(memory, mlflow) == 2


async def test_an_error_is_not_remembered() -> None:
    """The next one asks again."""
    memory, tries = kept(InProcess()), 0

    async def missing(_: Deadline) -> Answer:
        nonlocal tries
        tries += 1
        raise NotFound("no such model")

    for _ in range(2):
        with pytest.raises(NotFound):
            await memory.answer(["slot"], "model", missing, Deadline())
    assert tries == 2


async def test_who_stops_waiting_stops_nobody_else() -> None:
    """Be it that its deadline is over or that it is cancelled."""
    mlflow, memory = Mlflow(), kept(InProcess())
    mlflow.held = asyncio.Event()
    patient = asyncio.create_task(ask(memory, mlflow))
    hasty = asyncio.create_task(ask(memory, mlflow, seconds=0.05))
    cancelled = asyncio.create_task(ask(memory, mlflow))
    await asyncio.sleep(0.01)
    cancelled.cancel()
    with pytest.raises(Unavailable, match=r"within 0\.05 s"):
        await hasty
    mlflow.held.set()
    assert await patient == 1
    assert (mlflow.asked, cancelled.cancelled()) == (1, True)


async def test_models_are_forgotten_by_themselves() -> None:
    """A change of one leaves what is known of the others."""
    mlflow, memory = Mlflow(), kept(InProcess())
    await ask(memory, mlflow)
    await memory.forget("another model")
    await ask(memory, mlflow)
    assert mlflow.asked == 1


async def test_the_memory_of_a_process_is_bounded() -> None:
    """What was written first goes first."""
    memory, asked = kept(InProcess(most=2)), list[int]()

    async def question(number: int) -> None:
        async def reply(_: Deadline) -> Answer:
            asked.append(number)
            return {}

        await memory.answer([number], "model", reply, Deadline())

    for number in (1, 2, 3, 3, 2, 1):
        await question(number)
    assert asked == [1, 2, 3, 1]
