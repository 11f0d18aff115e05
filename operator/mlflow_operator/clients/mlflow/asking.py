"""Questions to one MLflow server: each is asked once, within a time and a size."""

import json
from collections.abc import Callable, Mapping
from typing import TypeVar

from mlflow_operator.clients.line import Line
from mlflow_operator.clients.mlflow import answers
from mlflow_operator.clients.mlflow.answers import Answer
from mlflow_operator.clients.mlflow.paging import PAGE_BYTES, in_time, pages
from mlflow_operator.clients.transport import MIB, Transport

API = "/api/2.0/mlflow"

Item = TypeVar("Item")


class Asking:
    """One MLflow server.

    Every method raises ``RegistryUnavailable`` when the server does not answer or fails, and ``RegistryRefused`` when
    it says no.
    """

    def __init__(self, transport: Transport, line: Line) -> None:
        self._transport = transport
        self._base = transport.base
        self._line = line

    def check(self, model: str = "") -> None:
        """Raise at once where the server hangs, or its list of this model, and it is no use to wait."""
        self._line.check(listing(model) if model else "")

    async def _list(
        self, operation: str, path: str, items: str, query: Mapping[str, str], read: Callable[[Answer], Item]
    ) -> list[Item]:
        async def ask(query: Mapping[str, str]) -> bytes:
            return await self._ask(operation, "GET", f"{API}/{path}", query=query, limit=PAGE_BYTES)

        found: list[Item] = []
        async with in_time(self._base):
            async for page in pages(self._base, items, query, ask):
                with answers.reading(self._base):
                    found += [read(item) for item in page.get(items, [])]
        return found

    async def _call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Answer | None = None,
        limit: int = MIB,
    ) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        raw = await self._ask(operation, method, path, query=query, data=data, limit=limit)
        return answers.parsed(self._base, raw)

    async def _ask(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        data: bytes | None = None,
        limit: int = MIB,
    ) -> bytes:
        """The body of an answer; ``operation`` is what is silent by itself if it runs into its timeout."""
        with self._line.ask(operation):
            return await self._transport.send(
                method, path, query=query, data=data, content_type="application/json", limit=limit
            )


def listing(model: str) -> str:
    """The operation that lists the versions of a model."""
    return f"list {model}"
