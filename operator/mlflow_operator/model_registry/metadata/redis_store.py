"""Redis as the memory of several processes; while it is gone or slow nobody waits for it."""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from mlflow_operator.model_registry.errors import Invalid, MissingExtra
from mlflow_operator.model_registry.metadata.order import Span
from mlflow_operator.model_registry.metadata.store import Remembered
from mlflow_operator.model_registry.per_loop import PerLoop

if TYPE_CHECKING:
    from redis.asyncio import Redis

Value = TypeVar("Value")

_PATIENCE = 0.25
"""Seconds for one question to Redis, with its connection: it is there to save time."""
_REST = 5.0
"""Seconds that a Redis without an answer is not asked again."""
_CONNECTIONS = 16
_LARGEST = 2**20
"""Bytes of an answer that is kept."""
_PREFIX = "mlflow-model-registry:1:"


class InRedis:
    """Answers as JSON, each with its key in it; the clock is that of Redis, which all its users share.

    A change of a group is a moment under a key of its own: what was asked for before it counts for nobody any more.
    """

    def __init__(self, url: str, *, seconds: float, patience: float = _PATIENCE, rest: float = _REST) -> None:
        """``seconds``: the longest that anything is remembered. ``url``: as ``redis://user:password@host:6379/0``.

        Raises:
            MissingExtra: The package redis is not installed.
            Invalid: The URL is none that Redis has.
        """
        self._seconds = seconds
        self._patience = patience
        self._rest = rest
        self._until = 0.0
        self._clients: PerLoop[Redis] = PerLoop(_opener(url))

    async def now(self) -> int | None:
        """Microseconds on the clock of Redis."""

        async def ask(redis: "Redis") -> int:
            seconds, micro = await redis.time()
            return int(seconds) * 1_000_000 + int(micro)

        return await self._try(ask)

    async def read(self, key: str, group: str) -> Remembered | None:
        """What is kept, if it is whole, and younger than the last change of its group."""

        async def ask(redis: "Redis") -> Remembered | None:
            raw, changed = await redis.mget(_name("answer", key), _name("changed", group))
            found = _understood(key, raw)
            return found if found and found.span.asked > int(changed or 0) else None

        return await self._try(ask)

    async def write(self, key: str, remembered: Remembered, seconds: float) -> None:
        """Keep it, unless it is large."""
        span = remembered.span
        raw = json.dumps({"key": key, "asked": span.asked, "came": span.came, "answer": remembered.answer})
        if len(raw) <= _LARGEST:
            await self._try(lambda redis: redis.set(_name("answer", key), raw, px=int(seconds * 1000)))

    async def forget(self, group: str) -> int | None:
        """Say to all processes that the group has changed."""
        now = await self.now()
        if now is None:
            return None
        kept = int(self._seconds * 2000)  # twice as long as any answer from before
        said = await self._try(lambda redis: redis.set(_name("changed", group), now, px=kept))
        return now if said else None

    async def close(self) -> None:
        """Close the connections of the running event loop."""
        await self._clients.close()

    async def _try(self, ask: Callable[["Redis"], Awaitable[Value]]) -> Value | None:
        """What Redis answers; None where it does not in time, and at once for a while after that."""
        if time.monotonic() < self._until:
            return None
        from redis.exceptions import RedisError  # noqa: PLC0415 - an extra, which not every reader has

        try:
            async with asyncio.timeout(self._patience):
                return await ask(await self._clients.get())
        except (RedisError, OSError, ValueError, TypeError):
            self._until = time.monotonic() + self._rest
            return None


def _opener(url: str) -> Callable[[], AsyncGenerator["Redis", None]]:
    try:
        from redis.asyncio import BlockingConnectionPool, Redis  # noqa: PLC0415 - an extra, which not every reader has
    except ModuleNotFoundError:
        hint = 'pip install "mlflow-operator[redis]"'
        raise MissingExtra(f"a cache in Redis needs the package redis, which is not installed: {hint}") from None

    def pool() -> BlockingConnectionPool:
        return BlockingConnectionPool.from_url(url, max_connections=_CONNECTIONS, timeout=_PATIENCE)

    try:
        pool()
    except ValueError:
        # The words of redis would repeat the URL, and a password with it.
        raise Invalid("the URL of the cache is none of Redis; it has to look like redis://host:6379/0") from None

    async def opened() -> AsyncGenerator[Redis, None]:
        client = Redis(connection_pool=pool())
        try:
            yield client
        finally:
            await client.aclose(close_connection_pool=True)

    return opened


def _name(what: str, key: str) -> str:
    return f"{_PREFIX}{what}:{hashlib.sha256(key.encode()).hexdigest()[:40]}"


def _understood(key: str, raw: bytes | str | None) -> Remembered | None:
    """An answer that is whole and belongs to the key; whatever else is there is nothing."""
    try:
        kept = json.loads(raw or b"null")
        if kept["key"] != key or not isinstance(kept["answer"], dict):
            return None
        return Remembered(Span(int(kept["asked"]), int(kept["came"])), kept["answer"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
