"""Answers of the registry, given again for a while: asked for once at a time, never an older one after a newer one."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from mlflow_operator.model_registry.deadline import Deadline
from mlflow_operator.model_registry.metadata.order import Order, Span
from mlflow_operator.model_registry.metadata.store import Remembered, Store
from mlflow_operator.model_registry.rest import Answer

Ask = Callable[[Deadline], Awaitable[Answer]]

_Flight = tuple[asyncio.AbstractEventLoop, str]


class Kept:
    """The memory of one registry. Groups are models: a change of one makes what is known of it void.

    Several event loops may use it, each in its thread: what is shared is a dictionary or two.
    """

    def __init__(self, store: Store | None, *, whose: str, where: str, seconds: float, timeout: float) -> None:
        """``store``: None remembers nothing. ``whose`` goes into each key: server, workspace, and who asks.

        Args:
            store: where answers are.
            whose: what tells one registry, seen by one user, from another.
            where: the server, as an error names it.
            seconds: for how long an answer is given again.
            timeout: seconds for a question that several wait for.
        """
        self._store = store
        self._whose = whose
        self._where = where
        self._seconds = seconds
        self._timeout = timeout
        self._order = Order()
        self._blind: set[str] = set()
        """Groups of which something was seen or changed while the memory did not answer: nobody knows when."""
        self._flights: dict[_Flight, tuple[str, asyncio.Task[Answer]]] = {}

    async def answer(
        self, question: list[object], group: str, ask: Ask, until: Deadline, *, young: bool = False
    ) -> Answer:
        """The answer to a question; ``young``: one that is asked for now, whatever is remembered.

        Raises:
            RegistryError: What ``ask`` raises; errors are not remembered.
        """
        if self._store is None:
            return await ask(until)
        key = self._key(json.dumps(question, sort_keys=True))
        if young:
            return await self._asked(self._store, key, self._key(group), lambda: ask(until))
        flight = self._join(self._store, key, group, ask)
        async with until.over(f"{self._where} gave no whole answer"):
            return await asyncio.shield(flight)

    async def forget(self, group: str) -> None:
        """This process has changed something of a group."""
        if self._store is None:
            return
        name = self._key(group)
        self._flights = {flight: of for flight, of in list(self._flights.items()) if of[0] != group}
        self._blind.add(name)
        self._seeing(name, await self._store.forget(name))

    async def close(self) -> None:
        """Close what the memory has open in this event loop."""
        if self._store is not None:
            await self._store.close()

    def _key(self, text: str) -> str:
        return f"{self._whose}|{text}"

    def _join(self, store: Store, key: str, group: str, ask: Ask) -> "asyncio.Task[Answer]":
        """What is under way for this key, else a new question; it goes on though who has begun it stops waiting."""
        loop = asyncio.get_running_loop()
        known = self._flights.get((loop, key))
        if known and not known[1].done():
            return known[1]
        task = loop.create_task(self._remembered(store, key, group, ask))
        self._flights[loop, key] = (group, task)
        task.add_done_callback(lambda done: self._landed((loop, key), done))
        return task

    def _landed(self, flight: _Flight, task: "asyncio.Task[Answer]") -> None:
        if not task.cancelled():
            task.exception()  # seen, though nobody may wait for it any more
        if self._flights.get(flight, ("", None))[1] is task:
            del self._flights[flight]

    async def _remembered(self, store: Store, key: str, group: str, ask: Ask) -> Answer:
        name = self._key(group)
        if name in self._blind:
            self._seeing(name, await store.now())
        found = None if name in self._blind else await store.read(key, name)
        if found and self._order.may_give(key, name, found.span):
            self._order.saw(key, found.span)
            return found.answer
        return await self._asked(store, key, name, lambda: ask(Deadline(self._timeout)))

    async def _asked(self, store: Store, key: str, name: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        asked = await store.now()
        answer = await ask()
        came = await store.now()
        if asked is None or came is None:
            self._blind.add(name)
            return answer
        span = Span(asked, came)
        self._order.saw(key, span)
        if self._order.may_give(key, name, span):
            await store.write(key, Remembered(span, answer), self._seconds)
        return answer

    def _seeing(self, name: str, now: int | None) -> None:
        """The memory answers again: what was seen in between was before now."""
        if now is not None:
            self._order.nothing_before(name, now)
            self._blind.discard(name)
